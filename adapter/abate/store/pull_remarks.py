"""What a pull learns beside its rows, and the results must tell: who left, what is withheld.

During the pull it is kept in notes of the landing, so that a run that goes on knows it too; with
the rows it goes into the store, and stays there until a whole pull says otherwise.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from abate.fhir.outcomes import Judge, issues, refuse, refuse_cut_short
from abate.fhir.types import MAPPED_NAMES

if TYPE_CHECKING:
    from abate.store.database import Store
    from abate.store.landing import Landing

_LEFT, _WITHHELD, _UNFILTERED = "left-group", "withheld", "unfiltered"


def note_withheld(landing: "Landing", code: str) -> None:
    """Note the code by which the server said that it withholds rows; threads may share it."""
    landing.remember(f"{_WITHHELD}-{code}", b"")


def judge_of(landing: "Landing", *, is_accepted: bool) -> Judge:
    """How `[source] withheld` has outcomes judged; what is accepted is noted in the landing."""

    def accept(told: Any, of: str) -> None:
        refuse_cut_short(told, of)
        for issue in issues(told):
            if issue.is_withheld:
                note_withheld(landing, issue.code)

    return accept if is_accepted else refuse


def note_left(landing: "Landing", patients: Iterable[str]) -> None:
    """Note the ids of the patients who have left the Group that is studied."""
    landing.remember(_LEFT, msgspec.json.encode(sorted(patients)))


def note_unfiltered(landing: "Landing", kinds: Iterable[str]) -> None:
    """Note the types that are exported without a filter by code, by which nothing was found."""
    landing.remember(_UNFILTERED, msgspec.json.encode(sorted(kinds)))


def recall_unfiltered(landing: "Landing") -> set[str]:
    """The types that are exported without a filter by code."""
    return msgspec.json.decode(landing.recall(_UNFILTERED) or b"[]", type=set[str])


def left(landing: "Landing") -> list[str]:
    """The ids of the patients who have left the Group that is studied."""
    return msgspec.json.decode(landing.recall(_LEFT) or b"[]", type=list[str])


def is_withheld(landing: "Landing") -> bool:
    """Whether the server said during this pull that it withholds rows."""
    return bool(_codes(landing))


def keep(store: "Store", landing: "Landing", server: str) -> None:
    """Keep what the pull of a server has noted; the caller holds the transaction.

    What is withheld is forgotten only after a pull of everything.
    """
    is_whole = all(landing.is_whole(kind) for kind in MAPPED_NAMES)
    codes = {*_codes(landing), *(() if is_whole else withheld(store, server))}
    store.run("delete from pull_remark where server = $server", {"server": server})
    store.insert("pull_remark", [(server, _WITHHELD, code, None) for code in sorted(codes)])
    kinds = sorted(recall_unfiltered(landing))
    store.insert("pull_remark", [(server, _UNFILTERED, kind, None) for kind in kinds])
    if number := len(left(landing)):
        store.insert("pull_remark", [(server, _LEFT, "", number)])


def withheld(store: "Store", server: str) -> list[str]:
    """The codes by which a server said that rows are withheld, which are not in the store."""
    return _details(store, server, _WITHHELD)


def read_unfiltered(store: "Store", server: str) -> list[str]:
    """The types of which the last export of a server found nothing by a filter."""
    return _details(store, server, _UNFILTERED)


def _details(store: "Store", server: str, kind: str) -> list[str]:
    sql = "select detail from pull_remark where server = $server and kind = $kind order by detail"
    return [detail for (detail,) in store.rows(sql, {"server": server, "kind": kind})]


def _codes(landing: "Landing") -> list[str]:
    notes = landing.folder.glob(f"{_WITHHELD}-*.note")
    return sorted(note.name.removeprefix(f"{_WITHHELD}-").removesuffix(".note") for note in notes)
