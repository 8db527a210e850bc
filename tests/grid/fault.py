"""What a fault is made of: what is asked, and what is said."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from abate.sandbox import json_codec

FHIR_JSON = "application/fhir+json"
RESET = object()


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer before it is written to the wire; a header that is None is left out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, object] = field(default_factory=dict)

    @property
    def json(self):
        return json_codec.decode(self.body)

    def of(self, content=None, **changes):
        """The same with another content, and with other parts."""
        if content is not None:
            changes["body"] = json_codec.encode(content)
        return replace(self, **changes)

    def having(self, **headers):
        """The same with other headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    @property
    def raw(self):
        """The bytes on the wire."""
        usual = {"Content-Type": FHIR_JSON, "Content-Length": len(self.body)}
        said = {name.lower() for name in self.headers}
        named = {name: value for name, value in usual.items() if name.lower() not in said}
        named |= {"Connection": "close", **self.headers}
        lines = [f"{name}: {value}\r\n" for name, value in named.items() if value is not None]
        return f"HTTP/1.1 {self.status} Said\r\n{''.join(lines)}\r\n".encode() + self.body

    @property
    def packed(self):
        """The same in gzip."""
        return self.of(body=gzip.compress(self.body)).having(Content_Encoding="gzip")


@dataclass(frozen=True)
class Asked:
    """A request, and the server that answers it honestly."""

    method: str
    target: str
    body: bytes
    server: object
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self):
        return urlsplit(self.target).path

    @cached_property
    def pairs(self):
        """The parameters, of the URL and of a form."""
        query = parse_qsl(urlsplit(self.target).query)
        return query + parse_qsl(self.body.decode())

    @property
    def parameters(self):
        return dict(self.pairs)

    @property
    def kind(self):
        return f"{self.path}/".split("/")[2]

    @property
    def is_count(self):
        return self.parameters.get("_summary") == "count"

    @property
    def is_history(self):
        return "_history" in self.path

    @property
    def is_batch(self):
        return b'"type":"batch"' in self.body

    @property
    def is_next(self):
        return "_page" in self.parameters

    @property
    def is_kick_off(self):
        return self.path.endswith("/$export")

    @property
    def is_page(self):
        """Whether rows are asked for."""
        return self.kind != "metadata" and not self.is_count and not self.is_history

    @cached_property
    def honest(self):
        """What a server without faults says."""
        return self.server.honest(self)

    def asking(self, pairs):
        """What a server without faults says to other parameters."""
        return self.server.ask("GET", f"/fhir/{self.kind}", pairs=pairs)

    def counting(self, rows):
        """What it says to the same with so many rows on a page."""
        kept = [pair for pair in self.pairs if pair[0] != "_count"]
        return self.honest if self.is_next else self.asking([*kept, ("_count", str(rows))])

    def without(self, *names):
        """What it says to the same without some parameters."""
        kept = [(name, value) for name, value in self.pairs if name not in names]
        return self.honest if self.is_next else self.asking(kept)


Reply = Said | bytes | Sequence[object]
Fault = Callable[[Asked], Reply]
When = Callable[[Asked], bool]


def honest(asked):
    return asked.honest


def scores(asked):
    """Whether pages of pain scores are asked for, or a file of an export that holds them."""
    return asked.kind == "Observation" and asked.is_page


def later_scores(asked):
    """Whether a next link to pain scores is followed."""
    return scores(asked) and asked.is_next


def counts(asked):
    return asked.is_count


def anything(_):
    return True


def repeatable(asked):
    """Whether it may be asked twice: a kick-off may not, which would leave an export behind."""
    return not asked.is_kick_off


def always(when: When, what: Fault):
    """A fault that stays."""
    return lambda: lambda asked: what(asked) if when(asked) else asked.honest


def meets(*pairs: tuple[When, Fault]):
    """A fault that stays, of several parts: the first that meets a request answers it."""

    def answer(asked):
        met = (what for when, what in pairs if when(asked))
        return next(met, honest)(asked)

    return lambda: answer


def once(when: When, what: Fault, times: int = 1):
    """A fault that meets each request once, or so many times, and then is over."""

    def begin():
        met: dict[object, int] = {}

        def answer(asked):
            key = (asked.method, asked.target, asked.body)
            met[key] = met.get(key, 0) + when(asked)
            return what(asked) if when(asked) and met[key] <= times else asked.honest

        return answer

    return begin


def first(when: When, what: Fault, times: int = 1):
    """A fault that meets the first request, or the first few, and then is over."""

    def begin():
        met: list[Asked] = []

        def answer(asked):
            if when(asked):
                met.append(asked)
            return what(asked) if when(asked) and len(met) <= times else asked.honest

        return answer

    return begin


def says(status, text="no", kind="text/plain", **headers):
    """A fault that answers always the same."""
    return lambda _: Said(status=status, body=text.encode()).having(Content_Type=kind, **headers)


def edited(change):
    """A fault that changes a page: `change` gets its Bundle and what was asked."""

    def answer(asked):
        said = asked.honest
        page = said.json
        if page["resourceType"] != "Bundle":
            return said
        return said.of(change(page, asked) or page)

    return answer


def linked(change):
    """A fault that changes the next link of a page."""

    def edit(page, asked):
        for link in page.get("link", []):
            if link["relation"] == "next":
                link["url"] = change(link["url"], asked)

    return edited(edit)


def without_rows(*ids):
    """A fault that leaves rows out of a page."""
    return edited(
        lambda page, _: page.update(
            entry=[one for one in page.get("entry", []) if one["resource"]["id"] not in ids]
        )
    )
