"""The probes of `abate check --write`: the abilities that a report needs, tried with two Lists.

The Lists are written as `abate publish` writes a report, and always deleted at the end.
"""

from http import HTTPStatus
from typing import Any

from abate.errors import SourceError
from abate.fhir.bundle import Page
from abate.fhir.canonical import CHECK
from abate.http.failures import CONFLICT, LOGIN_WANTED
from abate.http.json_values import as_object
from abate.http.response import Answer
from abate.publish.change import Change, transaction
from abate.publish.existing import read_existing
from abate.report.fhir.elements import Resource, reference_to
from abate.survey.context import Context, Probe, Verdict
from abate.survey.probes.declared import MATCH, TRANSACTION, TWICE, WHOLE
from abate.survey.probes.probe_list import (
    TITLE,
    TYPE,
    delete_at_end,
    find_existing,
    probe_list,
    remove,
)

_WRITTEN = (HTTPStatus.OK, HTTPStatus.CREATED)
_NO_VERSION = 'W/"4711"'


def _try_report(context: Context) -> None:
    """Add a row for each try; resources that cannot be deleted are noted.

    Raises:
        Spent: the limit is reached, and nothing was written.
        SourceError: the check was interrupted, and a resource is left.
    """
    context.client.refuse_spent()
    context.log.info("writing two Lists, to try what a report needs; they are deleted again")
    server = context.client.server
    try:
        existing = find_existing(server)
    except SourceError as error:
        context.add("report", TRANSACTION, ("not tried", str(error)))
        return
    if strangers := ", ".join(name for name, is_ours in existing.items() if not is_ours):
        then = f"{strangers} exists, was not written by abate, and is not changed"
        context.add("report", TRANSACTION, ("not tried", then))
        return
    try:
        # The Lists that an earlier check has left.
        leftovers = remove(server, existing)
        context.left += leftovers
        if not leftovers:
            with delete_at_end(server, context.left):
                _Tries(context).run()
    finally:
        GONE_AGAIN.run(context)


def _judge_end(context: Context) -> Verdict:
    if context.left:
        return "NO", f"left on the server: {', '.join(context.left)}"
    return "yes", "the Lists written by this check are deleted"


class _Tries:
    """The tries in their order; the later ones need the List that the first one has written."""

    def __init__(self, context: Context) -> None:
        self.context, self.first = context, probe_list("first")
        # An outdated version, if the server is known to refuse it.
        self.stale: str | None = None

    def run(self) -> None:
        """Add a row for each try."""
        Probe(what=TRANSACTION, group="report", ask=self._write).run(self.context)
        if self.context.stopped:
            return
        later = ((TWICE, self._write_again), (MATCH, self._change), (WHOLE, self._write_half))
        for what, ask in later:
            if self.context.takes_report:
                Probe(what=what, group="report", ask=ask).run(self.context)
            else:
                self.context.add("report", what, ("not tried", "nothing could be written"))

    def _write(self, _: Context) -> Verdict:
        answer = self._send(Change(resource=self.first, action="create"))
        finding = f"NO ({answer.status})"
        if answer.status in LOGIN_WANTED:
            return finding, "abate publish stops here: ask for the right to write"
        if answer.status not in _WRITTEN:
            return finding, (
                "abate publish stops here and writes nothing: use another server as [target]"
            )
        if self._title() != TITLE:
            return "NO", "it reports success, but returns something else than was written"
        self.context.takes_report = True
        return (
            "yes",
            "a report is written in one transaction, under ids chosen by abate, and read back",
        )

    def _write_again(self, _: Context) -> Verdict:
        before = self._version()
        answer = self._send(Change(resource=self.first, action="create"))
        if answer.status not in (*_WRITTEN, *CONFLICT):
            return f"NO ({answer.status})", "a report that is sent again is refused"
        number = self._count_by_identifier()
        if number is None:
            return "not tried", "it does not find a List by its identifier"
        if number > 1:
            return "NO", f"it exists {number} times: a report may be duplicated"
        if self._version() == before:
            return "yes", "a report that is sent again makes no duplicates"
        return "yes", "no duplicates; abate never sends unchanged resources anyway"

    def _change(self, _: Context) -> Verdict:
        """Send the right version, which must be accepted, and then again, which must be refused."""
        now = self._version()
        if now is None:
            return "NO", "it returns no version: a change of another client may be overwritten"
        second, third = (probe_list("first", f"{TITLE} {word}") for word in ("(2)", "(3)"))
        answer = self._send(Change(resource=second, action="update", version=now))
        if answer.status not in _WRITTEN:
            return f"NO ({answer.status})", (
                "it refuses the right version too: abate publish cannot change a report there"
            )
        answer = self._send(Change(resource=third, action="update", version=now))
        title = self._title()
        if answer.status in CONFLICT and title == second["title"]:
            self.stale = now
            return (
                "yes",
                f"refused ({answer.status}): no change of another client is overwritten unnoticed",
            )
        if title == third["title"]:
            return (
                "NO",
                "it is accepted: changes by another client at the same time may be overwritten",
            )
        return f"NO ({answer.status})", "it is refused, but not as a conflict: publish stops here"

    def _write_half(self, _: Context) -> Verdict:
        """Send a valid entry beside one that must be refused: neither may be written."""
        second = probe_list("second")
        bundle = self._bundle(Change(resource=second, action="create"))
        bundle["entry"].append(self._refusable())
        answer = self.context.client.transact(bundle)
        is_there = self._read(second) is not None
        if answer.status in _WRITTEN and not is_there:
            return "NO", "it reports that all is written, but it is not"
        if answer.status in _WRITTEN:
            return (
                "not tried",
                "it accepts an entry that it should refuse: nothing had to be undone",
            )
        if is_there:
            return (
                "NO",
                "a part of a refused report is kept: abate publish reads back, and reports it",
            )
        return "yes", "a refused report leaves nothing"

    def _refusable(self) -> dict[str, Any]:
        """Return an entry for an outdated version; if the server accepts those, with a wrong id."""
        if self.stale is not None:
            change = Change(resource=self.first, action="update", version=self.stale)
            return dict(self._bundle(change)["entry"][0])
        [entry] = self._bundle(Change(resource=self.first, action="create"))["entry"]
        entry["resource"] = {**self.first, "id": f"{self.first['id'][:-1]}-"}
        entry["request"]["ifMatch"] = _NO_VERSION
        return dict(entry)

    def _bundle(self, change: Change) -> dict[str, Any]:
        return transaction(self.context.client.server.base, [change])

    def _send(self, change: Change) -> Answer:
        return self.context.client.transact(self._bundle(change))

    def _read(self, resource: Resource) -> Resource | None:
        return read_existing(self.context.client.server, reference_to(resource))

    def _title(self) -> Any:
        return (self._read(self.first) or {}).get("title")

    def _version(self) -> str | None:
        version = as_object((self._read(self.first) or {}).get("meta")).get("versionId")
        return version if isinstance(version, str) else None

    def _count_by_identifier(self) -> int | None:
        """Count the Lists with abate's identifier; None if the search is refused."""
        asked = {"identifier": f"{CHECK}|first", "_count": "10"}
        answer = self.context.client.get(TYPE, asked)
        if answer.status != HTTPStatus.OK:
            return None
        page: Page = answer.decode(Page)
        return len(page.entry)


GONE_AGAIN = Probe(what="gone again", group="report", ask=_judge_end)
TRY_REPORT = Probe(group="report", ask=_try_report, needs_write=True, passes=(SourceError,))
