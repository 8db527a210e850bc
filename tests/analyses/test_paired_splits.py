"""What is said of how lesions fall apart is what the estimates say: the rule of small cells."""

import random

import pytest

from abate import LastOf
from abate.outcome import checked
from abate_analyses import PairedChange, Responders, VisitChanges

FIRST_WEEK = LastOf(("D1", "D2", "Wk1"))
ANALYSES = [
    PairedChange(endpoint=FIRST_WEEK),
    PairedChange(endpoint="D2", reference="first"),
    VisitChanges(),
    Responders(endpoint=FIRST_WEEK),
    Responders(endpoint="D2"),
    Responders(endpoint="Wk1", reference="first"),
]


def cells(result):
    """Each number of an estimate by its cell; a numerator is named as its estimate is."""
    found = {}
    for one in result.estimates:
        counts = {f"{one.population}: {one.name if name == 'numerator' else name}": number
                  for name, number in one.counts.items()}  # fmt: skip
        for cell, number in {one.population: one.n, **counts}.items():
            assert found.setdefault((one.basis, cell), number) == number, cell
    return found


@pytest.fixture
def scattered(cohort_of):
    """Lesions with scores here and there, zeros among them, some of one patient."""

    def make(seed):
        chance = random.Random(seed)
        lesions = []
        for n in range(40):
            visits = [v for v in ("baseline", "D1", "D2", "Wk1") if chance.random() < 0.7]
            scores = {visit: chance.choice([0, 0, 1, 2, 3, 4.9, 7, 10]) for visit in visits}
            site = {"site_group": chance.choice(["pelvis", "scapula", None])}
            lesions.append((f"P{chance.randrange(30)}-{n % 2}", scores, site))
        kinds = [(f"L{n}", chance.choice(["rfa", "embolisation"])) for n in range(1, 20)]
        treated = [("treated", "", "lesion", 45)]
        return cohort_of(*lesions, adjuncts=kinds, attrition=treated)

    return make


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize("seed", range(4))
def test_the_parts_of_each_split_are_those_of_the_estimates(scattered, analysis, seed):
    result = checked(analysis.run(scattered(seed)))
    known = cells(result)
    for split in result.splits:
        whole = known.get((split.basis, split.whole))
        assert whole is None or whole == sum(split.parts.values()), split
        for part, number in split.parts.items():
            assert known.get((split.basis, part), number) == number, (split, part)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_every_count_of_an_estimate_is_a_part_of_some_split(scattered, analysis):
    result = checked(analysis.run(scattered(0)))
    named = {name for split in result.splits for name in (split.whole, *split.parts)}
    assert {cell for _, cell in cells(result)} - named == set()


@pytest.mark.parametrize("analysis", ANALYSES)
def test_each_estimate_says_what_it_is_and_was_made_of(scattered, analysis):
    for one in checked(analysis.run(scattered(1))).estimates:
        assert one.statistic != "other"
        assert one.label
        assert one.counts or one.statistic == "median"


@pytest.mark.parametrize("analysis", ANALYSES)
def test_notes_and_alternative_texts_hold_no_number(scattered, analysis):
    result = checked(analysis.run(scattered(2)))
    texts = [
        *result.notes,
        *(one.note for one in result.estimates),
        *(c.alt for c in result.charts),
    ]
    assert not [text for text in texts if any(map(str.isdigit, text))]
