"""Write changes to a target in one transaction, whatever happens on the way, and read them back.

Whether something was written is asked of the target and never guessed. Where no answer came, or
one that leaves it open, all is compared again, and what still differs is sent again. Each resource
has an id of its own making and goes only onto the version that it was compared with: a second try
doubles nothing, and takes nothing back that somebody else wrote meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import count
from pathlib import Path

import msgspec

from abate.change import Change, transaction
from abate.difference import elements
from abate.errors import LoginRefused, PublishRefused, SourceError
from abate.private_file import write_private
from abate.say import Say, silent
from abate.source import clock
from abate.source.answer import Answer
from abate.source.http import BudgetSpent, FhirServer
from abate.source.places import SentAway
from abate.source.trouble import RETRIED, Unseen
from abate.source.waiting import asked_wait, backoff
from abate.standing import standing
from abate.study_key import key_of
from abate.written import refusals, stray

BUNDLE = "bundle.json"
# So often others may write in between, and so often what was written is looked for.
TRIES = 3
_SHUT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_CONFLICTS = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
_NOT_BEGUN = (HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_NO_TRANSACTIONS = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)
# After these the target has done nothing; after any other error it may have.
_NOT_DONE = (LoginRefused, Unseen, SentAway, BudgetSpent)
_REFUSED_CONTENT = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


class _Unfinished(PublishRefused):
    """This try has come to no end, and another may.

    Attributes:
        what: what happened.
        seconds: how long to wait before.
        tries: how often in all.
        may_be_written: whether the target may have taken it all the same.
    """

    def __init__(
        self, what: str, then: str, *, seconds: float, tries: int, may_be_written: bool
    ) -> None:
        """`what` happened, and what that means if there is no further try."""
        super().__init__(f"{what}. {then}")
        self.what, self.seconds, self.tries = what, seconds, tries
        self.may_be_written = may_be_written


def settle(
    server: FhirServer,
    compared: Callable[[], list[Change]],
    folder: Path,
    *,
    dry_run: bool,
    say: Say = silent,
) -> list[Change]:
    """Compare and write; where it stays open what was written, again. Gives what was done.

    Args:
        server: the target.
        compared: compares with the target, anew each time that it is called.
        folder: where the Bundle is kept.
        dry_run: compare only.
        say: told of each further try.

    Raises:
        PublishRefused: as `write`; or it came to no end, and the message says what may stand there.
        SourceError: the target cannot be reached.
    """
    changes, sent = compared(), dict[str, Change]()
    if dry_run:
        return changes
    for tried in count(1):
        try:
            write(server, changes, folder, tried=tried)
        except _Unfinished as problem:
            if problem.may_be_written:
                sent.update({one.reference: one for one in changes if one.is_written})
            if tried >= problem.tries:
                raise
            say(f"{problem.what}: comparing again in {problem.seconds:.0f} s")
            clock.sleep(problem.seconds)
            changes = _again(compared, problem)
        else:
            return _done(changes, sent)
    raise AssertionError  # count has no end


def write(server: FhirServer, changes: Sequence[Change], folder: Path, *, tried: int = 1) -> None:
    """Write what is new or differs in one transaction, and read it back.

    The Bundle is kept in the output `folder` too, whatever the target says.

    Args:
        server: the target.
        changes: what to write, and what not.
        folder: where the Bundle is kept.
        tried: how often this was tried, with this time.

    Raises:
        PublishRefused: the target refused it, or gives back something else.
        SourceError: the target cannot be reached.
    """
    needed = [one for one in changes if one.is_written]
    if not needed:
        return
    bundle, path = msgspec.json.encode(transaction(server.base, needed)), folder / BUNDLE
    write_private(path, bundle)
    try:
        answer = _sent(server, bundle)
    except _NOT_DONE:
        raise
    except SourceError as error:
        raise _open(server, str(error), path, tried) from None
    _refuse_other(server, answer, path, tried)
    _read_back(server, needed, answer)


def keep(base: str, changes: Sequence[Change], folder: Path) -> Path:
    """Keep the Bundle that would write the changes, for somebody to take there by hand."""
    path = folder / BUNDLE
    write_private(path, msgspec.json.encode(transaction(base, changes)))
    return path


def _sent(server: FhirServer, bundle: bytes) -> Answer:
    """The answer to the transaction; it is sent again only where it plainly was not begun."""
    for tried in count(1):
        answer = server.transact(bundle)
        if answer.status not in _NOT_BEGUN or tried >= server.limits.tries:
            return answer
        clock.sleep(_wait(answer, tried))
    raise AssertionError  # count has no end


def _wait(answer: Answer, tried: int) -> float:
    return asked_wait(answer.headers) or backoff(tried)


def _again(compared: Callable[[], list[Change]], problem: _Unfinished) -> list[Change]:
    """What still differs.

    Raises:
        PublishRefused: it cannot be said, and so neither whether the report stands.
    """
    try:
        return compared()
    except SourceError as error:
        raise PublishRefused(f"{problem} It could not be compared again: {error}.") from None


def _done(changes: Sequence[Change], sent: Mapping[str, Change]) -> list[Change]:
    """What was done in all tries: what a later one finds unchanged, an earlier one has written."""
    done = [
        sent[one.reference] if one.action == "unchanged" and one.reference in sent else one
        for one in changes
    ]
    known = {one.reference for one in done}
    return [*done, *(one for name, one in sent.items() if name not in known)]


def _refuse_other(server: FhirServer, answer: Answer, path: Path, tried: int) -> None:
    """Stop at an answer that is none of success.

    Raises:
        PublishRefused: says what may stand there, and what somebody can do.
    """
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if answer.status in RETRIED and answer.status not in _NOT_BEGUN:
        said = f"{answer.place} answered {answer.told} to the transaction"
        raise _open(server, said, path, tried, _wait(answer, tried))
    said = f"{answer.place} refused the transaction: {answer.told}"
    left = f"Nothing was written there; the Bundle lies in {path}."
    if answer.status in _CONFLICTS:
        raise _Unfinished(
            said,
            f"{left} Somebody else wrote there meanwhile{_times(tried)}: try again later.",
            seconds=backoff(tried),
            tries=TRIES,
            may_be_written=False,
        )
    raise PublishRefused(f"{said}. {left} {_cure(server, answer.status)}".rstrip())


def _open(
    server: FhirServer, said: str, path: Path, tried: int, seconds: float | None = None
) -> _Unfinished:
    """The end of a try of which nobody knows what it did."""
    return _Unfinished(
        f"{said}{_times(tried)}",
        "It may have been written all the same, as a whole or not at all: publish again, which "
        f"writes nothing twice; the Bundle lies in {path}.",
        seconds=backoff(tried) if seconds is None else seconds,
        tries=server.limits.tries,
        may_be_written=True,
    )


def _times(tried: int) -> str:
    return f", {tried} times" if tried > 1 else ""


def _cure(server: FhirServer, status: int) -> str:
    """What somebody can do about a refusal."""
    if status in _SHUT:
        return f"{server.login_wanted(status)}."
    if status in _NOT_BEGUN:
        return "It is too busy: publish again later."
    if status in _NO_TRANSACTIONS:
        return (
            "It takes no transactions at this address, whatever its CapabilityStatement says: "
            "check that the url is its FHIR base URL, or take the Bundle there by hand."
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "It takes no body of this size: ask those who run it to raise the limit."
    if status in _REFUSED_CONTENT:
        return (
            "It has rules of its own: send a resource of the Bundle to its $validate to read why."
        )
    return ""


def _read_back(server: FhirServer, needed: Sequence[Change], answer: Answer) -> None:
    """Hold what stands on the target against what was sent; a copy that is late is waited for.

    Raises:
        PublishRefused: something else stands there, or it cannot be read.
    """
    wrong = list(needed)
    for tried in range(1, TRIES + 1):
        try:
            wrong = [one for one in wrong if not _stands(server, one)]
        except SourceError as error:
            raise PublishRefused(
                f"{server.base} took the report, and it could not be read back: {error}. Publish "
                "again: what stands there is compared, and only what is missing is written."
            ) from None
        if not wrong:
            return
        if tried < TRIES:
            clock.sleep(backoff(tried))
    names = ", ".join(one.reference for one in wrong[:3])
    raise PublishRefused(
        f"{server.base} took the report and gives back something else for {names} ({len(wrong)} in "
        f"all){refusals(answer)}{stray(answer, needed)}. Look there before anyone reads it."
    )


def _stands(server: FhirServer, one: Change) -> bool:
    resource, found = one.resource, standing(server, one.reference)
    if found is None or any(found.get(key) != resource.get(key) for key in ("status", "active")):
        return False
    if key_of(found) != key_of(resource):
        return False
    return not elements(resource, found)
