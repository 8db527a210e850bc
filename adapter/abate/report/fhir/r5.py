"""The conversion of R4 resources to R5, for the types that abate writes.

docs/reference/fhir.md lists the differences; see also https://hl7.org/fhir/R5/measurereport.html
and the pages of the other types.
"""

from collections.abc import Callable, Iterable
from typing import Any

from abate.report.fhir.elements import TERMINOLOGY, Resource, concept
from abate.report.fhir.measures import BASIS

__all__ = ["as_r5"]


def as_r5(resource: Resource) -> Resource:
    """Return a resource in R5; types without differences in abate's elements stay as they are."""
    change = _CHANGES.get(resource["resourceType"])
    return change(resource) if change else resource


def _group(resource: Resource) -> Resource:
    changed = _without(resource, "actual")
    return {**changed, "membership": "enumerated"}


def _list(resource: Resource) -> Resource:
    return {**resource, "subject": [resource["subject"]]}


def _measure(resource: Resource) -> Resource:
    [basis] = [
        extension["valueCode"] for extension in resource["extension"] if extension["url"] == BASIS
    ]
    groups = [_link_group(group, name, _definition) for name, group in _name(resource["group"])]
    return {**_without(resource, "extension"), "basis": basis, "group": groups}


def _measure_report(resource: Resource) -> Resource:
    scoring = concept(f"{TERMINOLOGY}/measure-scoring", "proportion")
    groups = [_link_group(group, name, _strata) for name, group in _name(resource["group"])]
    return {**resource, "scoring": scoring, "group": groups}


def _name(groups: Iterable[Resource]) -> Iterable[tuple[str, Resource]]:
    """Add link ids to each group; a Measure and its MeasureReport have the same order."""
    return ((f"group-{place}", group) for place, group in enumerate(groups, start=1))


def _link_group(
    group: Resource, name: str, stratifier: Callable[[Resource, str], Resource]
) -> Resource:
    linked = {"linkId": name, **_score(group), "population": _link_all(group["population"], name)}
    if "stratifier" in group:
        linked["stratifier"] = [stratifier(item, name) for item in group["stratifier"]]
    return linked


def _definition(stratifier: Resource, group: str) -> Resource:
    return {"linkId": _link(group, stratifier["code"]), **stratifier}


def _strata(stratifier: Resource, group: str) -> Resource:
    [code] = stratifier["code"]
    strata = [_stratum(item, group) for item in stratifier["stratum"]]
    return {"linkId": _link(group, code), "code": code, "stratum": strata}


def _stratum(stratum: Resource, group: str) -> Resource:
    components = [
        {**_without(component, "value"), "valueCodeableConcept": component["value"]}
        for component in stratum["component"]
    ]
    populations = _link_all(stratum["population"], group)
    return {**_score(stratum), "component": components, "population": populations}


def _link_all(coded: Iterable[Resource], within: str) -> list[Resource]:
    return [{"linkId": _link(within, component["code"]), **component} for component in coded]


def _link(within: str, code: Resource) -> str:
    [first, *_] = code.get("coding") or [{"code": code["text"]}]
    return f"{within}.{first['code']}"


def _score(given: Resource) -> Resource:
    if "measureScore" not in given:
        return given
    return {**_without(given, "measureScore"), "measureScoreQuantity": given["measureScore"]}


def _without(given: Resource, name: str) -> Resource:
    return {key: value for key, value in given.items() if key != name}


_CHANGES: dict[str, Callable[[Resource], dict[str, Any]]] = {
    "Group": _group,
    "List": _list,
    "Measure": _measure,
    "MeasureReport": _measure_report,
}
