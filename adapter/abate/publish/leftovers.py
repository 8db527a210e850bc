"""The study's resources on the target that the report no longer has: kept, or to retract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abate.analysis.results import Results
from abate.fhir.client import FhirServer
from abate.publish.existing import Own, entry_points, find_own, list_references
from abate.publish.retract_status import is_retracted
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource, reference_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """The study's resources on the target that are not written now.

    Attributes:
        kept: resources of analyses that failed, which stay unchanged.
        vanished: resources that the study no longer makes, which will be retracted.
        retracted: resources that were retracted before.
    """

    kept: Sequence[Resource] = ()
    vanished: Sequence[Resource] = ()
    retracted: Sequence[Resource] = ()

    @property
    def all(self) -> list[Resource]:
        """All of these resources."""
        return [*self.kept, *self.vanished, *self.retracted]


def remaining(
    server: FhirServer, results: Results, existing: Mapping[str, Resource | None]
) -> Leftovers:
    """Return what only the DiagnosticReport and the Provenance on the target still name.

    Args:
        server: the target.
        results: the results that are reported now.
        existing: the resources of the report that the target has, by reference.
    """
    lists = [existing.get(name) for name in entry_points(results.study)]
    owns = find_own(server, results.study, list_references(server, *lists), besides=existing)
    retracted = [own.resource for own in owns if is_retracted(own.resource)]
    others = [own for own in owns if not is_retracted(own.resource)]
    failed = {outcome.name for outcome in results.failed}
    return Leftovers(
        kept=[other.resource for other in others if _stays(other, failed)],
        vanished=[own.resource for own in others if not _stays(own, failed)],
        retracted=retracted,
    )


def with_leftovers(resource: Resource, study: str, remains: Leftovers) -> Resource:
    """Add the kept resources to a DiagnosticReport, or all leftovers to a Provenance."""
    report, provenance = entry_points(study)
    if reference_to(resource) == report:
        kept = [item for item in remains.kept if item["resourceType"] == "Observation"]
        return _extend(resource, "result", kept)
    if reference_to(resource) == provenance:
        return _extend(resource, "target", sorted(remains.all, key=reference_to))
    return resource


def _stays(own: Own, failed: set[str]) -> bool:
    """Whether a resource is of an analysis that failed; one of a plugin may be of any."""
    return own.analysis in failed or (own.analysis is None and bool(failed))


def _extend(resource: Resource, element: str, more: Sequence[Resource]) -> Resource:
    if not more:
        return resource
    names = [{"reference": reference_to(item)} for item in more]
    return mark({**resource, element: [*resource.get(element, ()), *names]})
