"""Every estimate says which units it used and who is counted, as the rule of release needs."""

import random

import pytest

from abate import LastOf
from abate.analysis.counts import counts_of, members
from abate.analysis.outcome import check
from abate_analyses import (
    Durability,
    PainCourse,
    PairedChange,
    Profile,
    Responders,
    Safety,
    VisitChanges,
)

FIRST_WEEK = LastOf(("D1", "D2", "Wk1"))
ANALYSES = [
    PairedChange(endpoint=FIRST_WEEK),
    PairedChange(endpoint="D2", reference="first"),
    VisitChanges(),
    VisitChanges(reference="first"),
    Responders(endpoint=FIRST_WEEK),
    Responders(endpoint="D2"),
    Responders(endpoint="Wk1", reference="first"),
    Profile(),
    PainCourse(),
    Durability(endpoint=FIRST_WEEK),
    Safety(),
]


@pytest.fixture
def scattered(cohort_of):
    """Lesions with scores here and there, zeros among them, some of one patient."""

    def make(seed):
        chance = random.Random(seed)
        lesions = []
        for n in range(40):
            visits = [v for v in ("baseline", "D1", "D2", "Wk1") if chance.random() < 0.7]
            scores = {visit: chance.choice([0, 0, 1, 2, 3, 4.9, 7, 10]) for visit in visits}
            site = {"site_group": chance.choice(["pelvis", "scapula", None]), "sex": "female"}
            site |= {"site": chance.choice(["ilium", None]), "age": chance.choice([40, 61])}
            lesions.append((f"P{chance.randrange(30)}-{n % 2}", scores, site))
        kinds = [(f"L{n}", chance.choice(["rfa", "embolisation"])) for n in range(1, 20)]
        patients = len({patient for patient, *_ in lesions})
        flow = [
            (stage, "", unit, n)
            for stage in ("treated", "analysed")
            for unit, n in (("lesion", 40), ("patient", patients))
        ]
        hit = [f"L{chance.randrange(1, 41)}" for _ in range(6)]
        of = {f"L{place}": patient for place, (patient, *_) in enumerate(lesions, start=1)}
        events = [
            (one, of[one], "complication", chance.choice(["pain", None]), "mild", None, False)
            for one in hit
        ]
        facts = [(of[one], "primary", chance.choice(["lung", "rectum"])) for one in hit]
        return cohort_of(*lesions, adjuncts=kinds, attrition=flow, events=events, facts=facts)

    return make


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize("seed", range(4))
def test_each_estimate_says_which_units_it_used_and_who_is_counted(scattered, analysis, seed):
    result = check(analysis.run(scattered(seed)))
    for one in result.estimates:
        known = members(result.units[one.name], one)
        assert set(known) == set(counts_of(one)), one.name
        assert all(result.units[one.name].data.values())


def test_the_units_of_the_published_study_are_all_known(published_study):
    for analysis in ANALYSES:
        result = check(analysis.run(published_study))
        assert set(result.units) == {one.name for one in result.estimates}, analysis


def test_two_endpoints_differ_by_the_lesions_that_only_one_of_them_used(cohort_of):
    week = {"baseline": 6, "D1": 3, "Wk1": 2}
    cohort = cohort_of(("P", week), ("Q", week), ("R", {"baseline": 6, "D1": 0}))
    last, observed = (PairedChange(endpoint=one).run(cohort) for one in (FIRST_WEEK, "Wk1"))
    one, other = (result.units["median-change"].data.items() for result in (last, observed))
    assert one - other == {("L3", "S3-baseline=6.0>S3-D1=0.0")}
    assert other < one


@pytest.mark.parametrize("analysis", ANALYSES)
def test_each_estimate_says_what_it_is_and_was_made_of(scattered, analysis):
    for one in check(analysis.run(scattered(1))).estimates:
        assert one.statistic != "other" or one.individual
        assert one.label
        assert one.counts or one.statistic in ("median", "duration") or one.individual


@pytest.mark.parametrize("analysis", ANALYSES)
def test_notes_and_alternative_texts_hold_no_number(scattered, analysis):
    result = check(analysis.run(scattered(2)))
    texts = [
        *result.notes,
        *(one.note for one in result.estimates),
        *(c.alt for c in result.charts),
    ]
    assert not [text for text in texts if any(map(str.isdigit, text))]
