"""What a report says to people: sentences and tables, as XHTML for `text`."""

from collections.abc import Sequence
from html import escape
from typing import Any

from abate.analysis import Estimate
from abate.outcome import Outcome
from abate.results import Results


def narrative(html: str) -> dict[str, Any]:
    """A `text` of this XHTML."""
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>',
    }


def conclusion(results: Results) -> str:
    """The report in a few sentences: who, the primary test, and what could not be told."""
    done = [one for one in results.outcomes if one.result is not None]
    first = (
        f"{results.patients} patients with {results.lesions} lesions were analysed. "
        "Computed by software and not reviewed by a person."
    )
    primary = [
        sentence(outcome, estimate)
        for outcome in done
        if outcome.primary and outcome.result
        for estimate in outcome.result.estimates
        if estimate.p is not None
    ]
    reasons = [
        f"{one.name}: not estimable, {one.result.reason}."
        for one in done
        if one.result and one.result.reason
    ]
    failed = [
        f"{one.name}: failed in this run; what stands of it is from an earlier one."
        for one in results.failed
    ]
    return " ".join([first, *primary, *reasons, *failed])


def sentence(outcome: Outcome, estimate: Estimate) -> str:
    """One estimate in one sentence."""
    value = "not estimable" if estimate.value is None else number(estimate.value)
    p = "" if estimate.p is None else f", p = {number(estimate.p)}"
    title = estimate.label or estimate.name
    return (
        f"{outcome.name}: {title}: {value} (n = {estimate.n}{p}; {estimate.method}; "
        f"{estimate.population})."
    )


def tables(title: str, done: Sequence[Outcome]) -> str:
    """Each result as a table, under the study's title."""
    heads = "".join(f"<th>{one}</th>" for one in ("Statistic", "Value", "n", "p", "Method"))
    parts = [f"<h1>Pain outcomes: {escape(title)}</h1>"]
    for outcome in done:
        rows = (
            "".join(_table_row(one) for one in outcome.result.estimates) if outcome.result else ""
        )
        parts.append(f"<h2>{escape(outcome.name)}</h2>")
        if outcome.result and outcome.result.reason:
            parts.append(f"<p>Not estimable: {escape(outcome.result.reason)}</p>")
        if rows:
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return "".join(parts)


def _table_row(estimate: Estimate) -> str:
    value = "not estimable" if estimate.value is None else number(estimate.value)
    cells = (
        estimate.label or estimate.name,
        value,
        str(estimate.n),
        "" if estimate.p is None else number(estimate.p),
        f"{estimate.method}; {estimate.population}",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def number(value: float) -> str:
    """A number for people: up to four digits that count."""
    return f"{value:.4g}"
