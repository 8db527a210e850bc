"""What an export is asked for, types and searches by code; and what comes that was not."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import quote

from abate.fhir.types import MAPPED_NAMES
from abate.source.bulk.export_files import ReceivedFile
from abate.source.files.source import log_others
from abate.source.plan import Plan
from abate.store.landing import Landing
from abate.telemetry.log import Log

# More would not fit into the URL that an export is begun by.
LONGEST_FILTERS = 3000


def note_filtered(landing: Landing, kinds: Iterable[str]) -> None:
    """Note the types for which the server took a filter."""
    landing.remember("filtered", ",".join(kinds).encode())


def types_of(plan: Plan) -> list[str]:
    """The types that the study needs."""
    coded = {query.type for query in plan.queries}
    return [kind for kind in MAPPED_NAMES if kind == "Patient" or kind in coded]


def recall_filtered(landing: Landing) -> list[str]:
    """The types for which the server took a filter."""
    return [one for one in (landing.recall("filtered") or b"").decode().split(",") if one]


def tell_left_out(brought: Sequence[ReceivedFile], log: Log, filtered: Sequence[str]) -> None:
    """Log what came and was not asked for; a warning if the server took our filter."""
    strays, others = Counter[str](), Counter[str]()
    for one in brought:
        strays.update(one.strays)
        others.update(one.others)
    log_others(log, others)
    for kind, count in sorted(strays.items()):
        words = f"{kind}: {count} resources without one of the study's codes are left out"
        if kind in filtered:
            log.warning(f"the export does not heed code in {words}")
        else:
            log.info(words)


def filters(plan: Plan, unfiltered: Collection[str] = ()) -> dict[str, str]:
    """The searches by code, by type, for `_typeFilter`; none where they are too long.

    What is in a search is encoded once more: some servers divide the whole by its commas.
    """
    found = {
        one.type: f"{one.type}?code={quote(','.join(one.tokens), safe='')}"
        for one in plan.queries
        if one.type not in unfiltered
    }
    return found if sum(map(len, found.values())) <= LONGEST_FILTERS else {}
