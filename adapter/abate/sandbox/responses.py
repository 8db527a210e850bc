"""HTTP responses and the Bundles in them. Links begin with the base URL that the client used."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from werkzeug.http import http_date
from werkzeug.wrappers import Response

from abate.sandbox import json_codec
from abate.sandbox.errors import RequestRefused, operation_outcome
from abate.sandbox.store import StoredVersion

FHIR_JSON = "application/fhir+json"
Link = dict[str, str]


def resource_response(
    resource: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with a resource."""
    return Response(json_codec.encode(resource), status, headers, content_type=FHIR_JSON)


def refusal_response(refused: RequestRefused, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with the OperationOutcome of a refusal."""
    outcome = operation_outcome(refused.code, refused.diagnostics)
    return resource_response(outcome, refused.status, headers)


def version_response(version: StoredVersion, status: int = 200, location: str = "") -> Response:
    """Return a response with one version; without a body after a deletion (204) and for 304."""
    headers = {"ETag": version.etag, "Last-Modified": http_date(version.updated)}
    if location:
        headers["Location"] = f"{location}/{path_of(version)}"
    if version.body is None or status == 304:
        return Response(status=status, headers=headers)
    return Response(version.body, status, headers, content_type=FHIR_JSON)


def path_of(version: StoredVersion) -> str:
    """Return the URL of a version, relative to the base."""
    return f"{version.key}/_history/{version.number}"


def raw(version: StoredVersion) -> msgspec.Raw:
    """Return a version as stored, for use inside another resource."""
    return msgspec.Raw(version.body or b"null")


def searchset(
    versions: Iterable[StoredVersion], total: int, links: Sequence[Link], base_url: str
) -> dict[str, Any]:
    """Return the Bundle with one page of a search."""
    entries = [
        {
            "fullUrl": f"{base_url}/{version.key}",
            "resource": raw(version),
            "search": {"mode": "match"},
        }
        for version in versions
    ]
    return _bundle("searchset", total, links, entries)


def history(
    versions: Sequence[StoredVersion], links: Sequence[Link], base_url: str
) -> dict[str, Any]:
    """Return the Bundle with versions, in the given order; a deletion has no resource."""
    entries = [_history_entry(version, base_url) for version in versions]
    return _bundle("history", len(versions), links, entries)


def link(relation: str, url: str) -> Link:
    """Return a link of a Bundle."""
    return {"relation": relation, "url": url}


def version_facts(version: StoredVersion, status: int) -> dict[str, str]:
    """Return `Bundle.entry.response` for an interaction that resulted in this version."""
    return {
        "status": f"{status} {HTTPStatus(status).phrase}",
        "location": path_of(version),
        "etag": version.etag,
        "lastModified": version.instant,
    }


def _history_entry(version: StoredVersion, base_url: str) -> dict[str, Any]:
    of_type = version.method == "POST"
    url = version.key.resource_type if of_type else str(version.key)
    status = {"POST": 201, "PUT": 201 if version.number == 1 else 200, "DELETE": 204}
    entry: dict[str, Any] = {"fullUrl": f"{base_url}/{version.key}"}
    if version.body is not None:
        entry["resource"] = raw(version)
    return entry | {
        "request": {"method": version.method, "url": url},
        "response": version_facts(version, status[version.method]),
    }


def _bundle(
    kind: str, total: int, links: Sequence[Link], entries: list[dict[str, Any]]
) -> dict[str, Any]:
    bundle = {"resourceType": "Bundle", "type": kind, "total": total, "link": list(links)}
    return bundle | ({"entry": entries} if entries else {})
