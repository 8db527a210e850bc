"""What stands on a target: one resource, and the statistics that its report lists besides ours."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from abate.errors import SourceError
from abate.identity import SYSTEM
from abate.report.fhir import Resource, digest_of
from abate.results import Results
from abate.source.http import FhirServer

_OBSERVATION = re.compile(r"Observation/[A-Za-z0-9\-.]{1,64}")


def standing(server: FhirServer, reference: str) -> Resource | None:
    """What a server has at `Type/id` now; None if there is nothing, or nothing any more.

    Raises:
        SourceError: it answers with something else than that resource.
    """
    answer = server.read(reference)
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return None
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}")
    found = answer.json()
    if not isinstance(found, dict):
        raise SourceError(f"{answer.place} answered with JSON that is no resource")
    if f"{found.get('resourceType')}/{found.get('id')}" != reference:
        raise SourceError(f"{answer.place} answered with another resource")
    return found


def no_longer_made(
    server: FhirServer, report: Resource, results: Results, ours: set[str]
) -> tuple[list[Resource], list[Resource]]:
    """The study's statistics that only the target's `report` lists: to keep, and to retract.

    `ours` are the references that are written now. Those of an analysis that failed are kept.
    What does not carry abate's mark, or is another study's, is in neither list.
    """
    failed = {outcome.name for outcome in results.failed}
    kept, vanished = list[Resource](), list[Resource]()
    for name in _listed(server, report, ours):
        found = standing(server, name)
        if found and digest_of(found) and (analysis := _analysis(found, results.study)):
            (kept if analysis in failed else vanished).append(found)
    return kept, vanished


def _listed(server: FhirServer, report: Resource, ours: set[str]) -> Iterator[str]:
    """The Observations that a report lists and that are not among `ours`, each once."""
    texts = (str(one.get("reference")) for one in report.get("result", ()))
    for name in dict.fromkeys(text.removeprefix(f"{server.base}/") for text in texts):
        if _OBSERVATION.fullmatch(name) and name not in ours:
            yield name


def _analysis(observation: Resource, study: str) -> str | None:
    """The analysis that made a statistic of the study; None if it is no such statistic."""
    for identifier in observation.get("identifier", ()):
        parts = str(identifier.get("value")).split("/", 2)
        if identifier.get("system") == SYSTEM and len(parts) == 3 and parts[0] == study:
            return parts[1]
    return None
