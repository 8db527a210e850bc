"""Write changes to a target in one transaction, whatever happens on the way, and read them back.

Whether something was written is asked of the target and never guessed. Where no answer came, or
any other than success, all is compared again: a server may refuse what it has committed. What still
differs is sent again if that may help. Each resource has an id of its own making and goes only onto
the version that it was compared with: a second try doubles nothing, and takes nothing back that
somebody else wrote meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from abate.errors import LoginRefused, PublishRefused, SourceError
from abate.fhir.client import BudgetSpent, FhirServer
from abate.http.failures import NOT_BEGUN, Unseen
from abate.http.response import Answer
from abate.http.retry import Attempts
from abate.http.urls import SentAway
from abate.publish.attempts import TRIES, Attempt, Unfinished, refuse_unwritten
from abate.publish.change import Change, transaction, version
from abate.publish.diff import elements
from abate.publish.existing import read_all_existing
from abate.publish.study_key import key_of
from abate.publish.transaction_response import refusals, stray, versions
from abate.report.fhir.elements import Resource, name_of
from abate.telemetry.log import SILENT, Log
from abate.telemetry.private_file import write_private

BUNDLE = "bundle.json"
# After these the target has done nothing; after any other error it may have.
_NOT_DONE = (LoginRefused, Unseen, SentAway, BudgetSpent)


def settle(
    server: FhirServer,
    compared: Callable[[], list[Change]],
    folder: Path,
    *,
    dry_run: bool,
    log: Log = SILENT,
) -> list[Change]:
    """Compare and write; where it stays open what was written, again. Gives what was done.

    Args:
        server: the target.
        compared: compares with the target, anew each time that it is called.
        folder: where the Bundle is kept.
        dry_run: compare only.
        log: told of each further try.

    Raises:
        PublishRefused: as `write`; or it came to no end, and the message says what may stand there.
        SourceError: the target cannot be reached.
    """
    changes, sent = compared(), dict[str, Change]()
    if dry_run:
        return changes
    attempts = Attempts()
    while True:
        try:
            write(server, changes, folder, number=attempts.number)
        except Unfinished as problem:
            needed = {change.reference: change for change in changes if change.is_written}
            log.info(f"{problem.what}: comparing again in {problem.seconds:.0f} s")
            attempts.wait(seconds=problem.seconds)
            changes = _again(compared, problem)
            if problem.kind != "conflict":  # What stands there after one, somebody else wrote.
                sent.update(needed)
            if problem.attempt.number >= problem.tries:
                refuse_unwritten(problem, needed, changes)
                log.warning(f"{problem.what}, and all of it stands there")
        else:
            return _done(changes, sent)


def write(server: FhirServer, changes: Sequence[Change], folder: Path, *, number: int = 1) -> None:
    """Write what is new or differs in one transaction, and read it back.

    The Bundle is kept in the output `folder` too, whatever the target says.

    Args:
        server: the target.
        changes: what to write, and what not.
        folder: where the Bundle is kept.
        number: how often this was tried, with this time.

    Raises:
        PublishRefused: the target refused it, or gives back something else.
        SourceError: the target cannot be reached.
    """
    needed = [change for change in changes if change.is_written]
    if not needed:
        return
    bundle, path = msgspec.json.encode(transaction(server.base, needed)), folder / BUNDLE
    write_private(path, bundle)
    left = f"The Bundle of {len(needed)} resources and {len(bundle)} bytes lies in {path}"
    attempt = Attempt(server=server, number=number, left=left)
    try:
        answer = _sent(server, bundle)
    except _NOT_DONE:
        raise
    except SourceError as error:
        raise attempt.end_without_answer(error) from None
    attempt.refuse_other(answer)
    _read_back(server, needed, answer)


def keep(base: str, changes: Sequence[Change], folder: Path) -> Path:
    """Keep the Bundle that would write the changes, for somebody to take there by hand."""
    path = folder / BUNDLE
    write_private(path, msgspec.json.encode(transaction(base, changes)))
    return path


def _sent(server: FhirServer, bundle: bytes) -> Answer:
    """The answer to the transaction; it is sent again only where it plainly was not begun."""
    attempts = Attempts(server.limits.tries)
    while True:
        answer = server.transact(bundle)
        if answer.status not in NOT_BEGUN or attempts.is_last:
            return answer
        attempts.wait(answer)


def _again(compared: Callable[[], list[Change]], problem: Unfinished) -> list[Change]:
    """What still differs.

    Raises:
        PublishRefused: it cannot be said, and so neither whether the report stands.
    """
    try:
        return compared()
    except SourceError as error:
        raise PublishRefused(f"{problem} It could not be compared again: {error}.") from None
    except PublishRefused as error:
        raise PublishRefused(f"{problem.what}. {error}") from None


def _done(changes: Sequence[Change], sent: Mapping[str, Change]) -> list[Change]:
    """What was done in all tries: what a later one finds unchanged, an earlier one has written."""
    done = [
        sent[change.reference]
        if change.action == "unchanged" and change.reference in sent
        else change
        for change in changes
    ]
    known = {one.reference for one in done}
    return [*done, *(one for name, one in sent.items() if name not in known)]


def _read_back(server: FhirServer, needed: Sequence[Change], answer: Answer) -> None:
    """Hold what stands on the target against what was sent; a copy that is late is waited for.

    Raises:
        PublishRefused: something else stands there, or it cannot be read.
    """
    wrong: dict[str, Change] = {one.reference: one for one in needed}
    standing_there: dict[str, Resource | None] = {}
    attempts = Attempts(TRIES)
    while True:
        try:
            standing_there = read_all_existing(server, wrong)
        except SourceError as error:
            raise PublishRefused(
                f"{server.base} took the report, and it could not be read back: {error}. Publish "
                "again: what stands there is compared, and only what is missing is written."
            ) from None
        wrong = {
            name: change
            for name, change in wrong.items()
            if not _is_as_sent(change, standing_there[name])
        }
        if not wrong:
            return
        if attempts.is_last:
            break
        attempts.wait()
    names = ", ".join(name_of(one.resource) for one in list(wrong.values())[:3])
    given = versions(answer, needed)
    if any(_is_later(given.get(name), standing_there[name]) for name in wrong):
        raise PublishRefused(
            f"{server.base} took the report, and something else has written {names} ({len(wrong)} "
            "in all) after it. Find the other job that publishes this study, stop one of the two, "
            "and publish again."
        )
    raise PublishRefused(
        f"{server.base} took the report and gives back something else for {names} ({len(wrong)} in "
        f"all){refusals(answer)}{stray(answer, needed)}. Look there before anyone reads it."
    )


def _is_as_sent(change: Change, found: Resource | None) -> bool:
    resource = change.resource
    if found is None or any(found.get(key) != resource.get(key) for key in ("status", "active")):
        return False
    return key_of(found) == key_of(resource) and not elements(resource, found)


def _is_later(given: str | None, found: Resource | None) -> bool:
    """Whether a resource has another version than the one that the transaction gave it."""
    return given is not None and found is not None and version(found) not in (None, given)
