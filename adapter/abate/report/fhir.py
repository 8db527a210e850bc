"""Results as FHIR R4: Group, one Observation a statistic, DiagnosticReport, Provenance.

The DiagnosticReport is the way in; everything hangs on it, and nothing on a single patient. Ids
are made of study, analysis and statistic, so that the same thing has the same id each time; a
digest of the content, run times left out, tells whether there is anything to write.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import msgspec

from abate.analysis import Estimate, Interval
from abate.errors import PublishRefused
from abate.identity import CANONICAL, DIGEST, REPORT, STATISTIC, SYSTEM, stable_id
from abate.outcome import Outcome
from abate.plugins import Host
from abate.report.narrative import conclusion, narrative, sentence, tables
from abate.report.rules import faults
from abate.results import Results

Resource = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
SEVCO = "https://fevir.net/sevco"
TWO_SIDED_P = "STATO:0000662"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TEST_DATA = {"system": ACT_REASON, "code": "HTEST", "display": "test health data"}
# Elements that say when something was done: a report that differs in nothing else is the same.
RUN_TIMES = ("issued", "recorded")


def report(results: Results, host: Host) -> list[Resource]:
    """The resources of a report, each checked, in an order in which references come first.

    Raises:
        PublishRefused: one of them is no valid FHIR R4; names it and the rule.
        PluginError: a plugin's `render_report` stopped.
    """
    group = _group(results)
    done = [outcome for outcome in results.outcomes if outcome.result is not None]
    statistics = [one for outcome in done for one in _observations(results, outcome)]
    own = [one for outcome in done for one in _rendered(outcome, host)]
    summary = _diagnostic_report(results, done, statistics)
    written = [group, *statistics, *own, summary]
    resources = [*written, _provenance(results, written)]
    _refuse_doubles(resources)
    finished = [marked(_labelled(one) if results.synthetic else one) for one in resources]
    for resource in finished:
        _check(resource)
    return finished


def digest(resource: Mapping[str, Any]) -> str:
    """A digest of the content: without run times, meta, and the digest itself."""
    left_out = {*RUN_TIMES, "meta", "extension"}
    content = {key: value for key, value in resource.items() if key not in left_out}
    if others := _other_extensions(resource):
        content["extension"] = others
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def digest_of(resource: Mapping[str, Any]) -> str | None:
    """The digest that a resource carries, if it is one of ours."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == DIGEST:
            return str(extension.get("valueString"))
    return None


def marked(resource: Mapping[str, Any]) -> Resource:
    """The resource with its digest, in the order of the elements of a resource."""
    mark = {"url": DIGEST, "valueString": digest(resource)}
    whole = {**resource, "extension": [*_other_extensions(resource), mark]}
    head = [key for key in ("resourceType", "id", "meta", "text", "extension") if key in whole]
    return {key: whole[key] for key in dict.fromkeys([*head, *whole])}


def references(results: Results, outcome: Outcome) -> list[str]:
    """The `Observation/id` of each statistic of an outcome."""
    estimates = outcome.result.estimates if outcome.result else ()
    return [f"Observation/{_id(results, outcome, estimate)}" for estimate in estimates]


def report_id(study: str) -> str:
    """The id of a study's DiagnosticReport."""
    return stable_id(study, "report")


def _group(results: Results) -> Resource:
    treated = _treated(results)
    text = f"{treated} patients treated in the study {results.title}; {results.patients} analysed"
    return {
        "resourceType": "Group",
        "id": stable_id(results.study, "group"),
        "text": narrative(f"<p>{escape(text)}</p>"),
        "identifier": [_identifier(results.study, "group")],
        "active": True,
        "type": "person",
        "actual": True,
        "name": f"{results.title}: patients treated",
        "quantity": treated,
    }


def _treated(results: Results) -> int:
    """Patients with a lesion that was treated, the excluded ones too."""
    return sum(
        step.n for step in results.attrition if (step.stage, step.unit) == ("treated", "patient")
    )


def _observations(results: Results, outcome: Outcome) -> Iterable[Resource]:
    for estimate in outcome.result.estimates if outcome.result else ():
        yield _observation(results, outcome, estimate)


def _observation(results: Results, outcome: Outcome, estimate: Estimate) -> Resource:
    title = estimate.label or estimate.name
    resource: Resource = {
        "resourceType": "Observation",
        "id": _id(results, outcome, estimate),
        "text": narrative(f"<p>{escape(sentence(outcome, estimate))}</p>"),
        "identifier": [_identifier(results.study, outcome.name, estimate.name)],
        "status": "preliminary",
        "code": {
            "coding": [{"system": STATISTIC, "code": f"{outcome.use}.{estimate.name}"}],
            "text": title,
        },
        "subject": _group_reference(results),
        "effectivePeriod": _period(results),
        "performer": [_software(results)],
        **_value(estimate),
        "method": {"text": estimate.method},
        "component": list(_components(estimate)),
    }
    if estimate.note:
        resource["note"] = [{"text": estimate.note}]
    return resource


def _value(estimate: Estimate) -> Resource:
    if estimate.value is None:
        absent = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        coding = {"system": absent, "code": "unknown", "display": "Unknown"}
        return {"dataAbsentReason": {"coding": [coding], "text": "not estimable"}}
    return {"valueQuantity": _quantity(estimate.value, estimate.unit)}


def _components(estimate: Estimate) -> Iterable[Resource]:
    yield {"code": _statistic("n", "number of units"), "valueInteger": estimate.n}
    yield {"code": _statistic("population", "population"), "valueString": estimate.population}
    if estimate.p is not None:
        code = {
            "coding": [{"system": SEVCO, "code": TWO_SIDED_P}, {"system": STATISTIC, "code": "p"}],
            "text": "two-sided p-value",
        }
        yield {"code": code, "valueQuantity": _quantity(estimate.p, "1")}
    if estimate.interval is not None:
        yield from _ends(estimate.interval, estimate.unit)


def _ends(interval: Interval, unit: str) -> Iterable[Resource]:
    for end, value in (("low", interval.low), ("high", interval.high)):
        yield {
            "code": _statistic(f"interval-{end}", f"{interval.kind}, {end} end"),
            "valueQuantity": _quantity(value, unit),
        }


def _diagnostic_report(
    results: Results, done: Sequence[Outcome], statistics: Sequence[Resource]
) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": report_id(results.study),
        "text": narrative(tables(results.title, done)),
        "identifier": [_identifier(results.study, "report")],
        "status": "preliminary",
        "code": {
            "coding": [{"system": REPORT, "code": "pain-outcomes"}],
            "text": f"Pain outcomes: {results.title}",
        },
        "subject": _group_reference(results),
        "effectivePeriod": _period(results),
        "issued": _now(),
        "performer": [_software(results)],
        # FHIR has no empty lists: nothing may be estimable.
        **(
            {"result": [{"reference": _reference(one)} for one in statistics]} if statistics else {}
        ),
        "conclusion": conclusion(results),
    }


def _provenance(results: Results, written: Sequence[Resource]) -> Resource:
    plugins = sorted({f"{one.plugin} {one.plugin_version}" for one in results.outcomes})
    counts = ", ".join(f"{n} {kind}" for kind, n in sorted(results.inputs.counts.items()))
    return {
        "resourceType": "Provenance",
        "id": stable_id(results.study, "provenance"),
        "text": narrative(
            f"<p>Computed by abate {escape(results.version)} from {escape(counts)}.</p>"
        ),
        "target": [{"reference": _reference(one)} for one in written],
        "recorded": _now(),
        "activity": {"text": "computation of pain outcomes"},
        "agent": [
            {"who": {"display": f"abate {results.version}"}},
            *({"who": {"display": f"plugin {plugin}"}} for plugin in plugins),
        ],
        "entity": [
            _entity("inputs", results.inputs.digest, f"resources pulled and mapped: {counts}"),
            _entity(
                "study-file", results.study_digest, "settings and code lists of the study, SHA-256"
            ),
        ],
    }


def _entity(kind: str, value: str, display: str) -> Resource:
    identifier = {"system": f"{CANONICAL}/sid/{kind}", "value": value}
    return {"role": "source", "what": {"identifier": identifier, "display": display}}


def _rendered(outcome: Outcome, host: Host) -> Iterable[Resource]:
    """A plugin's own resources for an outcome, each checked."""
    if outcome.result is None:
        return
    plugin, resources = host.render_report(outcome.result)
    for resource in resources:
        if not (isinstance(resource, dict) and isinstance(resource.get("id"), str)):
            raise PublishRefused(
                f"the plugin {plugin!r} renders the result of {outcome.name!r} as something that "
                "is no resource with an id. Nothing was written; tell its author."
            )
        _check(resource, f", rendered by the plugin {plugin!r},")
        yield resource


def _refuse_doubles(resources: Sequence[Resource]) -> None:
    names = [_reference(resource) for resource in resources]
    for name in names:
        if names.count(name) > 1:
            raise PublishRefused(
                f"the report would hold {name} twice. Nothing was written; tell the author of the "
                "plugin that renders it: an id of its own for each result."
            )


def _check(resource: Resource, whose: str = "") -> None:
    if found := faults(resource):
        name = f"{resource.get('resourceType')}/{resource.get('id')}"
        raise PublishRefused(
            f"{name}{whose} is no valid FHIR R4: {'; '.join(found)}. Nothing was written."
        )


def _labelled(resource: Resource) -> Resource:
    """Labelled as test data."""
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "security": [*meta.get("security", ()), TEST_DATA]}}


def _other_extensions(resource: Mapping[str, Any]) -> list[Any]:
    return [one for one in resource.get("extension", ()) if one.get("url") != DIGEST]


def _identifier(study: str, *parts: str) -> Resource:
    return {"system": SYSTEM, "value": "/".join([study, *parts])}


def _id(results: Results, outcome: Outcome, estimate: Estimate) -> str:
    return stable_id(results.study, "statistic", outcome.name, estimate.name)


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _group_reference(results: Results) -> Resource:
    return {"reference": f"Group/{stable_id(results.study, 'group')}"}


def _software(results: Results) -> Resource:
    return {"display": f"abate {results.version}"}


def _period(results: Results) -> Resource:
    start, end = results.period
    return {"start": start, "end": end}


def _statistic(code: str, text: str) -> Resource:
    return {"coding": [{"system": STATISTIC, "code": code}], "text": text}


def _quantity(value: float, unit: str) -> Resource:
    whole = int(value) if float(value).is_integer() else value
    return {"value": whole, "unit": unit.strip("{}"), "system": UCUM, "code": unit}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
