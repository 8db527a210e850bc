"""The declarations of a server on writing a report."""

from collections.abc import Iterable

from abate.fhir.capability import TypeCapability
from abate.fhir.types import WRITTEN_NAMES
from abate.survey.context import Context, Probe, Verdict

TRANSACTION, TWICE, MATCH, WHOLE = "transaction", "the same twice", "If-Match", "all or nothing"
_WORDS = {True: "says yes", False: "says no", None: "not said"}
_TRY = "--write tries it"


def _types(context: Context) -> Verdict:
    missing = [kind for kind in WRITTEN_NAMES if not context.capability.of(kind).offered]
    then = f"missing: {', '.join(missing)}" if missing else f"all {len(WRITTEN_NAMES)} are accepted"
    return _WORDS[not missing], then


def _own_ids(context: Context) -> Verdict:
    own = _all(kind.update_create for kind in _taken(context))
    finding = "yes" if context.takes_report else _WORDS[own]
    if own is False:
        return finding, "abate publish refuses, since a second report would double the first"
    return finding, "a report that is written again replaces the earlier one"


def _conditional_update(context: Context) -> Verdict:
    conditional = _all(kind.conditional_update for kind in _taken(context))
    return _WORDS[conditional], "not used: abate writes under its own ids"


def _transaction(context: Context) -> Verdict:
    if context.capability.transaction:
        return "says yes", f"a report is written in one transaction; {_TRY}"
    return "says no", "abate publish refuses: use another server as [target]"


def _twice(_: Context) -> Verdict:
    return "not tried", f"a report sent again makes no duplicates; {_TRY}"


def _whole(_: Context) -> Verdict:
    return "not tried", f"a refused report leaves nothing; {_TRY}"


def _match(context: Context) -> Verdict:
    versions = _all(kind.heeds_versions for kind in _taken(context))
    if versions is False:
        return "says no", "changes by another client at the same time may be overwritten"
    return _WORDS[versions], f"no change of another client is overwritten unnoticed; {_TRY}"


def _all(flags: Iterable[bool | None]) -> bool | None:
    """Return False if any flag is False, None if any is unknown, otherwise True."""
    answers = set(flags)
    if False in answers:
        return False
    return None if None in answers or not answers else True


def _taken(context: Context) -> list[TypeCapability]:
    return [kind for kind in map(context.capability.of, WRITTEN_NAMES) if kind.offered]


DECLARED = (
    Probe(what=TRANSACTION, group="report", ask=_transaction, needs_write=False),
    Probe(what=TWICE, group="report", ask=_twice, needs_write=False),
    Probe(what=MATCH, group="report", ask=_match, needs_write=False),
    Probe(what=WHOLE, group="report", ask=_whole, needs_write=False),
    Probe(what="types of a report", group="report", ask=_types),
    Probe(what="ids of our own", group="report", ask=_own_ids),
    Probe(what="conditional update", group="report", ask=_conditional_update),
)
