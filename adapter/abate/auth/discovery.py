"""Find the token endpoint of a FHIR server: by SMART configuration or CapabilityStatement.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from abate.errors import LoginRefused, SourceError
from abate.fhir.client import Answer, FhirServer
from abate.http.failures import TRANSIENT
from abate.http.urls import is_loopback, is_private

WELL_KNOWN = ".well-known/smart-configuration"
# The extension of SMART 1; servers without a smart-configuration still use it.
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The token endpoint and its supported options; a list is None if the server gives none.

    `algorithms` are the signing algorithms of assertions, `methods` the authentication methods.
    """

    token_url: str
    algorithms: tuple[str, ...] | None = None
    methods: tuple[str, ...] | None = None


def find(server: FhirServer, table: str) -> Discovery:
    """Ask a server, without a login, for its token endpoint.

    Raises:
        LoginRefused: the server names none, or one to which no secret may be sent.
        SourceError: the server does not answer.
    """
    answer = server.get_json(WELL_KNOWN)
    content = _content(answer)
    if content is None and answer.status in TRANSIENT:
        raise SourceError(f"{answer.place} answered {answer.status} after repeated attempts")
    url = (content or {}).get("token_endpoint") or _of_capability(_content(server.get("metadata")))
    if not isinstance(url, str):
        raise LoginRefused(
            f"{server.base} does not name a token endpoint: {WELL_KNOWN} answered "
            f"{answer.status} without a token_endpoint, and its CapabilityStatement names no "
            f"oauth-uris. Set token_url in [{table}.auth]"
        )
    _refuse_open(server.base, url)
    return Discovery(
        token_url=url,
        algorithms=_texts(content, "token_endpoint_auth_signing_alg_values_supported"),
        methods=_texts(content, "token_endpoint_auth_methods_supported"),
    )


def _refuse_open(base: str, url: str) -> None:
    try:
        allowed = is_private(url) and (url.startswith("https:") or is_loopback(base))
    except ValueError:
        allowed = False
    if not allowed:
        raise LoginRefused(
            f"{base} names a token endpoint without https, to which no secret may be sent"
        )


def _content(answer: Answer) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer, or None: some servers send errors as HTML with 200."""
    if answer.status != HTTPStatus.OK:
        return None
    try:
        content = answer.json()
    except SourceError:
        return None
    return content if isinstance(content, dict) else None


def _of_capability(statement: Mapping[str, Any] | None) -> str | None:
    if (statement or {}).get("resourceType") != "CapabilityStatement":
        return None
    for security in _inside([statement], "rest", "security"):
        for uris in _extensions(security, OAUTH_URIS):
            for token in _extensions(uris, "token"):
                return str(token.get("valueUri"))
    return None


def _inside(objects: Iterable[Any], *names: str) -> Iterable[Mapping[str, Any]]:
    """Yield the objects at `names`, whether single or in lists."""
    tables = [item for item in objects if isinstance(item, dict)]
    if not names:
        return tables
    below = [table.get(names[0]) for table in tables]
    spread = [
        item for element in below for item in (element if isinstance(element, list) else [element])
    ]
    return _inside(spread, *names[1:])


def _extensions(element: Mapping[str, Any], url: str) -> list[Mapping[str, Any]]:
    return [
        extension for extension in _inside([element], "extension") if extension.get("url") == url
    ]


def _texts(content: Mapping[str, Any] | None, name: str) -> tuple[str, ...] | None:
    texts = (content or {}).get(name)
    if not isinstance(texts, list):
        return None
    return tuple(text for text in texts if isinstance(text, str))
