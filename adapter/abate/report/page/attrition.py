"""The attrition from the pulled resources to the analysed lesions: as boxes, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from abate.analysis.results import Results, Step
from abate.config.noun import Noun
from abate.report.page.formatting import WITHHELD, PageCell, exact, number

# The rules of the cohort in words for readers who do not know them.
_REASONS = {
    "same-session": "part of the session of an earlier one at that site",
    "re-treatment": "a later one at a site that was treated before",
    "not-first": "not the first one of the patient or the site",
    "after-cutoff": "done after the data cut-off",
    "index-date-missing": "the procedure has no date",
    "index-date-imprecise": "the procedure's date is only a month or a year",
    "patient-missing": "the patient's record was not received",
    "no-score": "no pain score belongs to it",
    "several-series": "its scores are of several instruments or contexts",
    "minimum-after": "too few pain scores after the procedure",
    "no-baseline": "no pain score before the procedure",
}
_UNITS = ("patient", "lesion", "procedure")
_MAIN = (
    ("index procedures", "Index procedures", "no lesion", "Not counted"),
    ("treated", "Treated", "excluded", "Excluded"),
    ("analysed", "Analysed", "", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box of the flow: its counts, and beside it those who left, by reason."""

    title: str
    counts: Sequence[tuple[PageCell, str]]
    left: str = ""
    left_counts: Sequence[tuple[PageCell, str]] = ()
    reasons: Sequence[tuple[str, str, PageCell]] = ()


def boxes(results: Results) -> list[Box]:
    """Return the flow, without empty boxes."""
    noun = results.noun
    made = [_box(results.attrition, noun, main) for main in _MAIN]
    return [box for box in made if box.counts]


def count(n: int | None) -> PageCell:
    """Return a count as a cell; None is withheld."""
    return PageCell(text=WITHHELD) if n is None else PageCell(text=number(n), exact=exact(n))


def _box(steps: Sequence[Step], noun: Noun, main: tuple[str, str, str, str]) -> Box:
    stage, title, left, left_title = main
    gone = [step for step in steps if left and step.stage == left]
    return Box(
        title=title,
        counts=_counts([step for step in steps if step.stage == stage], noun),
        left=left_title if gone else "",
        left_counts=_counts(gone, noun),
        reasons=[
            (reason_in_words(step.reason), step.reason, count(step.n))
            for step in gone
            if step.reason
        ],
    )


def _counts(steps: Sequence[Step], noun: Noun) -> list[tuple[PageCell, str]]:
    """Return the counts of each unit, patients first; unknown if a part of a sum is withheld."""
    order = [unit for unit in _UNITS if any(step.unit == unit for step in steps)]
    return [(count(_sum(steps, unit)), noun.reword(f"{unit}s")) for unit in order]


def _sum(steps: Sequence[Step], unit: str) -> int | None:
    numbers = [step.n for step in steps if step.unit == unit]
    known = [n for n in numbers if n is not None]
    return sum(known) if len(known) == len(numbers) else None


def reason_in_words(reason: str) -> str:
    """Return the meaning of a rule's name."""
    if reason.startswith("status-"):
        return f"the procedure's status is {reason.removeprefix('status-')}"
    return _REASONS.get(reason, reason)
