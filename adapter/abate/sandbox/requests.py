"""The parts of an HTTP request: its content, its conditions, and the base URL of the client."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request

from abate.sandbox import json_codec
from abate.sandbox.errors import RequestRefused
from abate.sandbox.interactions import Condition
from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.search.references import ID
from abate.sandbox.search.search import Pair

BASE = "/fhir"
# A media type is required: a web page can send a body without one to this machine.
_JSON = ("application/fhir+json", "application/json", "application/json+fhir", "text/json")
_FORM = "application/x-www-form-urlencoded"


def base_url(request: Request) -> str:
    """Return the base URL by the host that the client used, so that it is valid behind a proxy."""
    return request.url_root.rstrip("/") + BASE


def content(request: Request) -> Any:
    """Return the JSON of the body, with its numbers as they were written.

    Raises:
        RequestRefused: it has another media type (415), or is not JSON (400).
    """
    if request.mimetype not in _JSON:
        raise RequestRefused(415, "not-supported", "only JSON is supported: application/fhir+json")
    try:
        return json_codec.decode(request.get_data())
    except ValueError:
        raise RequestRefused(400, "structure", "the body is not JSON") from None


def search_pairs(request: Request) -> list[Pair]:
    """Return the parameters of a search, from the URL and then from the form.

    Raises:
        RequestRefused: 415, the body is not a form.
    """
    pairs = list(request.args.items(multi=True))
    if request.method != "POST" or not request.get_data():
        return pairs
    if request.mimetype != _FORM:
        raise RequestRefused(415, "not-supported", f"the parameters must be sent as {_FORM}")
    return pairs + parse_qsl(request.get_data().decode(errors="replace"))


def is_strict(request: Request) -> bool:
    """Whether the client asks to refuse unknown parameters (`Prefer: handling=strict`)."""
    return "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")


def condition(request: Request) -> Condition:
    """Return the condition of If-Match and If-None-Match."""
    headers = request.headers
    return Condition(if_match=headers.get("If-Match"), if_none_match=headers.get("If-None-Match"))


def check_arguments(arguments: Mapping[str, str]) -> None:
    """Check the type and the id in a URL.

    Raises:
        RequestRefused: the type is not supported (404), or the id is invalid (400).
    """
    if arguments.get("resource_type", "Patient") not in PARAMETERS:
        raise RequestRefused(404, "not-supported", "resources of this type are not supported")
    if ID.fullmatch(arguments.get("id", "any")) is None:
        raise RequestRefused(
            400, "not-supported", "the URL has no valid FHIR id, and operations are not supported"
        )
