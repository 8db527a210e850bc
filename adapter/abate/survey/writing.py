"""What `abate check --write` tries: what a report needs of its target, with two small Lists.

They are written as `abate publish` writes a report, and deleted at the end whatever happens.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from abate.change import Change, transaction
from abate.errors import SourceError
from abate.report.elements import Resource, reference_to
from abate.source.http import Answer
from abate.source.searchset import Page
from abate.standing import standing
from abate.survey.asking import SHUT, Asker, Spent
from abate.survey.found import Probe
from abate.survey.probe_list import (
    SYSTEM,
    TITLE,
    TYPE,
    others,
    probe_list,
    removed_before,
    taken_away,
)
from abate.survey.saying import MATCH, TRANSACTION, TWICE, WHOLE

END = "gone again"
TAKEN = "a report is written in one, under ids of abate's own, and read back"
_WRITTEN = (HTTPStatus.OK, HTTPStatus.CREATED)
_CONFLICTS = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
_NO_VERSION = 'W/"4711"'

Found = tuple[str, str]


def write(asker: Asker, probes: list[Probe], left: list[str]) -> None:
    """Try it; what is found goes to `probes`, what cannot be taken away to `left`.

    Raises:
        Spent: the limit is reached, and what was written is taken away all the same.
        SourceError: stopped from outside, and something is left.
    """
    try:
        if strangers := others(asker.server):
            then = f"{', '.join(strangers)} is there, is not abate's, and is left alone"
            probes.append(Probe(what=TRANSACTION, found="not tried", then=then))
            return
    except SourceError as error:
        probes.append(Probe(what=TRANSACTION, found="not tried", then=str(error)))
        return
    try:
        left += removed_before(asker.server)
        if not left:
            with taken_away(asker.server, left):
                probes += _Tried(asker).all()
    finally:
        probes.append(_end(left))


def _end(left: list[str]) -> Probe:
    if left:
        return Probe(what=END, found="NO", then=f"left there: {', '.join(left)}")
    return Probe(what=END, found="yes", then="what was written to try this is deleted")


@dataclass(slots=True)
class _Tried:
    """The tries in their order; each later one needs what the first has written."""

    asker: Asker
    first: Resource = field(default_factory=lambda: probe_list("first"))
    second: Resource = field(default_factory=lambda: probe_list("second"))
    heeds_version: bool = False
    stale: str | None = None

    def all(self) -> Iterator[Probe]:
        """Each try as it ends."""
        begun = self._try(TRANSACTION, self._transaction)
        yield begun
        for what, tried in (
            (TWICE, self._twice),
            (MATCH, self._match),
            (WHOLE, self._whole),
        ):
            if begun.found == "yes":
                yield self._try(what, tried)
            else:
                yield Probe(what=what, found="not tried", then="nothing could be written")

    def _try(self, what: str, tried: Callable[[], Found]) -> Probe:
        try:
            found, then = tried()
        except Spent:
            raise
        except SourceError as error:
            found, then = "NO", f"no answer that can be read: {error}"
        return Probe(what=what, found=found, then=then)

    def _transaction(self) -> Found:
        answer = self._sent(Change(resource=self.first, action="create"))
        if answer.status in SHUT:
            return f"NO ({answer.status})", "abate publish ends here: ask for the right to write"
        if answer.status not in _WRITTEN:
            return (
                f"NO ({answer.status})",
                "abate publish ends here and writes nothing: give another server as [target]",
            )
        if self._title() != TITLE:
            return "NO", "it says that it has written, and gives back something else"
        return "yes", TAKEN

    def _twice(self) -> Found:
        before = self._version()
        answer = self._sent(Change(resource=self.first, action="create"))
        if answer.status not in (*_WRITTEN, *_CONFLICTS):
            return f"NO ({answer.status})", "a report that is sent again is refused"
        number = self._number()
        if number is None:
            return "not tried", "it does not find a List by its identifier"
        if number > 1:
            return "NO", f"it is there {number} times: a report may be doubled"
        if self._version() == before:
            return "yes", "a report that is sent again doubles nothing"
        return "yes", "nothing is doubled; abate leaves out what did not change, as ever"

    def _match(self) -> Found:
        """A right version must be taken, and then the same one refused."""
        version = self._version()
        if version is None:
            return "NO", "it tells no version: somebody else's change may be overwritten"
        changed, again = (probe_list("first", f"{TITLE} {word}") for word in ("(2)", "(3)"))
        answer = self._sent(Change(resource=changed, action="update", version=version))
        if answer.status not in _WRITTEN:
            return (
                f"NO ({answer.status})",
                "it refuses the right version too: abate publish cannot change a report there",
            )
        self.stale = version
        answer = self._sent(Change(resource=again, action="update", version=version))
        if answer.status in _CONFLICTS and self._title() == changed["title"]:
            self.heeds_version = True
            return "yes", f"refused ({answer.status}): nobody's change is overwritten unseen"
        if self._title() == again["title"]:
            return "NO", "it is taken: who writes at the same time may be overwritten"
        return f"NO ({answer.status})", "it is refused, and not as a conflict: publish ends here"

    def _whole(self) -> Found:
        """A good entry beside one that must be refused: nothing of both may stay."""
        bundle = self._bundle(Change(resource=self.second, action="create"))
        bundle["entry"].append(self._refusable())
        answer = self._transact(bundle)
        is_there = self._standing(self.second) is not None
        if answer.status in _WRITTEN and not is_there:
            return "NO", "it says that all is written, and it is not"
        if answer.status in _WRITTEN:
            return "not tried", "it takes what it should refuse: nothing had to be undone"
        if is_there:
            return "NO", "a part of what it refuses stays: abate publish reads back, and tells"
        return "yes", "of a report that is refused nothing stays"

    def _refusable(self) -> dict[str, Any]:
        """An entry for a version that is not there; or with another's id, where that is taken."""
        if self.heeds_version:
            change = Change(resource=self.first, action="update", version=self.stale)
            [entry] = self._bundle(change)["entry"]
        else:
            [entry] = self._bundle(Change(resource=self.first, action="create"))["entry"]
            entry["resource"] = {**self.first, "id": f"{self.first['id'][:-1]}-"}
            entry["request"]["ifMatch"] = _NO_VERSION
        return dict(entry)

    def _bundle(self, *changes: Change) -> dict[str, Any]:
        return transaction(self.asker.server.base, changes)

    def _sent(self, *changes: Change) -> Answer:
        return self._transact(self._bundle(*changes))

    def _transact(self, bundle: Resource) -> Answer:
        body = msgspec.json.encode(bundle)
        return self.asker.ask(lambda: self.asker.server.transact(body))

    def _standing(self, resource: Resource) -> Resource | None:
        return standing(self.asker.server, reference_to(resource))

    def _title(self) -> Any:
        return (self._standing(self.first) or {}).get("title")

    def _version(self) -> str | None:
        meta = (self._standing(self.first) or {}).get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else None
        return version if isinstance(version, str) else None

    def _number(self) -> int | None:
        """How many there are by our identifier."""
        asked = {"identifier": f"{SYSTEM}|first", "_count": "10"}
        answer = self.asker.ask(lambda: self.asker.server.get(TYPE, asked))
        if answer.status != HTTPStatus.OK:
            return None
        page: Page = answer.decode(Page)
        return len(page.entry)
