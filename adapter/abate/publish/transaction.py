"""Write changes to a target in one transaction, and read them back.

Whether something was written is read from the target and never guessed. Without an answer of
success all resources are compared again, because a server may report an error after it has
committed. What still differs is sent again if that may help. Each resource has a stable id and is
written only onto the version that was compared: a second attempt makes no duplicate, and overwrites
nothing that another client has written.
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
# With these errors the target has written nothing; with any other it may have.
_NOT_DONE = (LoginRefused, Unseen, SentAway, BudgetSpent)


def settle(
    server: FhirServer,
    compared: Callable[[], list[Change]],
    folder: Path,
    *,
    dry_run: bool,
    log: Log = SILENT,
) -> list[Change]:
    """Compare and write, again if it is unknown what was written; return what was done.

    Args:
        server: the target.
        compared: compares with the target each time that it is called.
        folder: where the Bundle is kept.
        dry_run: compare only.
        log: the logger.

    Raises:
        PublishRefused: as `write`; or the last attempt failed, and the message says what may have
            been written.
        SourceError: the target cannot be reached.
    """
    changes, sent = compared(), dict[str, Change]()
    if dry_run:
        return changes
    attempts = Attempts()
    while True:
        try:
            write(server, changes, folder, number=attempts.number, log=log)
        except Unfinished as problem:
            needed = {change.reference: change for change in changes if change.is_written}
            log.info(f"{problem.what}: comparing again in {problem.seconds:.0f} s")
            attempts.wait(seconds=problem.seconds)
            changes = _again(compared, problem)
            if problem.kind != "conflict":  # After a conflict, the target has another's changes.
                sent.update(needed)
            if problem.attempt.number >= problem.tries:
                refuse_unwritten(problem, needed, changes)
                log.warning(f"{problem.what}, but all of it was written")
        else:
            return _done(changes, sent)


def write(
    server: FhirServer,
    changes: Sequence[Change],
    folder: Path,
    *,
    number: int = 1,
    log: Log = SILENT,
) -> None:
    """Write what is new or differs in one transaction, and read it back.

    The Bundle is kept in the output `folder`, whatever the target answers.

    Args:
        server: the target.
        changes: all changes; unchanged resources are not written.
        folder: where the Bundle is kept.
        number: the number of this attempt, from 1.
        log: the logger.

    Raises:
        PublishRefused: the target refused it, or returns something else.
        SourceError: the target cannot be reached.
    """
    needed = [change for change in changes if change.is_written]
    if not needed:
        return
    bundle, path = msgspec.json.encode(transaction(server.base, needed)), folder / BUNDLE
    write_private(path, bundle)
    left = f"The Bundle of {len(needed)} resources and {len(bundle)} bytes is in {path}"
    log.info(
        f"writing {len(needed)} resources, {len(bundle) / 1e6:.1f} MB, in one transaction: the "
        "server may take a minute",
        name="target.write",
        resources=len(needed),
        bytes=len(bundle),
    )
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
    """Keep the Bundle that would write the changes, so that somebody can upload it."""
    path = folder / BUNDLE
    write_private(path, msgspec.json.encode(transaction(base, changes)))
    return path


def _sent(server: FhirServer, bundle: bytes) -> Answer:
    """Send the transaction; it is repeated only if the target has certainly not read it."""
    attempts = Attempts(server.limits.tries)
    while True:
        answer = server.transact(bundle)
        if answer.status not in NOT_BEGUN or attempts.is_last:
            return answer
        attempts.wait(answer)


def _again(compared: Callable[[], list[Change]], problem: Unfinished) -> list[Change]:
    """Return what still differs.

    Raises:
        PublishRefused: the target cannot be read, so it is unknown whether the report was written.
    """
    try:
        return compared()
    except SourceError as error:
        raise PublishRefused(f"{problem} It could not be compared again: {error}.") from None
    except PublishRefused as error:
        raise PublishRefused(f"{problem.what}. {error}") from None


def _done(changes: Sequence[Change], sent: Mapping[str, Change]) -> list[Change]:
    """Return what all attempts did: a resource that is unchanged in a later one was written."""
    done = [
        sent[change.reference]
        if change.action == "unchanged" and change.reference in sent
        else change
        for change in changes
    ]
    known = {change.reference for change in done}
    return [*done, *(change for name, change in sent.items() if name not in known)]


def _read_back(server: FhirServer, needed: Sequence[Change], answer: Answer) -> None:
    """Compare the target with what was sent; wait for a server that answers from a late copy.

    Raises:
        PublishRefused: the target has something else, or cannot be read.
    """
    wrong: dict[str, Change] = {change.reference: change for change in needed}
    on_target: dict[str, Resource | None] = {}
    attempts = Attempts(TRIES)
    while True:
        try:
            on_target = read_all_existing(server, wrong)
        except SourceError as error:
            raise PublishRefused(
                f"{server.base} accepted the report, but it could not be read back: {error}. "
                "Publish again: only what is missing is written."
            ) from None
        wrong = {
            name: change
            for name, change in wrong.items()
            if not _is_as_sent(change, on_target[name])
        }
        if not wrong:
            return
        if attempts.is_last:
            break
        attempts.wait()
    names = ", ".join(name_of(change.resource) for change in list(wrong.values())[:3])
    given = versions(answer, needed)
    if any(_is_later(given.get(name), on_target[name]) for name in wrong):
        raise PublishRefused(
            f"{server.base} accepted the report, and another client has changed {names} "
            f"({len(wrong)} in all) since. Find the other job that publishes this study, stop one "
            "of the two, and publish again."
        )
    raise PublishRefused(
        f"{server.base} accepted the report but returns something else for {names} "
        f"({len(wrong)} in all){refusals(answer)}{stray(answer, needed)}. Check it "
        "before anybody reads it."
    )


def _is_as_sent(change: Change, existing: Resource | None) -> bool:
    resource = change.resource
    if existing is None or any(
        existing.get(key) != resource.get(key) for key in ("status", "active")
    ):
        return False
    return key_of(existing) == key_of(resource) and not elements(resource, existing)


def _is_later(given: str | None, existing: Resource | None) -> bool:
    """Whether a resource has a newer version than the one of the transaction."""
    return given is not None and existing is not None and version(existing) not in (None, given)
