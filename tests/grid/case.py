"""A case of the grid: one fault, and the end of each way to pull."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from fault import Fault, honest
from ways import SEARCH


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault, and the end of each way to pull.

    Attributes:
        id: its name.
        says: a sentence on what the server does.
        seen: a public issue, "observed" or "assumed".
        fault: makes the fault, which sits in front of the server; called for each cell.
        fails: by way, words of the error that ends the pull; the other ways are complete.
        ways: the ways with which it is tested.
        resources: additional resources of the server.
        reads: the state, reason or value of the unusual rows among these in the store.
        settings: additional settings of the study.
        is_moving: whether data change during the pull; such rows are expected a night later.
        is_followed: whether a day and a night follow before the store is checked.
        has_login: whether the server requires a token, from its token endpoint.
        warns: a warning that must be logged.
        deleted: the resources that are deleted before the pull, by type and id.
        disguised: by id, what the server returns for some resources instead of their content.
        unseen: by way, the ids of missing rows, if no client can detect that they are missing.
        ahead: how far the server's clock is ahead on that night only; the server writes a row with
            such a date. The clock of the machine that pulls is right.
        is_compared: whether the night compares all ids, as `abate reconcile` does.
        outside: ids of rows of people outside the study, which a pull may have or not.
    """

    id: str
    says: str
    seen: str = "observed"
    fault: Callable[[], Fault] = lambda: honest
    fails: Mapping[str, str] = field(default_factory=dict)
    ways: Iterable[str] = SEARCH
    resources: Sequence[Mapping[str, object]] = ()
    reads: Mapping[str, tuple[str, object]] = field(default_factory=dict)
    settings: Sequence[str] = ()
    is_moving: bool = False
    is_followed: bool = False
    has_login: bool = False
    warns: str = ""
    deleted: Sequence[tuple[str, str]] = ()
    disguised: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    unseen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_compared: bool = False
    ahead: timedelta = timedelta(0)
    outside: Sequence[str] = ()


def everywhere(words, ways=SEARCH):
    """Return the same end for all ways."""
    return dict.fromkeys(ways, words)
