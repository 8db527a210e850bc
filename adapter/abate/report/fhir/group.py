"""The subjects of a report: the Group of patients, and the List of index procedures.

A Group cannot hold Procedures: https://hl7.org/fhir/R4/group.html
"""

from collections.abc import Sequence
from html import escape

from abate.analysis.results import Results
from abate.fhir.canonical import REPORT, stable_id
from abate.report.fhir.elements import (
    TERMINOLOGY,
    Resource,
    concept,
    group_reference,
    identifier,
    now,
    software,
)
from abate.report.fhir.narrative import narrative, shown


def group(results: Results, *, is_at_source: bool) -> Resource:
    """Return the Group of treated patients: a number, with members only if they may be listed."""
    treated = _count_treated(results)
    text = (
        f"{shown(treated)} patients treated in the study {results.title}; "
        f"{shown(results.patients)} analysed"
    )
    resource: Resource = {
        "resourceType": "Group",
        "id": stable_id(results.study, "group"),
        "text": narrative(f"<p>{escape(text)}</p>"),
        "identifier": [identifier(results.study, "group")],
        "active": True,
        "type": "person",
        "actual": True,
        "name": f"{results.title}: patients treated",
    }
    if treated is not None:
        resource["quantity"] = treated
    if results.members and results.members.patients:
        listed = _list(results, "Patient", results.members.patients, is_at_source=is_at_source)
        resource["member"] = [{"entity": entity} for entity in listed]
    return resource


def index_procedures(results: Results, *, is_at_source: bool) -> Resource:
    """Return the List of index procedures of the analysed lesions; empty unless it is allowed."""
    listed = results.members.procedures if results.members else ()
    title = f"{results.title}: index procedures of the analysed {results.noun.many}"
    words = "listed" if listed else "not listed"
    resource: Resource = {
        "resourceType": "List",
        "id": stable_id(results.study, "index-procedures"),
        "text": narrative(f"<p>{escape(title)}: {shown(results.lesions)}, {words}.</p>"),
        "identifier": [identifier(results.study, "index-procedures")],
        "status": "current",
        "mode": "snapshot",
        "title": title,
        "code": concept(REPORT, "index-procedures", "index procedures"),
        "subject": group_reference(results),
        "date": now(),
        "source": software(results),
    }
    if listed:
        items = _list(results, "Procedure", listed, is_at_source=is_at_source)
        return {**resource, "entry": [{"item": item} for item in items]}
    withheld = concept(f"{TERMINOLOGY}/list-empty-reason", "withheld")
    return {**resource, "emptyReason": withheld}


def _count_treated(results: Results) -> int | None:
    """Return the number of patients with a treated lesion, analysed or not; None if withheld."""
    for step in results.attrition:
        if (step.stage, step.unit) == ("treated", "patient"):
            return step.n
    return None


def _list(results: Results, kind: str, ids: Sequence[str], *, is_at_source: bool) -> list[Resource]:
    """Return references to resources of the source: literal there, identifiers elsewhere."""
    if is_at_source:
        return [{"reference": f"{kind}/{identifier}"} for identifier in ids]
    system = f"{results.inputs.server.rstrip('/')}/{kind}"
    return [
        {"type": kind, "identifier": {"system": system, "value": identifier}} for identifier in ids
    ]
