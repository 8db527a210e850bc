"""Results as FHIR R4 or R5: the order of a report's resources, and the check of each.

The DiagnosticReport is the root: it refers to all other resources, and none is about a single
patient. Ids are made of study, analysis and statistic, so that they are stable; a digest of the
content without run times shows whether a resource must be written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from abate.analysis.hooks import ReportContext
from abate.analysis.loader import Host
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.errors import PublishRefused
from abate.fhir.types import OPTIONAL_TO_WRITE, WRITTEN_NAMES
from abate.report.fhir.code_system import code_systems
from abate.report.fhir.content_digest import RUN_TIMES, digest, digest_of, mark
from abate.report.fhir.diagnostic_report import diagnostic_report, report_id
from abate.report.fhir.elements import TERMINOLOGY, Resource, Version, reference_to
from abate.report.fhir.group import group, index_procedures
from abate.report.fhir.measures import measure, measure_report
from abate.report.fhir.observation import statistic, statistic_id
from abate.report.fhir.provenance import provenance
from abate.report.fhir.r5 import as_r5
from abate.report.fhir.validation import faults
from abate.report.rounding import round_resource

__all__ = [
    "OPTIONAL",
    "RUN_TIMES",
    "TYPES",
    "Resource",
    "Version",
    "context_of",
    "digest",
    "digest_of",
    "mark",
    "needs",
    "references",
    "report",
    "report_id",
]

# The types of a report; a plugin may render others.
TYPES = WRITTEN_NAMES
OPTIONAL = OPTIONAL_TO_WRITE
TEST_DATA = {
    "system": f"{TERMINOLOGY}/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


def report(
    results: Results, host: Host, *, page: str = "", version: Version = "R4", target: str = ""
) -> list[Resource]:
    """Return the checked resources of a report; each comes after the ones that it refers to.

    Args:
        results: the released results.
        host: the plugins, which may render their own resources.
        page: the report for people, as HTML, which the DiagnosticReport contains.
        version: the FHIR version.
        target: the base URL of the target. If members may be listed, they are literal references
            on the source itself, and identifiers elsewhere.

    Raises:
        PublishRefused: a resource is not valid FHIR; names it and the rule. Or a plugin renders R4
            for an R5 target.
        PluginError: a plugin's `render_report` failed.
    """
    done = [outcome for outcome in results.outcomes if outcome.result is not None]
    is_at_source = target.rstrip("/") == results.inputs.server.rstrip("/")
    statistics = [resource for outcome in done for resource in _statistics(results, outcome)]
    own = [
        resource
        for outcome in done
        for resource in _render(outcome, host, version, context_of(results, outcome, target))
    ]
    written = [
        group(results, is_at_source=is_at_source),
        index_procedures(results, is_at_source=is_at_source),
        *_measures(results, done),
        *statistics,
        *own,
        diagnostic_report(results, done, statistics, page),
    ]
    made = [*written, provenance(results, host, written)]
    _refuse_doubles(made)
    labelled = [_label(resource) for resource in made] if results.synthetic else made
    return [_finish(system, version) for system in (*code_systems(), *labelled)]


def references(results: Results, outcome: Outcome) -> list[str]:
    """Return the `Observation/id` of each statistic of an outcome."""
    estimates = outcome.result.estimates if outcome.result else ()
    return [f"Observation/{statistic_id(results, outcome, estimate)}" for estimate in estimates]


def context_of(
    results: Results, outcome: Outcome, target: str, changes: Mapping[str, str] | None = None
) -> ReportContext:
    """Return what plugins get with a result that is published."""
    return ReportContext(
        study=results.study,
        analysis=outcome.name,
        use=outcome.use,
        is_primary=outcome.primary,
        target=target,
        report=f"DiagnosticReport/{report_id(results.study)}",
        changes=changes or {},
    )


def needs(resources: Iterable[Resource]) -> list[str]:
    """Return the types of these resources, each once, in their order."""
    kinds = dict.fromkeys(str(resource["resourceType"]) for resource in resources)
    return [kind for kind in kinds if kind not in OPTIONAL]


def _statistics(results: Results, outcome: Outcome) -> Iterator[Resource]:
    for estimate in outcome.result.estimates if outcome.result else ():
        yield statistic(results, outcome, estimate)


def _measures(results: Results, done: Sequence[Outcome]) -> list[Resource]:
    """Return the Measures and then the MeasureReports, which refer to them."""
    asked = [
        (outcome, outcome.result, measured)
        for outcome in done
        if outcome.result
        for measured in outcome.result.measures
    ]
    return [make(results, *pair) for make in (measure, measure_report) for pair in asked]


def _render(
    outcome: Outcome, host: Host, version: Version, context: ReportContext
) -> Iterator[Resource]:
    """Give a plugin's resources for an outcome, checked and with rounded numbers."""
    if outcome.result is None:
        return
    plugin, resources = host.render_report(outcome.result, context)
    if resources and version != "R4":
        raise PublishRefused(
            f"the plugin {plugin!r} renders the result of {outcome.name!r} as FHIR R4, and the "
            f"target is {version}. Nothing was written; publish to an R4 server, or block the "
            f"plugin: [plugins] block = ['{plugin}']"
        )
    for resource in resources:
        if not (isinstance(resource, dict) and isinstance(resource.get("id"), str)):
            raise PublishRefused(
                f"the plugin {plugin!r} renders the result of {outcome.name!r} as something that "
                "is not a resource with an id. Nothing was written; tell its author."
            )
        _check(resource, "R4", f", rendered by the plugin {plugin!r},")
        yield round_resource(resource)


def _refuse_doubles(resources: Sequence[Resource]) -> None:
    names = [reference_to(resource) for resource in resources]
    for name in names:
        if names.count(name) > 1:
            raise PublishRefused(
                f"the report would have {name} twice. Nothing was written; tell the author of the "
                "plugin that renders it: each result needs its own id."
            )


def _finish(resource: Resource, version: Version) -> Resource:
    """Check a resource, convert it to the FHIR version, and add its digest."""
    _check(resource, "R4")
    if version == "R4":
        return mark(resource)
    changed = mark(as_r5(resource))
    _check(changed, version)
    return changed


def _check(resource: Resource, version: Version, whose: str = "") -> None:
    if problems := faults(resource, version):
        name = f"{resource.get('resourceType')}/{resource.get('id')}"
        raise PublishRefused(
            f"{name}{whose} is not valid FHIR {version}: {'; '.join(problems)}. "
            "Nothing was written."
        )


def _label(resource: Resource) -> Resource:
    """Label a resource as test data."""
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "security": [*meta.get("security", ()), TEST_DATA]}}
