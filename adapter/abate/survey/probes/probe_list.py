"""The two Lists that `abate check --write` writes and deletes.

Their ids are chosen by abate, as those of a report are, so that a later check finds Lists that an
earlier one could not delete. They name no patient, and their title says that they may be deleted.
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
    """Return one of the two Lists."""
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
    """Return which of the two exist, and whether a check wrote them.

    Raises:
        SourceError: the server's answer does not show it.
    """
    resources = ((name, read_existing(server, name)) for name in NAMES)
    return {name: _is_ours(resource) for name, resource in resources if resource is not None}


@contextmanager
def delete_at_end(server: FhirServer, left: list[str]) -> Iterator[None]:
    """Delete both at the end, whatever happens inside; Lists that still exist are added to `left`.

    Raises:
        SourceError: the check was interrupted, and a List is left.
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
    """Return a sentence that names the resources left on a server, and what to do."""
    return (
        f"{base} does not delete the resources that abate check --write has written, or does not "
        f"confirm it: {', '.join(left)}. Delete them there, or run abate check --write again"
    )


def remove(server: FhirServer, names: Iterable[str]) -> list[str]:
    """Delete these, also if a read finds none yet, and return those that may still exist."""
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
