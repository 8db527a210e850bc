"""What a server says of the writing of a report, where that is not tried."""

from collections.abc import Iterable, Iterator

from abate.resource_types import WRITTEN_NAMES
from abate.survey.found import Ability, Probe, Server

TRANSACTION, TWICE, MATCH, WHOLE = (
    "transaction",
    "the same twice",
    "If-Match",
    "all or nothing",
)
TYPES, OWN_IDS, CONDITIONAL = "types of a report", "ids of our own", "conditional update"
_WORDS = {True: "says yes", False: "says no", None: "not said"}
_TRY = "--write tries it"


def of_types(server: Server, *, wrote: bool) -> Iterator[Probe]:
    """Whether it takes the types of a report, under our ids; where we `wrote`, that is known."""
    missing = [kind for kind in WRITTEN_NAMES if not server.of(kind).offered]
    taken = _taken(server)
    yield Probe(
        what=TYPES,
        found=_WORDS[not missing],
        then=f"lacking: {', '.join(missing)}" if missing else f"all {len(WRITTEN_NAMES)} are taken",
    )
    own = _all(one.update_create for one in taken)
    yield Probe(
        what=OWN_IDS,
        found="yes" if wrote else _WORDS[own],
        then="abate publish refuses, since a second report would double the first"
        if own is False
        else "a report that is written again replaces itself",
    )
    conditional = _all(one.conditional_update for one in taken)
    yield Probe(
        what=CONDITIONAL,
        found=_WORDS[conditional],
        then="not used: abate writes under its own ids",
    )


def of_writing(server: Server) -> Iterator[Probe]:
    """What `--write` would try."""
    yield Probe(
        what=TRANSACTION,
        found=_WORDS[server.transaction],
        then=f"a report is written in one; {_TRY}"
        if server.transaction
        else "abate publish refuses: give another server as [target]",
    )
    yield Probe(what=TWICE, found="not tried", then=f"a report sent again doubles nothing; {_TRY}")
    versions = _all(one.heeds_versions for one in _taken(server))
    then = f"nobody's change is overwritten unseen; {_TRY}"
    if versions is False:
        then = "who writes at the same time may be overwritten"
    yield Probe(what=MATCH, found=_WORDS[versions], then=then)
    yield Probe(what=WHOLE, found="not tried", then=f"of a refused report nothing stays; {_TRY}")


def closes(server: Server) -> str:
    """Why nothing is written there to try it, or nothing."""
    if not server.transaction:
        return "it offers no transactions"
    if not server.of("List").offered:
        return "it takes no List"
    if server.of("List").update_create is False:
        return "it does not let a client choose the id of a List"
    return ""


def _all(said: Iterable[bool | None]) -> bool | None:
    """A single no is a no, and a single silence is silence."""
    found = set(said)
    if False in found:
        return False
    return None if None in found or not found else True


def _taken(server: Server) -> list[Ability]:
    return [one for one in map(server.of, WRITTEN_NAMES) if one.offered]
