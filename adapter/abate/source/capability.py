"""What a server says of itself, held against what a pull needs: FHIR R4, and no login."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from abate.errors import SourceError
from abate.source import shown
from abate.source.answer import Answer
from abate.source.failures import TRANSIENT

_ITS_URL = "its URL"


def r4(base: str, answer: Answer) -> Mapping[str, Any]:
    """The CapabilityStatement of a FHIR R4 server.

    Raises:
        SourceError: it is none; names the cure.
    """
    if answer.status != HTTPStatus.OK:
        if answer.status in TRANSIENT:
            raise SourceError(
                f"{answer.place} answered {answer.status}, also when asked again: the server has "
                "trouble. Try later."
            )
        raise _no_fhir(f"{answer.place} answered {answer.status}")
    try:
        statement = answer.json()
    except SourceError as error:
        raise _no_fhir(str(error)) from None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise _no_fhir(f"{answer.place} answered with JSON that is no CapabilityStatement")
    version = statement.get("fhirVersion")
    if version != "4.0" and not str(version).startswith("4.0."):
        raise SourceError(
            f"{base} speaks {shown.fhir_version(version)}, and abate needs R4 (4.0.1). "
            "Many servers offer R4 at another base URL, such as /r4."
        )
    return statement


def _no_fhir(found: str) -> SourceError:
    return SourceError(
        f"{found}: this is not the base URL of a FHIR server. Check {_ITS_URL}; it often ends in "
        "/fhir or /r4."
    )
