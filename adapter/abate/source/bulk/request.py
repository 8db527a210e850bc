"""The request of an export (types, and filters by code), and the excluded resources."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import quote

from abate.fhir.types import MAPPED_NAMES
from abate.source.bulk.export_files import ReceivedFile
from abate.source.files.source import log_others
from abate.source.plan import Plan
from abate.store.landing import Landing
from abate.telemetry.log import Log

# Longer filters would not fit into the URL of the kick-off.
LONGEST_FILTERS = 3000


def note_filtered(landing: Landing, kinds: Iterable[str]) -> None:
    """Note the types for which the server accepted a filter."""
    landing.remember("filtered", ",".join(kinds).encode())


def types_of(plan: Plan) -> list[str]:
    """Return the types that the study needs."""
    coded = {query.type for query in plan.queries}
    return [kind for kind in MAPPED_NAMES if kind == "Patient" or kind in coded]


def recall_filtered(landing: Landing) -> list[str]:
    """Return the types for which the server accepted a filter."""
    return [kind for kind in (landing.recall("filtered") or b"").decode().split(",") if kind]


def tell_left_out(files: Sequence[ReceivedFile], log: Log, filtered: Sequence[str]) -> None:
    """Log the number of excluded resources; as a warning if the server accepted a filter."""
    strays, others = Counter[str](), Counter[str]()
    for file in files:
        strays.update(file.strays)
        others.update(file.others)
    log_others(log, others)
    for kind, count in sorted(strays.items()):
        words = f"{kind}: {count} resources without one of the study's codes were excluded"
        if kind in filtered:
            log.warning(f"the export does not honour code in {words}")
        else:
            log.info(words)


def filters(plan: Plan, unfiltered: Collection[str] = ()) -> dict[str, str]:
    """Return the searches by code, by type, for `_typeFilter`; none if they are too long.

    The content of a search is encoded twice, since some servers split the parameter at commas.
    """
    queries = {
        query.type: f"{query.type}?code={quote(','.join(query.tokens), safe='')}"
        for query in plan.queries
        if query.type not in unfiltered
    }
    return queries if sum(map(len, queries.values())) <= LONGEST_FILTERS else {}
