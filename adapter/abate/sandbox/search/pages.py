"""Pages of a search, over a snapshot of the matches taken with the first page."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from abate.sandbox.errors import RequestRefused
from abate.sandbox.responses import link, searchset
from abate.sandbox.search.references import Key
from abate.sandbox.search.search import Pair, parse
from abate.sandbox.store import SandboxStore

KEPT = 200
"""The maximum number of snapshots; the oldest are dropped, and their next links answer 410."""


class _Snapshot(NamedTuple):
    """The keys that matched, and the length of a page."""

    resource_type: str
    keys: Sequence[Key]
    size: int


class Pages:
    """The searches on a store, and the snapshots of those with further pages."""

    def __init__(self, store: SandboxStore, *, page_size: int, maximum_page_size: int) -> None:
        self._store = store
        self._page_size = page_size
        self._maximum_page_size = maximum_page_size
        self._kept: OrderedDict[str, _Snapshot] = OrderedDict()

    def first(
        self, resource_type: str, pairs: Sequence[Pair], base_url: str, *, strict: bool
    ) -> dict[str, Any]:
        """Search, and return the first page, with a next link if there are more.

        Raises:
            RequestRefused: as in `search.parse`.
        """
        query = parse(resource_type, pairs, base_url, strict=strict)
        result = query.run(self._store)
        url = f"{base_url}/{resource_type}"
        links = [link("self", f"{url}?{urlencode(query.used)}" if query.used else url)]
        if query.only_total:
            return searchset([], len(result), links, base_url)
        size = min(query.count or self._page_size, self._maximum_page_size)
        if len(result) > size:
            keys = [version.key for version in result]
            token = self._keep(_Snapshot(resource_type, keys, size))
            links.append(link("next", _page_url(url, token, size)))
        return searchset(result[:size], len(result), links, base_url)

    def following(
        self, resource_type: str, arguments: Mapping[str, str], base_url: str
    ) -> dict[str, Any]:
        """Return the page of a next link, without the resources deleted since the first page.

        Raises:
            RequestRefused: the link is broken (400), or has expired (410).
        """
        token, start = arguments["_page"], _offset(arguments.get("_offset", ""))
        snapshot = self._find(token, resource_type)
        end = start + snapshot.size
        url = f"{base_url}/{resource_type}"
        links = [link("self", _page_url(url, token, start))]
        if end < len(snapshot.keys):
            links.append(link("next", _page_url(url, token, end)))
        versions = [self._store.last(key) for key in snapshot.keys[start:end]]
        there = [version for version in versions if version is not None and version.body]
        return searchset(there, len(snapshot.keys), links, base_url)

    def _keep(self, snapshot: _Snapshot) -> str:
        token = uuid4().hex
        self._kept[token] = snapshot
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return token

    def _find(self, token: str, resource_type: str) -> _Snapshot:
        snapshot = self._kept.get(token)
        if snapshot is None or snapshot.resource_type != resource_type:
            raise RequestRefused(410, "not-found", "this page has expired: repeat the search")
        return snapshot


def _page_url(url: str, token: str, offset: int) -> str:
    return f"{url}?_page={token}&_offset={offset}"


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RequestRefused(400, "value", "the parameter _offset is not a whole number")
    return int(text)
