"""The routes below `/fhir`, and one method for each interaction.

Each method is called with the store locked, and returns a response or raises `RequestRefused`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from abate.sandbox import interactions, responses, transaction
from abate.sandbox.capability import capability_statement
from abate.sandbox.errors import RequestRefused
from abate.sandbox.interactions import check_resource, matches
from abate.sandbox.requests import BASE, base_url, condition, content, is_strict, search_pairs
from abate.sandbox.search.dates import stretch
from abate.sandbox.search.pages import Pages
from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.search.references import Key, key_of
from abate.sandbox.search.search import sole_match
from abate.sandbox.store import SandboxStore, StoredVersion

_TYPE = f"{BASE}/<resource_type>"
_INSTANCE = f"{_TYPE}/<id>"

ROUTES = Map(
    [
        Rule(f"{BASE}/metadata", methods=["GET"], endpoint="metadata"),
        Rule(f"{BASE}", methods=["POST"], endpoint="transaction"),
        Rule(f"{BASE}/", methods=["POST"], endpoint="transaction"),
        Rule(_TYPE, methods=["GET"], endpoint="search"),
        Rule(_TYPE, methods=["POST"], endpoint="create"),
        Rule(_TYPE, methods=["PUT"], endpoint="conditional_update"),
        Rule(f"{_TYPE}/_search", methods=["POST"], endpoint="search"),
        Rule(f"{_TYPE}/_history", methods=["GET"], endpoint="history_of_type"),
        Rule(_INSTANCE, methods=["GET"], endpoint="read"),
        Rule(_INSTANCE, methods=["PUT"], endpoint="update"),
        Rule(_INSTANCE, methods=["DELETE"], endpoint="delete"),
        Rule(f"{_INSTANCE}/_history", methods=["GET"], endpoint="history"),
        Rule(f"{_INSTANCE}/_history/<number>", methods=["GET"], endpoint="vread"),
    ],
    merge_slashes=False,
)


class Endpoints:
    """The interactions on a store, from an HTTP request to its response."""

    def __init__(self, store: SandboxStore, pages: Pages, started: datetime) -> None:
        self._store = store
        self._pages = pages
        self._started = started

    def metadata(self, request: Request) -> Response:
        """Return the CapabilityStatement."""
        statement = capability_statement(base_url(request), self._started)
        return responses.resource_response(statement)

    def transaction(self, request: Request) -> Response:
        """Process a transaction, as a whole or not at all; or the reads of a batch."""
        bundle, base = content(request), base_url(request)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise RequestRefused(400, "invalid", "only a Bundle can be posted to the base URL")
        if bundle.get("type") not in ("transaction", "batch"):
            raise RequestRefused(400, "not-supported", "a Bundle must be a transaction or a batch")

        def fetch(url: str, if_none_match: str | None) -> dict[str, Any]:
            return self._fetch(url, if_none_match, base)

        if bundle["type"] == "batch":
            return responses.resource_response(transaction.read_batch(bundle, base, fetch))
        response = transaction.process(self._store, bundle, base, fetch)
        return responses.resource_response(response)

    def search(self, request: Request, resource_type: str) -> Response:
        """Return the first or a later page of a search."""
        base = base_url(request)
        if "_page" in request.args:
            page = self._pages.following(resource_type, request.args, base)
        else:
            pairs, strict = search_pairs(request), is_strict(request)
            page = self._pages.first(resource_type, pairs, base, strict=strict)
        return responses.resource_response(page)

    def create(self, request: Request, resource_type: str) -> Response:
        """Create a resource, or with If-None-Exist return an existing one."""
        resource = check_resource(content(request), resource_type)
        query = request.headers.get("If-None-Exist")
        existing = sole_match(self._store, resource_type, query) if query is not None else None
        if existing is not None:
            return responses.version_response(existing, 200, base_url(request))
        key = interactions.new_key(resource_type)
        return _respond_to_write(interactions.create(self._store, key, resource), request)

    def update(self, request: Request, resource_type: str, id: str) -> Response:
        """Replace a resource, or create it under the id of the URL."""
        resource = check_resource(content(request), resource_type)
        key = Key(resource_type, id)
        if "id" not in resource:
            raise RequestRefused(400, "invalid", "the resource has no id, and the URL has one")
        written = interactions.update(self._store, key, resource, condition(request))
        return _respond_to_write(written, request)

    def conditional_update(self, request: Request, resource_type: str) -> Response:
        """Replace the one resource that matches a query, or create it."""
        resource = check_resource(content(request), resource_type)
        query = request.query_string.decode(errors="replace")
        key = interactions.conditional_key(self._store, resource_type, query, resource)
        written = interactions.update(self._store, key, resource, condition(request))
        return _respond_to_write(written, request)

    def delete(self, request: Request, resource_type: str, id: str) -> Response:
        """Delete a resource; if it does not exist, the delete succeeds, too."""
        version = interactions.delete(self._store, Key(resource_type, id), condition(request))
        return responses.version_response(version, 204) if version else Response(status=204)

    def read(self, request: Request, resource_type: str, id: str) -> Response:
        """Return the current version."""
        version = interactions.current(self._store, Key(resource_type, id))
        known = request.headers.get("If-None-Match")
        is_known = known is not None and matches(known, version)
        return responses.version_response(version, 304 if is_known else 200)

    def vread(self, request: Request, resource_type: str, id: str, number: str) -> Response:  # noqa: ARG002 - the route has it
        """Return one version."""
        versions = self._store.history(Key(resource_type, id))
        version = next((version for version in versions if str(version.number) == number), None)
        if version is None:
            raise RequestRefused(
                404, "not-found", f"this version of a {resource_type} does not exist"
            )
        if version.body is None:
            raise RequestRefused(410, "deleted", "this version is a deletion")
        return responses.version_response(version)

    def history(self, request: Request, resource_type: str, id: str) -> Response:
        """Return all versions of a resource, the newest first."""
        versions = self._store.history(Key(resource_type, id))
        if not versions:
            raise RequestRefused(404, "not-found", f"this {resource_type} does not exist")
        return _history(versions, request)

    def history_of_type(self, request: Request, resource_type: str) -> Response:
        """Return all versions of all resources of a type, the newest first."""
        return _history(self._store.history_of_type(resource_type), request)

    def _fetch(self, url: str, if_none_match: str | None, base: str) -> dict[str, Any]:
        """Return the entry that answers a GET in a transaction: a read or a search."""
        key = key_of(url)
        if key is not None and url == str(key):
            return _read_entry(interactions.current(self._store, key), if_none_match)
        resource_type, _, query = url.partition("?")
        if resource_type not in PARAMETERS:
            raise RequestRefused(404, "not-supported", "a GET must be a read or a search")
        page = self._pages.first(resource_type, parse_qsl(query), base, strict=False)
        return {"resource": page, "response": {"status": "200 OK"}}


def _read_entry(version: StoredVersion, if_none_match: str | None) -> dict[str, Any]:
    if if_none_match is not None and matches(if_none_match, version):
        return {"response": responses.version_facts(version, 304)}
    facts = responses.version_facts(version, 200)
    return {"resource": responses.raw(version), "response": facts}


def _respond_to_write(written: interactions.WriteResult, request: Request) -> Response:
    return responses.version_response(written.version, written.status, base_url(request))


def _history(versions: Sequence[StoredVersion], request: Request) -> Response:
    """Return the versions, or those since `_since`, on one page."""
    base, since = base_url(request), request.args.get("_since")
    if since is not None:
        try:
            start = stretch(since.replace(" ", "+")).start
        except ValueError:
            raise RequestRefused(400, "value", "the parameter _since is not an instant") from None
        versions = [version for version in versions if version.updated >= start]
    url = f"{base}{request.path.removeprefix(BASE)}"
    links = [responses.link("self", url)]
    return responses.resource_response(responses.history(versions[::-1], links, base))
