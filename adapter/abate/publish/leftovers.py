"""What a study has on the target besides what it makes now: kept, to retract, or retracted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abate.analysis.results import Results
from abate.fhir.client import FhirServer
from abate.publish.existing import Own, find_own, list_references, ways_in
from abate.publish.retract_status import is_retracted
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource, reference_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """The study's resources on the target that are not written now.

    Attributes:
        kept: of analyses that failed: they stay as they are.
        vanished: what the study no longer makes: to retract.
        retracted: what it no longer made before.
    """

    kept: Sequence[Resource] = ()
    vanished: Sequence[Resource] = ()
    retracted: Sequence[Resource] = ()

    @property
    def all(self) -> list[Resource]:
        """All of them."""
        return [*self.kept, *self.vanished, *self.retracted]


def remaining(
    server: FhirServer, results: Results, found: Mapping[str, Resource | None]
) -> Leftovers:
    """What only the report and the Provenance that stand on the target name.

    Args:
        server: the target.
        results: what is reported now.
        found: what stands there of it, by reference.
    """
    lists = [found.get(name) for name in ways_in(results.study)]
    owns = find_own(server, results.study, list_references(server, *lists), besides=found)
    retracted = [own.resource for own in owns if is_retracted(own.resource)]
    others = [one for one in owns if not is_retracted(one.resource)]
    failed = {outcome.name for outcome in results.failed}
    return Leftovers(
        kept=[other.resource for other in others if _stays(other, failed)],
        vanished=[one.resource for one in others if not _stays(one, failed)],
        retracted=retracted,
    )


def with_leftovers(resource: Resource, study: str, remains: Leftovers) -> Resource:
    """A report that lists what is kept too, or a Provenance that names all that remains."""
    report, provenance = ways_in(study)
    if reference_to(resource) == report:
        kept = [one for one in remains.kept if one["resourceType"] == "Observation"]
        return _extend(resource, "result", kept)
    if reference_to(resource) == provenance:
        return _extend(resource, "target", sorted(remains.all, key=reference_to))
    return resource


def _stays(own: Own, failed: set[str]) -> bool:
    """Of an analysis that failed; what a plugin rendered may be of any."""
    return own.analysis in failed or (own.analysis is None and bool(failed))


def _extend(resource: Resource, element: str, more: Sequence[Resource]) -> Resource:
    if not more:
        return resource
    names = [{"reference": reference_to(one)} for one in more]
    return mark({**resource, element: [*resource.get(element, ()), *names]})
