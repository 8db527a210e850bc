"""One estimate as an Observation about the Group, with all that a reader needs.

https://hl7.org/fhir/R4/observation.html
"""

from collections.abc import Iterable, Mapping
from html import escape

from abate.analysis.model import Estimate, Interval
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.fhir.canonical import COMPONENT, STATISTIC, stable_id
from abate.report.fhir.elements import (
    Resource,
    absent,
    coding,
    concept,
    group_reference,
    identifier,
    p_quantity,
    period,
    quantity,
    software,
)
from abate.report.fhir.narrative import narrative, sentence

# The Scientific Evidence Code System, https://fevir.net/sevco
SEVCO = "https://fevir.net/sevco"
TWO_SIDED_P = "STATO:0000662"
SEVCO_CODES: Mapping[str, str] = {
    "count": "STATO:0000047",
    "mean": "STATO:0000573",
    "median": "STATO:0000574",
    "proportion": "STATO:0000607",
}


def statistic_id(results: Results, outcome: Outcome, estimate: Estimate) -> str:
    """Return the id of an estimate's Observation."""
    return stable_id(results.study, "statistic", outcome.name, estimate.name)


def statistic(results: Results, outcome: Outcome, estimate: Estimate) -> Resource:
    """Return the Observation of an estimate."""
    resource: Resource = {
        "resourceType": "Observation",
        "id": statistic_id(results, outcome, estimate),
        "text": narrative(f"<p>{escape(sentence(outcome, estimate))}</p>"),
        "identifier": [identifier(results.study, outcome.name, estimate.name)],
        "status": "preliminary",
        "code": _code(estimate),
        "subject": group_reference(results),
        "effectivePeriod": period(results),
        "performer": [software(results)],
        **_value(estimate),
        "method": {"text": estimate.method},
        "component": list(_components(estimate)),
    }
    cases = () if estimate.withheld else estimate.cases
    if notes := [note for note in (estimate.note, *cases) if note]:
        resource["note"] = [{"text": note} for note in notes]
    return resource


def _code(estimate: Estimate) -> Resource:
    kind = estimate.statistic
    codings = [coding(STATISTIC, kind)]
    if kind in SEVCO_CODES:
        codings.append(coding(SEVCO, SEVCO_CODES[kind]))
    return {"coding": codings, "text": estimate.label or estimate.name}


def _value(estimate: Estimate) -> Resource:
    if estimate.withheld:
        return {"dataAbsentReason": absent(f"withheld: {estimate.withheld}", "masked")}
    if estimate.value is None:
        code = "unknown" if estimate.p is None else "not-applicable"
        return {"dataAbsentReason": absent(estimate.without_value, code)}
    return {"valueQuantity": quantity(estimate.value, estimate.unit)}


def _components(estimate: Estimate) -> Iterable[Resource]:
    yield {"code": concept(COMPONENT, "n", "number of units"), **_n(estimate)}
    population = concept(COMPONENT, "population", "population")
    yield {"code": population, "valueString": estimate.population}
    if estimate.withheld:
        return
    if estimate.p is not None:
        codings = [coding(SEVCO, TWO_SIDED_P), coding(COMPONENT, "p")]
        code = {"coding": codings, "text": "two-sided p-value"}
        yield {"code": code, "valueQuantity": p_quantity(estimate.p)}
    for name, count in estimate.counts.items():
        yield {"code": concept(COMPONENT, "count", name), "valueInteger": count}
    if estimate.interval is not None:
        yield from _ends(estimate.interval, estimate.unit)


def _n(estimate: Estimate) -> Resource:
    n = estimate.visible_n
    if n is None:
        rule = estimate.withheld or "small cells"
        return {"dataAbsentReason": absent(f"withheld: {rule}", "masked")}
    return {"valueInteger": n}


def _ends(interval: Interval, unit: str) -> Iterable[Resource]:
    for end, value in (("low", interval.low), ("high", interval.high)):
        yield {
            "code": concept(COMPONENT, f"interval-{end}", f"{interval.kind}, {end} end"),
            "valueQuantity": quantity(value, unit),
        }
