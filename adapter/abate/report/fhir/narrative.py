"""The sentences and tables of a report for people, as XHTML for `text`."""

from collections.abc import Sequence
from html import escape
from typing import Any

from abate.analysis.model import Estimate
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.report.rounding import SMALLEST, is_below, round_number, short

_NOTHING = "-"
_HEADS = ("Statistic", "Value", "Interval", "n", "p", "Method")


def narrative(html: str) -> dict[str, Any]:
    """Return the `text` element of this XHTML."""
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>',
    }


def conclusion(results: Results) -> str:
    """Return the conclusion: the patients, the primary test, and what is not assessable."""
    done = [outcome for outcome in results.outcomes if outcome.result is not None]
    first = (
        f"{shown(results.patients)} patients with {shown(results.lesions)} "
        f"{results.noun.many} were analysed. "
        "Computed by software and not reviewed by a person."
    )
    primary = [_primary(outcome) for outcome in done if outcome.primary]
    reasons = [
        f"{outcome.name}: not estimable, {outcome.result.reason}."
        for outcome in done
        if outcome.result and outcome.result.reason
    ]
    failed = [
        f"{outcome.name}: failed in this run; its resources here are of an earlier run."
        for outcome in results.failed
    ]
    unknown = [f"{sentence}." for sentence in not_assessable(results)]
    return " ".join([first, *filter(None, primary), *unknown, *reasons, *failed])


def not_assessable(results: Results) -> list[str]:
    """Return a sentence for each thing that the study looks for and cannot be assessed."""
    return [
        f"not assessable: {key.replace('.', ' ')}, since {why}; none is reported, "
        "but there may be some"
        for key, why in results.not_assessable.items()
    ]


def _primary(outcome: Outcome) -> str:
    """Return a sentence on the first key test, or else the first test; empty without one."""
    result = outcome.result
    for estimate in [*result.key_estimates, *result.estimates] if result else ():
        if estimate.p is not None or (estimate.withheld and estimate.statistic == "test"):
            return sentence(outcome, estimate)
    return ""


def sentence(outcome: Outcome, estimate: Estimate) -> str:
    """Return one estimate as a sentence."""
    p = "" if estimate.p is None or estimate.withheld else f", p {_equal(p_value(estimate.p))}"
    title = estimate.label or estimate.name
    return (
        f"{outcome.name}: {title}: {value(estimate)} (n = {shown(estimate.visible_n)}{p}; "
        f"{estimate.method}; {estimate.population})."
    )


def tables(title: str, done: Sequence[Outcome]) -> str:
    """Return each result as a table, under the study's title."""
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    parts = [f"<h1>Pain outcomes: {escape(title)}</h1>"]
    for outcome in done:
        rows = (
            "".join(_table_row(estimate) for estimate in outcome.result.estimates)
            if outcome.result
            else ""
        )
        parts.append(f"<h2>{escape(outcome.name)}</h2>")
        if outcome.result and outcome.result.reason:
            parts.append(f"<p>Not estimable: {escape(outcome.result.reason)}</p>")
        if rows:
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return "".join(parts)


def _table_row(estimate: Estimate) -> str:
    cells = (
        estimate.label or estimate.name,
        value(estimate),
        _interval(estimate),
        shown(estimate.visible_n),
        "" if estimate.p is None or estimate.withheld else p_value(estimate.p),
        f"{estimate.method}; {estimate.population}",
    )
    # HAPI 8.8 returns an empty cell as <td/> (2026-11).
    return f"<tr>{''.join(f'<td>{escape(cell or _NOTHING)}</td>' for cell in cells)}</tr>"


def _interval(estimate: Estimate) -> str:
    interval = estimate.interval
    if interval is None or estimate.withheld:
        return ""
    return f"{number(interval.low)} to {number(interval.high)} ({interval.kind})"


def value(estimate: Estimate) -> str:
    """Return an estimate's value for people, or why there is none."""
    if estimate.withheld:
        return f"withheld ({estimate.withheld})"
    return estimate.without_value if estimate.value is None else number(estimate.value)


def shown(count: int | None) -> str:
    """Return a count for people; None is a withheld count."""
    return "[withheld]" if count is None else str(count)


def number(value: float) -> str:
    """Return a number for people: up to four significant digits of the published number."""
    return short(round_number(value))


def p_value(p: float) -> str:
    """Return a p-value for people; if it is too small, as less than the smallest number."""
    return f"< {short(SMALLEST)}" if is_below(p) else number(p)


def _equal(text: str) -> str:
    return text if text.startswith("<") else f"= {text}"
