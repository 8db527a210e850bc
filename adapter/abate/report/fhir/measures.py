"""A proportion as a Measure, which defines what is counted, with its MeasureReport.

All numbers are those of the estimates that are also Observations. Strata are components, as IHE
mADX requires (https://profiles.ihe.net/QRPH/mADX/); R4 allows a component or a value, not both. In
the Measure a stratifier has only a code and no component (mea-1): HAPI 8.8 matches the strata by
it, and requires a CQL library for a stratifier with criteria (tried 2026-11-23).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from html import escape

import msgspec

from abate.analysis.model import Estimate, Measured, Result
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.fhir.canonical import REPORT, STATISTIC, measure_url, stable_id
from abate.report.fhir.code_system import REPORTS
from abate.report.fhir.elements import (
    DATA_ABSENT,
    TERMINOLOGY,
    Resource,
    concept,
    group_reference,
    identifier,
    list_reference,
    now,
    period,
    software,
)
from abate.report.fhir.narrative import narrative, number, shown
from abate.report.rounding import round_number

BASIS = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-populationBasis"
POPULATIONS = ("initial-population", "denominator", "numerator")
_COUNTED = {"lesion": "Procedure", "patient": "Patient"}
# The tables of the study file that decide who is counted.
_DEFINING = ("index", "adjunct", "condition", "history", "event", "scores", "visits")

Count = tuple[int | None, str]


def measure(results: Results, outcome: Outcome, result: Result, measured: Measured) -> Resource:
    """Return the Measure: the definition of numerator and denominator in words."""
    basis = _COUNTED[result[measured.estimate].basis]
    return {
        "resourceType": "Measure",
        "id": _id(results, outcome, measured),
        "text": narrative(f"<p>{escape(_description(measured))}</p>"),
        "extension": [{"url": BASIS, "valueCode": basis}],
        "url": _url(results, outcome, measured),
        "identifier": [identifier(results.study, outcome.name, measured.estimate, "measure")],
        "version": _version(results, outcome, measured),
        "name": _name(outcome.name, measured.estimate),
        "title": measured.title,
        "status": "draft",
        "experimental": True,
        "publisher": "abate",
        "description": _description(measured),
        "scoring": concept(f"{TERMINOLOGY}/measure-scoring", "proportion"),
        "improvementNotation": _improvement(measured),
        "group": [_definition(outcome, measured)],
    }


def measure_report(
    results: Results, outcome: Outcome, result: Result, measured: Measured
) -> Resource:
    """Return the MeasureReport: the numbers of all units and of each stratum."""
    proportion = result[measured.estimate]
    return {
        "resourceType": "MeasureReport",
        "id": stable_id(results.study, "measure-report", outcome.name, measured.estimate),
        "text": narrative(f"<p>{escape(_sentence(measured, proportion))}</p>"),
        "identifier": [
            identifier(results.study, outcome.name, measured.estimate, "measure-report")
        ],
        "status": "complete",
        "type": "summary",
        # Without its version: HL7's validator refuses an OID with "|version" (HAPI 8.8,
        # 2026-12-01). The Measure is written in the same transaction.
        "measure": _url(results, outcome, measured),
        "subject": group_reference(results),
        "date": now(),
        "reporter": {"display": results.reporter} if results.reporter else software(results),
        "period": period(results),
        "improvementNotation": _improvement(measured),
        "group": [_numbers(result, measured)],
        "evaluatedResource": [list_reference(results)],
    }


def _definition(outcome: Outcome, measured: Measured) -> Resource:
    group: Resource = {
        "code": _group_code(measured),
        "description": _description(measured),
        "population": [
            {"code": _population(code), "criteria": _criteria(outcome, measured, code)}
            for code in POPULATIONS
        ],
    }
    if measured.strata:
        group["stratifier"] = [
            {"code": _stratifier(name), "description": f"the {name} of the lesion"}
            for name in measured.strata
        ]
    return group


def _criteria(outcome: Outcome, measured: Measured, code: str) -> Resource:
    """Return the criteria: the text is the definition, and the expression only its name."""
    text = measured.criteria.get(code, code.replace("-", " "))
    name = f"{outcome.name} {measured.estimate}: {code}".replace("\\", "\\\\").replace('"', '\\"')
    return {"description": text, "language": "text/cql", "expression": f'"{name}"'}


def _numbers(result: Result, measured: Measured) -> Resource:
    proportion = result[measured.estimate]
    counts = {"initial-population": _value(result[measured.initial]), **_parts(proportion)}
    group: Resource = {
        "code": _group_code(measured),
        "population": [_count(code, counts[code]) for code in POPULATIONS],
        **_score(proportion),
    }
    if measured.strata:
        group["stratifier"] = [
            {"code": [_stratifier(name)], "stratum": list(_strata(result, name, strata))}
            for name, strata in measured.strata.items()
        ]
    return group


def _strata(result: Result, stratifier: str, strata: Mapping[str, str]) -> Iterator[Resource]:
    """Return a stratum per value; only its denominator is known, not its initial population."""
    for value, name in strata.items():
        proportion = result[name]
        yield {
            "component": [{"code": _stratifier(stratifier), "value": {"text": value}}],
            "population": [_count(code, number) for code, number in _parts(proportion).items()],
            **_score(proportion),
        }


def _parts(proportion: Estimate) -> dict[str, Count]:
    """Return denominator and numerator; None if a rule withholds it."""
    n = proportion.visible_n
    hidden = "masked" if proportion.withheld or n is None else "unknown"
    numerator = None if proportion.withheld else proportion.counts.get("numerator")
    if n == 0:
        numerator = 0
    return {"denominator": (n, hidden), "numerator": (numerator, hidden)}


def _value(estimate: Estimate) -> Count:
    if estimate.withheld or estimate.value is None:
        return None, "masked" if estimate.withheld else "unknown"
    return int(estimate.value), ""


def _count(code: str, count: Count) -> Resource:
    value, reason = count
    if value is None:
        return {"code": _population(code), "_count": _absent(reason)}
    return {"code": _population(code), "count": value}


def _score(proportion: Estimate) -> Resource:
    """Return the score: a proportion without unit; a missing one has a reason, as R4 requires."""
    if proportion.value is None or proportion.withheld:
        return {"measureScore": {"_value": _absent("masked" if proportion.withheld else "unknown")}}
    return {"measureScore": {"value": round_number(proportion.value)}}


def _absent(reason: str) -> Resource:
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}]}


def _sentence(measured: Measured, proportion: Estimate) -> str:
    [denominator, numerator] = (shown(value) for value, _ in _parts(proportion).values())
    if proportion.value is None or proportion.withheld:
        return f"{measured.title}: {numerator} of {denominator}."
    return f"{measured.title}: {numerator} of {denominator} ({number(proportion.value)})."


def _description(measured: Measured) -> str:
    sentences = [
        f"{code.replace('-', ' ').capitalize()}: {measured.criteria[code]}."
        for code in POPULATIONS
        if code in measured.criteria
    ]
    return " ".join([f"{measured.title}.", *sentences])


def _population(code: str) -> Resource:
    return concept(f"{TERMINOLOGY}/measure-population", code)


def _stratifier(name: str) -> Resource:
    return concept(REPORT, name, name) if name in REPORTS else {"text": name}


def _group_code(measured: Measured) -> Resource:
    return concept(STATISTIC, "proportion", measured.title)


def _improvement(measured: Measured) -> Resource:
    return concept(f"{TERMINOLOGY}/measure-improvement-notation", measured.improvement)


def _id(results: Results, outcome: Outcome, measured: Measured) -> str:
    return stable_id(results.study, "measure", outcome.name, measured.estimate)


def _url(results: Results, outcome: Outcome, measured: Measured) -> str:
    return measure_url(_id(results, outcome, measured))


def _version(results: Results, outcome: Outcome, measured: Measured) -> str:
    """Return the version of the definition: a digest of software, study file and words."""
    definition = {
        "criteria": [measured.title, measured.criteria, list(measured.strata)],
        "analysis": [outcome.plugin, outcome.use, outcome.parameters],
        "design": {key: results.design.get(key) for key in _DEFINING},
    }
    digest = hashlib.sha256(msgspec.json.encode(definition, order="sorted")).hexdigest()
    return f"{'.'.join(outcome.plugin_version.split('.')[:2])}-{digest[:8]}"


def _name(*parts: str) -> str:
    """Return a name for programs: letters and digits, beginning with a capital letter."""
    words = re.findall(r"[A-Za-z0-9]+", " ".join(parts))
    return f"Abate{''.join(word[0].upper() + word[1:] for word in words)}"[:255]
