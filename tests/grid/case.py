"""A case of the grid: one fault, and how each way to pull ends."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fault import Fault, honest
from ways import SEARCH


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault, and how each way to pull ends.

    Attributes:
        id: its name.
        says: what the server does, in a sentence.
        seen: a public issue, or "observed".
        fault: makes what stands in front of the server, anew for each cell.
        fails: by way, words of the error that ends the pull; the other ways are complete.
        ways: the ways that it is tried in.
        resources: what the server has besides.
        reads: how the odd rows among these stand in the store: state, reason or value.
        settings: of the study, besides.
        is_moving: whether data change while one pages: what comes then is there a night later.
        is_followed: whether a day and a night follow before the store is looked at.
        has_login: whether the server wants a token, which its token endpoint gives.
        warns: a warning that must be said.
        deleted: what is deleted before the pull, by type and id.
        disguised: what the server shows of some resources, by id, in place of what it was given.
        unseen: by way, the ids of the rows that are missing, where no client can tell it.
        is_compared: whether the night compares all ids, as `abate reconcile` does.
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


def everywhere(words, ways=SEARCH):
    """The same end of all ways."""
    return dict.fromkeys(ways, words)
