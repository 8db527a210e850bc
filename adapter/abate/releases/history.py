"""What a server still shows of a report in its history."""

from http import HTTPStatus

from abate.errors import SourceError
from abate.fhir.client import FhirServer


def remaining(server: FhirServer, report: str) -> str:
    """Return a sentence on the versions of a report that can still be read."""
    place = f"{server.base}/{report}/_history"
    number = _versions(server, report)
    if number is None:
        return (
            f"it is unknown whether earlier versions of the report can still be read in {place}, "
            "or in the history of its other resources: ask the operator of the server"
        )
    if number == 0:
        return f"no earlier version of the report can be read in {place}"
    return (
        f"{number} earlier versions of the report can still be read in {place}, and perhaps as "
        "many of its other resources: if nobody may read them, delete them there"
    )


def _versions(server: FhirServer, report: str) -> int | None:
    """Return the number of versions before the retracted one; None if the server does not say."""
    try:
        answer = server.get(f"{report}/_history")
        bundle = answer.json() if answer.status == HTTPStatus.OK else None
    except SourceError:
        return None
    if not isinstance(bundle, dict) or bundle.get("type") != "history":
        return None
    return max(len(bundle.get("entry") or ()) - 1, 0)
