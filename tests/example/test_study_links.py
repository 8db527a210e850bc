"""The Bundle as a test of abate: every link, both ways to write a time, no ambiguity."""

from collections import Counter
from datetime import datetime, timedelta

BONY_PELVIS = ("http://snomed.info/sct", "118645006")


def ways_of(bundle, score):
    """Every way in which the score names its lesion, read from its elements."""
    ways = [f"focus {one['reference'].partition('/')[0]}" for one in score.get("focus", [])]
    ways += ["partOf"] * ("partOf" in score) + ["encounter"] * ("encounter" in score)
    if "bodySite" in score:
        [place] = bundle.index_procedure(score)["bodySite"]
        same = bundle.coded(place) == bundle.coded(score["bodySite"])
        ways.append("body site" if same else "site group")
    return ways or ["time"]


def test_score_ablation_and_cementoplasty_follow_each_other_on_the_same_morning(bundle):
    for one in bundle.cementoplasties():
        lesion = f"lesion-{bundle.lesion_number(one):02}"
        steps = [one["performedPeriod"]]
        if ablation := bundle.resources.get(f"Procedure/{lesion}-rfa"):
            steps.insert(0, ablation["performedPeriod"])
        times = [bundle.local(step[end]) for step in steps for end in ("start", "end")]
        if before := bundle.resources.get(f"Observation/{lesion}-D0"):
            times.insert(0, bundle.local(before["effectiveDateTime"]))
        assert times == sorted(set(times))
        assert len({instant.date() for instant in times}) == 1


def test_the_zone_matters_as_some_instants_are_of_the_day_before_in_utc(bundle):
    written = [score["effectiveDateTime"] for score in bundle.of_type("Observation")]
    written += [one["performedPeriod"]["start"] for one in bundle.cementoplasties()]
    in_utc = [text for text in written if text.endswith("Z")]
    assert len(written) / 3 < len(in_utc) < len(written) * 2 / 3
    assert all(text.endswith("+08:00") for text in set(written) - set(in_utc))
    for text in in_utc:
        utc_day = datetime.fromisoformat(text).date()
        assert bundle.local(text).date() == utc_day + timedelta(days=1)


def test_every_score_names_its_lesion_in_one_way_and_every_way_is_used(bundle):
    used = Counter()
    for score in bundle.of_type("Observation"):
        [way] = ways_of(bundle, score)
        used[way] += 1
    focus = {"focus Procedure", "focus Condition"}
    assert used.keys() == focus | {"partOf", "body site", "site group", "encounter", "time"}
    assert min(used.values()) >= 3


def test_a_score_names_no_other_lesion(bundle):
    for score in bundle.of_type("Observation"):
        linked = {key: score[key] for key in ("focus", "partOf", "encounter") if key in score}
        for target in bundle.references(linked):
            assert bundle.lesion_number(bundle.resources[target]) == bundle.lesion_number(score)


def test_the_bony_pelvis_stands_for_parts_of_the_pelvis_only(bundle):
    for score in bundle.of_type("Observation"):
        if ways_of(bundle, score) == ["site group"]:
            assert bundle.coded(score["bodySite"]) == {BONY_PELVIS}
            [place] = bundle.index_procedure(score)["bodySite"]
            assert place["text"] in {"acetabulum", "ischium", "pubic ramus"}


def test_an_encounter_links_on_days_0_and_1_only(bundle):
    for score in bundle.of_type("Observation"):
        if "encounter" in score:
            assert score["id"].endswith(("-D0", "-D1"))
            assert score["encounter"] == bundle.index_procedure(score)["encounter"]


def test_the_two_lesions_of_p02_are_never_open_on_the_same_day(bundle, study):
    lesions = [bundle.cementoplasty(number) for number in (2, 8)]
    assert {one["subject"]["reference"] for one in lesions} == {"Patient/P02"}
    first, second = (bundle.start(one).date() for one in lesions)
    last_day = max(visit.to for visit in study.settings.visits.after.values())
    assert first + timedelta(days=last_day) < second - timedelta(days=7)
    for score in bundle.of_type("Observation"):
        if score["subject"]["reference"] == "Patient/P02":
            day = bundle.local(score["effectiveDateTime"]).date()
            assert (day >= second) == (bundle.lesion_number(score) == 8)
