"""The two Lists that `abate check --write` writes, and their end.

They have ids of our making, as a report has, so that what an earlier check could not delete is
found again. They name no patient, and say of themselves that they may be deleted.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from abate.errors import AbateError, SourceError
from abate.fhir.canonical import CHECK, forms_of, stable_id
from abate.fhir.client import FhirServer
from abate.http.failures import ABSENT
from abate.publish.existing import read_existing
from abate.report.fhir.elements import Resource, reference_to

TYPE = "List"
TITLE = "A probe of abate check --write: it may be deleted"


def probe_list(part: str, title: str = TITLE) -> Resource:
    """One of the two."""
    return {
        "resourceType": TYPE,
        "id": stable_id("check", part),
        "identifier": [{"system": CHECK, "value": part}],
        "status": "retired",
        "mode": "snapshot",
        "title": title,
    }


NAMES = tuple(reference_to(probe_list(part)) for part in ("first", "second"))


def find_existing(server: FhirServer) -> dict[str, bool]:
    """Which of the two exist, and whether it was a check that has written them.

    Raises:
        SourceError: the server does not say.
    """
    resources = ((name, read_existing(server, name)) for name in NAMES)
    return {name: _is_ours(resource) for name, resource in resources if resource is not None}


@contextmanager
def delete_at_end(server: FhirServer, left: list[str]) -> Iterator[None]:
    """Whatever happens inside, both are deleted at the end; what is still there goes to `left`.

    Raises:
        SourceError: stopped from outside, and something is left.
    """
    try:
        yield
    except BaseException as error:
        left += remove(server, NAMES)
        if left and not isinstance(error, AbateError):
            raise SourceError(left_words(server.base, left)) from None
        raise
    left += remove(server, NAMES)


def left_words(base: str, left: Iterable[str]) -> str:
    """What is left at a server, and what to do."""
    return (
        f"{base} does not let us delete what abate check --write has written there, or does not "
        f"say that it is gone: {', '.join(left)}. Delete it there, or run abate check --write again"
    )


def remove(server: FhirServer, names: Iterable[str]) -> list[str]:
    """Delete these, also if a read finds nothing yet; those that may still be there."""
    return [name for name in names if not _delete(server, name)]


def _delete(server: FhirServer, name: str) -> bool:
    try:
        server.delete(name)
        return server.get(name).status in ABSENT
    except SourceError:
        return False


def _is_ours(resource: Resource) -> bool:
    identifiers = resource.get("identifier") or ()
    return any(
        identifier.get("system") in forms_of(CHECK)
        for identifier in identifiers
        if isinstance(identifier, dict)
    )
