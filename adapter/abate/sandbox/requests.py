"""What an HTTP request says: its content, its conditions, and where the client found us."""

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
# Not without a media type: a web page can send such a body to this machine.
_JSON = ("application/fhir+json", "application/json", "application/json+fhir", "text/json")
_FORM = "application/x-www-form-urlencoded"


def base_url(request: Request) -> str:
    """Our base URL by the name that the client used, so that it holds behind a proxy."""
    return request.url_root.rstrip("/") + BASE


def content(request: Request) -> Any:
    """The JSON in the body, with its numbers as they were written.

    Raises:
        Refused: it is of another type (415), or no JSON (400).
    """
    if request.mimetype not in _JSON:
        raise RequestRefused(415, "not-supported", "only JSON is understood: application/fhir+json")
    try:
        return json_codec.decode(request.get_data())
    except ValueError:
        raise RequestRefused(400, "structure", "the body is no JSON") from None


def search_pairs(request: Request) -> list[Pair]:
    """The parameters of a search, from the URL and then from the form.

    Raises:
        Refused: 415, the body is no form.
    """
    pairs = list(request.args.items(multi=True))
    if request.method != "POST" or not request.get_data():
        return pairs
    if request.mimetype != _FORM:
        raise RequestRefused(415, "not-supported", f"the parameters have to come as {_FORM}")
    return pairs + parse_qsl(request.get_data().decode(errors="replace"))


def is_strict(request: Request) -> bool:
    """Whether the client would rather be refused than misunderstood."""
    return "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")


def condition(request: Request) -> Condition:
    """If-Match and If-None-Match."""
    headers = request.headers
    return Condition(if_match=headers.get("If-Match"), if_none_match=headers.get("If-None-Match"))


def check_arguments(arguments: Mapping[str, str]) -> None:
    """Look at the type and the id in a URL.

    Raises:
        Refused: the type is not supported (404), or the id is none (400).
    """
    if arguments.get("resource_type", "Patient") not in PARAMETERS:
        raise RequestRefused(404, "not-supported", "resources of this type are not supported")
    if ID.fullmatch(arguments.get("id", "any")) is None:
        raise RequestRefused(
            400, "not-supported", "the URL holds no FHIR id; there are no operations"
        )
