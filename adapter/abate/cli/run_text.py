"""The summary of a run: its attrition by reason, its primary result, and what needs a look."""

from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from abate.cli import options

if TYPE_CHECKING:
    from abate.analysis.model import Estimate
    from abate.analysis.outcome import Outcome
    from abate.analysis.results import Results, Step
    from abate.telemetry.history import Run

# How many reasons of a step, and warnings, are shown.
SHOWN = 4
_HEAD = 12


def text(results: "Results", run: "Run") -> str:
    """Return about 25 lines; none is wider than the terminal."""
    parts = [
        [options.tint(results.title)],
        list(attrition(results)),
        list(primary(results)),
        list(needs_a_look(results, run)),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def attrition(results: "Results") -> Iterator[str]:
    """Yield one line for each stage, with the reasons that took most."""
    noun, steps = results.noun, _Steps(results.attrition)
    yield _row("received", f"{steps.total('received'):,} resources: {steps.reasons('received')}")
    for stage in ("rejected", "ignored"):
        if steps.total(stage):
            yield _row(stage, f"{steps.total(stage):,}: {steps.reasons(stage)}")
    lost = steps.reasons("no lesion")
    procedures = f"{steps.total('index procedures'):,} index procedures"
    yield _row("procedures", f"{procedures}; not counted: {lost}" if lost else procedures)
    excluded = steps.reasons("excluded", "lesion")
    treated = _units(results, "treated")
    yield _row("treated", f"{treated}; excluded: {excluded}" if excluded else treated)
    linked = f"{steps.total('scores linked'):,} linked, {steps.total('scores chosen'):,} at a visit"
    lost = ", ".join(filter(None, map(steps.reasons, ("scores not linked", "scores left out"))))
    yield _row("scores", f"{linked}; not counted: {lost}" if lost else linked)
    analysed = f"{noun.count(results.lesions)} of {results.patients} patients"
    yield _row("analysed", analysed)


def primary(results: "Results") -> Iterator[str]:
    """Yield the primary results, each in a sentence, and the names of the other analyses."""
    first = [outcome for outcome in results.outcomes if outcome.primary]
    for outcome in first:
        for number, words in enumerate(_sentences(outcome)):
            yield _row("" if number else "primary", f"{outcome.name}: {words}")
    others = [outcome.name for outcome in results.outcomes if not outcome.primary]
    if others:
        yield _row("also" if first else "analyses", ", ".join(others))


def needs_a_look(results: "Results", run: "Run") -> Iterator[str]:
    """Yield the warnings of the run, and the analyses that gave no result."""
    lines = [warning.removeprefix("warning: ") for warning in run.warnings]
    lines += [f"{name} failed: {error}" for name, error in run.analyses.items() if error != "done"]
    lines += [
        f"{outcome.name} is not estimable: {outcome.result.reason}"
        for outcome in results.outcomes
        if not outcome.primary and outcome.result and outcome.result.reason
    ]
    lines += run.notes
    if lines:
        yield options.tint("needs a look:", fg="yellow")
        for line in lines[:SHOWN]:
            yield _wrap(line, "  - ", "    ")
        if len(lines) > SHOWN:
            yield f"  - {len(lines) - SHOWN} more: see abate status"


class _Steps:
    """The steps of the attrition by stage."""

    def __init__(self, steps: "Sequence[Step]") -> None:
        self._steps = steps

    def total(self, stage: str) -> int:
        return sum(step.n or 0 for step in self._steps if step.stage == stage)

    def reasons(self, stage: str, unit: str = "") -> str:
        """Return the reasons of a stage with their numbers, the greatest first."""
        steps = [
            step
            for step in self._steps
            if step.stage == stage and step.reason and unit in ("", step.unit)
        ]
        ranked = sorted(steps, key=lambda step: -(step.n or 0))
        shown = [f"{step.reason} {step.n:,}" for step in ranked[:SHOWN]]
        more = [f"{len(ranked) - SHOWN} more reasons"] if ranked[SHOWN:] else []
        return ", ".join([*shown, *more])


def _units(results: "Results", stage: str) -> str:
    counts = {step.unit: step.n for step in results.attrition if step.stage == stage}
    patients = counts.get("patient") or 0
    return f"{results.noun.count(counts.get('lesion') or 0)} of {patients:,} patients"


def _sentences(outcome: "Outcome") -> list[str]:
    if outcome.result is None:
        return [f"failed: {outcome.error}"]
    if outcome.result.reason:
        return [f"not estimable: {outcome.result.reason}"]
    return [_describe(estimate) for estimate in outcome.result.key_estimates]


def _describe(estimate: "Estimate") -> str:
    """Return an estimate with interval, p, n, method and population."""
    from abate.report.fhir.narrative import number, p_value
    from abate.report.page.formatting import unit

    value = estimate.without_value if estimate.value is None else number(estimate.value)
    parts = [f"{estimate.label or estimate.name} {value} {unit(estimate)}".rstrip()]
    if interval := estimate.interval:
        parts.append(f"{number(interval.low)} to {number(interval.high)} ({interval.kind})")
    if estimate.p is not None:
        parts.append(f"p {p_value(estimate.p)}")
    parts.append(f"n {estimate.n}")
    return f"{', '.join(parts)} ({estimate.method}; {estimate.population})"


def _row(head: str, words: str) -> str:
    text = _wrap(words, f"{head:{_HEAD}}", " " * _HEAD)
    return options.tint(head) + text.removeprefix(head) if head else text


def _wrap(words: str, first: str, later: str) -> str:
    whole = words.replace(" %", "\u00a0%")  # A percentage is not broken.
    text = fill(whole, options.width(), initial_indent=first, subsequent_indent=later)
    return text.replace("\u00a0%", " %")
