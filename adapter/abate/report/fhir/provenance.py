"""The Provenance of a report: inputs, study file, software, mappings, plugins."""

from collections.abc import Iterator, Sequence
from html import escape

from abate.analysis.host import Host
from abate.analysis.results import Results
from abate.fhir.canonical import INPUTS, STUDY_FILE, stable_id
from abate.report.fhir.elements import (
    TERMINOLOGY,
    Resource,
    concept,
    list_reference,
    now,
    reference_to,
    software,
)
from abate.report.fhir.narrative import narrative
from abate.report.page.formatting import withheld_by_source


def provenance(results: Results, host: Host, written: Sequence[Resource]) -> Resource:
    """Return the Provenance of all resources of the study.

    The inputs are counts and one digest of the resource versions; no resource of the source is
    named, except in the List if members may be listed.
    """
    plugins = [*_plugins(results), *_others(results, host)]
    return {
        "resourceType": "Provenance",
        "id": stable_id(results.study, "provenance"),
        "text": narrative(f"<p>{escape(_sentence(results))}</p>"),
        "target": [{"reference": reference_to(resource)} for resource in written],
        "recorded": now(),
        "activity": concept(
            f"{TERMINOLOGY}/v3-DataOperation", "CREATE", "computation of pain outcomes"
        ),
        "agent": [
            {"who": software(results)},
            *({"who": {"display": plugin}} for plugin in plugins),
        ],
        "entity": list(_entities(results)),
    }


def _plugins(results: Results) -> list[str]:
    return sorted(
        {f"plugin {outcome.plugin} {outcome.plugin_version}" for outcome in results.outcomes}
    )


def _others(results: Results, host: Host) -> list[str]:
    """Return the other loaded plugins: mappings, code lists, readers of scores."""
    ran = {outcome.plugin for outcome in results.outcomes}
    return [
        f"plugin {plugin.name} {plugin.version}"
        for plugin in host.known
        if plugin.state == "loaded" and plugin.name not in ran
    ]


def _entities(results: Results) -> Iterator[Resource]:
    pulled = f": {_counts(results)}" if results.inputs.counts else ""
    parts = [f"resources pulled and mapped{pulled}", results.inputs.doubt]
    display = ". ".join(filter(None, [*parts, withheld_by_source(results)]))
    yield _entity(INPUTS, results.inputs.digest, display)
    yield _entity(STUDY_FILE, results.study_digest, "settings and code lists of the study, SHA-256")
    if results.members:
        yield {"role": "source", "what": list_reference(results)}


def _entity(system: str, value: str, display: str) -> Resource:
    identifier = {"system": system, "value": value}
    return {"role": "source", "what": {"identifier": identifier, "display": display}}


def _sentence(results: Results) -> str:
    pulled = f" from {_counts(results)}" if results.inputs.counts else ""
    sentences = [f"Computed by abate {results.version}{pulled}.", results.inputs.doubt]
    return " ".join(filter(None, [*sentences, withheld_by_source(results)]))


def _counts(results: Results) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in sorted(results.inputs.counts.items()))
