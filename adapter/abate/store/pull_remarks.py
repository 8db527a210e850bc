"""What a pull learns beside its rows and the results must report, such as withheld rows.

During the pull it is kept in notes of the landing folder, so that a later run of the same pull has
it too. It is stored with the rows, and stays until a whole pull replaces it.
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
    """Note the code with which the server withholds rows; threads may call it."""
    landing.remember(f"{_WITHHELD}-{code}", b"")


def judge_of(landing: "Landing", *, is_accepted: bool) -> Judge:
    """Return the judge of outcomes for `[source] withheld`; accepted codes are noted."""

    def accept(entries: Any, of: str) -> None:
        refuse_cut_short(entries, of)
        for issue in issues(entries):
            if issue.is_withheld:
                note_withheld(landing, issue.code)

    return accept if is_accepted else refuse


def note_left(landing: "Landing", patients: Iterable[str]) -> None:
    """Note the ids of the patients who have left the study's Group."""
    landing.remember(_LEFT, msgspec.json.encode(sorted(patients)))


def note_unfiltered(landing: "Landing", kinds: Iterable[str]) -> None:
    """Note the types that are exported without a filter by code, because it found nothing."""
    landing.remember(_UNFILTERED, msgspec.json.encode(sorted(kinds)))


def recall_unfiltered(landing: "Landing") -> set[str]:
    """Return the types that are exported without a filter by code."""
    return msgspec.json.decode(landing.recall(_UNFILTERED) or b"[]", type=set[str])


def left(landing: "Landing") -> list[str]:
    """Return the ids of the patients who have left the study's Group."""
    return msgspec.json.decode(landing.recall(_LEFT) or b"[]", type=list[str])


def is_withheld(landing: "Landing") -> bool:
    """Whether the server has withheld rows during this pull."""
    return bool(_codes(landing))


def keep(store: "Store", landing: "Landing", server: str) -> None:
    """Store what the pull of a server has noted; the caller holds the transaction.

    Codes of withheld rows stay until the next pull of everything.
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
    """Return the codes with which a server withholds rows, which the store therefore lacks."""
    return _details(store, server, _WITHHELD)


def read_unfiltered(store: "Store", server: str) -> list[str]:
    """Return the types of which the last export of a server found nothing by a filter."""
    return _details(store, server, _UNFILTERED)


def _details(store: "Store", server: str, kind: str) -> list[str]:
    sql = "select detail from pull_remark where server = $server and kind = $kind order by detail"
    return [detail for (detail,) in store.rows(sql, {"server": server, "kind": kind})]


def _codes(landing: "Landing") -> list[str]:
    notes = landing.folder.glob(f"{_WITHHELD}-*.note")
    return sorted(note.name.removeprefix(f"{_WITHHELD}-").removesuffix(".note") for note in notes)
