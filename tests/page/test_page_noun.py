"""The page of a study that does not call its unit a lesion."""

from dataclasses import replace

from abate.analysis.outcome import reword
from abate.config.noun import LESION, Noun
from abate.report.fhir.narrative import conclusion

KNEE = Noun(one="knee", many="knees")


def as_knees(results):
    study = {**results.design["study"], "noun": KNEE.model_dump()}
    outcomes = [reword(outcome, KNEE) for outcome in results.outcomes]
    return replace(results, design={**results.design, "study": study}, outcomes=outcomes)


def test_the_page_has_the_studys_word(tiny, parsed, text_of, render):
    text = text_of(parsed(render(as_knees(tiny))))
    assert "lesion" not in text.lower()
    for words in (
        "11 knees of 10 patients",
        "Knees analysed",
        "Patients and knees",
        "one treated knee",
    ):
        assert words in text


def test_so_has_the_narrative(tiny):
    assert "10 patients with 11 knees were analysed" in conclusion(as_knees(tiny))


def test_numbers_and_keys_stay(tiny):
    [before], [after] = tiny.outcomes, as_knees(tiny).outcomes
    for old, new in zip(before.result.estimates, after.result.estimates, strict=True):
        assert (old.name, old.value, old.n, old.unit, old.basis, old.counts) == (
            new.name, new.value, new.n, new.unit, new.basis, new.counts
        )  # fmt: skip
    [chart] = after.result.charts
    assert chart.spec == before.result.charts[0].spec
    assert chart.data["lesions"][0] == {"lesion": "knee 1", "day": 0, "score": 5.0}


def test_without_a_noun_nothing_changes(tiny):
    assert [reword(outcome, LESION) for outcome in tiny.outcomes] == tiny.outcomes
    assert tiny.noun == LESION
