"""The methods section of the page: the study file in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from abate.analysis.results import NOT_FOR_RELEASE, Results
from abate.config.visits import BASELINE
from abate.report.page.formatting import withheld_by_source
from abate.report.page.sections import words

_REPEAT = {
    "censor": "a later procedure at the same site ends the lesion's follow-up",
    "new": "a later procedure at the same site starts its own clock",
    "ignore": "a later procedure at the same site is ignored",
    "first-per-patient": "only the first procedure of each patient is studied",
    "first-per-site": "only the first procedure at each site of a patient is studied",
}
_PER_VISIT = {
    "nearest": "the score nearest to the visit's target day",
    "worst": "the highest score in the visit's window",
    "first": "the first score in the visit's window",
    "last": "the last score in the visit's window",
    "median": "the median score in the visit's window",
}
_SAME_DAY = {
    "before": "counts as before it",
    "after": "counts as after it",
    "exclude": "is left out",
}
# What of the design a paper's methods section needs.
_CITED = (
    "Unit of analysis",
    "Index procedures",
    "Pain scores",
    "Score of a visit",
    "Inclusion",
    "Baseline",
    "Days",
    "Data cut-off",
)
_KINDS = {
    "adjunct": "Adjunct",
    "condition": "Fact of the patient",
    "history": "History",
    "event": "Event",
}


def design(results: Results) -> list[tuple[str, str]]:
    """Return heads and sentences on how the cohort was made; empty for results without them."""
    if not results.design:
        return []
    return [(head, text) for head, text in _lines(results) if text]


def visits(results: Results) -> list[tuple[str, int, int, int]]:
    """Return the visits after the procedure: name, target day, first and last day."""
    given = results.design.get("visits", {})
    after = {name: visit for name, visit in given.items() if name != BASELINE}
    return [(name, visit["day"], visit["from"], visit["to"]) for name, visit in after.items()]


def methods(results: Results) -> list[str]:
    """Return each method of the estimates once, in their order."""
    return list(
        dict.fromkeys(
            estimate.method
            for outcome in results.outcomes
            if outcome.result
            for estimate in outcome.result.estimates
        )
    )


def _lines(results: Results) -> Iterator[tuple[str, str]]:
    given, noun = results.design, results.noun
    study, index, scores = (given.get(key, {}) for key in ("study", "index", "scores"))
    yield (
        "Unit of analysis",
        noun.reword("the index procedure: one treated lesion, with its own clock"),
    )
    yield (
        "Index procedures",
        _sentence(_codes(index), noun.reword(_REPEAT.get(index.get("repeat"), ""))),
    )
    for kind, head in _KINDS.items():
        for name, settings in given.get(kind, {}).items():
            yield f"{head}: {name}", _sentence(_codes(settings), noun.reword(_within(settings)))
    yield "Pain scores", _sentence("0 to 10", _codes(scores), *_chosen(scores))
    yield "Score of a visit", _PER_VISIT.get(scores.get("per_visit"), "")
    yield "Inclusion", _inclusion(scores)
    yield "Baseline", _baseline(given.get("visits", {}).get(BASELINE, {}))
    yield "Days", f"whole calendar days in {study['timezone']}" if "timezone" in study else ""
    yield "Data cut-off", results.cutoff or _until(results)
    yield "Withheld data", withheld_by_source(results)
    yield "Missing scores", "never filled in, unless an analysis does so by its stated method"


def citation(results: Results) -> str:
    """Return a paragraph for the methods section of a paper; empty without a design."""
    lines = dict(design(results))
    if not lines:
        return ""
    primary = [outcome for outcome in results.outcomes if outcome.primary]
    windows = ", ".join(
        f"{name} ({first})" if first == last else f"{name} ({first} to {last})"
        for name, _, first, last in visits(results)
    )
    used = [
        f"{outcome.name} ({'; '.join(dict.fromkeys(key.method for key in keys))})"
        for outcome in primary
        if outcome.result and (keys := outcome.result.key_estimates)
    ]
    sentences = [
        f"Pain before and after the index procedure was analysed with abate {results.version}",
        *(f"{head}: {lines[head]}" for head in _CITED if head in lines),
        f"Visits, in days after the procedure: {windows}" if windows else "",
        f"Primary analysis: {', '.join(used)}" if used else "",
        "No missing score was filled in, unless the method says so",
    ]
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)


def _until(results: Results) -> str:
    """Return the data cut-off; an unstated one is a date only in local results."""
    words = "the day of the last complete pull"
    is_local = results.release == NOT_FOR_RELEASE
    return f"{words}, {results.data_until}" if is_local and results.data_until else words


def _codes(section: Mapping[str, Any]) -> str:
    codes = [code.removeprefix("list:") for code in section.get("codes", ())]
    named = ["the code list " + code if "|" not in code else code for code in codes]
    return ", ".join(named)


def _within(section: Mapping[str, Any]) -> str:
    hours = section.get("within_hours")
    return f"at the same lesion within {hours} hours" if hours is not None else ""


def _chosen(scores: Mapping[str, Any]) -> Sequence[str]:
    instruments, context = scores.get("instruments"), scores.get("context")
    return [
        f"instruments: {words(instruments)}" if instruments else "",
        f"context: {context}" if context else "",
    ]


def _inclusion(scores: Mapping[str, Any]) -> str:
    least = scores.get("minimum_after")
    after = f"at least {least} pain score after the procedure" if least else ""
    before = "a pain score at baseline" if scores.get("require_baseline") else ""
    return " and ".join(filter(None, [before, after]))


def _baseline(baseline: Mapping[str, Any]) -> str:
    if not baseline:
        return ""
    return (
        f"the last score from day {words(baseline['from'])} to day {words(baseline['to'])}, at or "
        "before the procedure; a score of the procedure's day without a time "
        f"{_SAME_DAY.get(baseline.get('same_day', ''), '')}"
    )


def _sentence(*parts: str) -> str:
    return "; ".join(filter(None, parts))
