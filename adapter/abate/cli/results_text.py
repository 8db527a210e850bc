"""The results of a run as text: the attrition, then each analysis with its statistics."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from abate.cli import options

if TYPE_CHECKING:
    from abate.analysis.model import Estimate
    from abate.analysis.results import Results, Step

HEADS = ("statistic", "value", "interval", "p", "n", "how")


def text(results: "Results") -> str:
    """Return the whole text; no line is wider than the terminal."""
    from abate.report.fhir.narrative import not_assessable
    from abate.report.page.methods import citation

    parts = [results.title, "\n".join(map(results.noun.reword, attrition(results.attrition)))]
    if results.not_assessable:
        parts.append("\n".join(map(_line, not_assessable(results))))
    for outcome in results.outcomes:
        head = f"{outcome.name} ({outcome.use}, {outcome.plugin} {outcome.plugin_version})"
        if outcome.result is None:
            body = [f"failed: {outcome.error}"]
        elif outcome.result.reason:
            body = [f"not estimable: {outcome.result.reason}"]
        else:
            body = [*estimates(outcome.result.estimates), *map(_line, outcome.result.notes)]
        parts.append("\n".join([head, *body]))
    if cited := citation(results):
        parts.append("\n".join(["To cite this study's method:", _line(cited, "  ")]))
    return "\n\n".join(parts)


def attrition(steps: Sequence["Step"]) -> Iterator[str]:
    """Yield one line per stage: `excluded  lesion: no-score 1, minimum-after 1; patient 2`."""
    wide = max((len(step.stage) for step in steps), default=0)
    for stage, of_stage in groupby(steps, key=lambda step: step.stage):
        units = groupby(of_stage, key=lambda step: step.unit)
        words = "; ".join(_counts(unit, list(of_unit)) for unit, of_unit in units)
        yield _line(words, f"{stage:{wide}}  ", " " * (wide + 2))


def estimates(shown: Sequence["Estimate"]) -> Iterator[str]:
    """Yield a table of the numbers, and below it their methods and populations."""
    hows: dict[str, int] = {}
    rows = []
    for estimate in shown:
        number = hows.setdefault(_how(estimate), len(hows) + 1)
        rows.append([*_numbers(estimate), f"({number})"])
    yield options.table(HEADS, rows)
    for how, number in hows.items():
        yield _line(how, f"({number}) ", "    ")


def _counts(unit: str, steps: list["Step"]) -> str:
    if [step.reason for step in steps] == [""]:
        return f"{unit} {steps[0].n}"
    return f"{unit}: " + ", ".join(f"{step.reason or 'all'} {step.n}" for step in steps)


def _numbers(estimate: "Estimate") -> list[str]:
    from abate.report.fhir.narrative import number, p_value

    return [
        estimate.name,
        estimate.without_value if estimate.value is None else number(estimate.value),
        f"{number(estimate.interval.low)} to {number(estimate.interval.high)}"
        if estimate.interval
        else "",
        "" if estimate.p is None else p_value(estimate.p),
        str(estimate.n),
    ]


def _how(estimate: "Estimate") -> str:
    interval = f"interval: {estimate.interval.kind}" if estimate.interval else ""
    return "; ".join(
        filter(None, [estimate.method, interval, f"of {estimate.population}", estimate.note])
    )


def _line(words: str, first: str = "", later: str = "  ") -> str:
    return fill(words, options.width(), initial_indent=first, subsequent_indent=later)
