"""One pull of all pain scores by one client, in the process that this starts: what it brought.

Started by `peers.py`, for each peer with the Python of its own environment: what that does not have
is imported only where it is used. Each client is used as its documentation shows, at its fastest:
the peers hand over the resources of each page, and no table is made of them.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, NamedTuple

CODE = "http://loinc.org|72514-3"
# When the made server wrote its first row; each minute brought one more.
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


class Asked(NamedTuple):
    """From where, how many rows there are, how many on a page, how many pages at once."""

    base: str
    scores: int
    page: int
    parts: int


class Errors(logging.Handler):
    """Counts what is logged as an error."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count it."""
        self.count += record.levelno >= logging.ERROR


def abate(asked: Asked) -> tuple[float, int]:
    """Seconds and rows of a pull onto the disk, counted and checked."""
    from abate.http import clock
    from pull import landed

    if "--without-waiting" in sys.argv:
        clock.sleep = _no_wait
    parts, page = f"source.parallel={asked.parts}", f"source.page_size={asked.page}"
    seconds, ledger = landed(asked.base, parts, page)
    return seconds, ledger.count_received("pain scores")


def _no_wait(seconds: float) -> None:
    del seconds


def fhir_pyrate(asked: Asked) -> Iterator[str]:
    """The ids; retries are set as its documentation shows, and it is told the span of the rows."""
    from fhir_pyrate import Pirate
    from requests.adapters import Retry

    retry = Retry(
        total=3,
        backoff_factor=0.5,
        status_forcelist=[500, 502, 503, 504],
        allowed_methods=["GET"],
    )
    search = {"code": CODE, "_count": asked.page, "_sort": "_id"}
    pirate = Pirate(base_url=asked.base, auth=None, num_processes=asked.parts, retry_requests=retry)
    if asked.parts == 1:
        bundles = pirate.steal_bundles("Observation", search)
    else:
        bundles = pirate.sail_through_search_space(
            "Observation", "_lastUpdated", FIRST, FIRST + timedelta(minutes=asked.scores), search
        )
    for bundle in bundles:
        for entry in bundle.entry or []:
            yield entry.resource.id


def fhirpy(asked: Asked) -> Iterator[str]:
    """The ids."""
    from fhirpy import SyncFHIRClient

    found = SyncFHIRClient(asked.base).resources("Observation").search(code=CODE)
    for one in found.limit(asked.page):
        yield one["id"]


PEERS: dict[str, Callable[[Asked], Iterator[str]]] = {"fhir-pyrate": fhir_pyrate, "fhirpy": fhirpy}


def peer(name: str, asked: Asked) -> dict[str, Any]:
    """Seconds, distinct rows, and the error that its caller met."""
    ids: set[str] = set()
    start = time.perf_counter()
    try:
        ids.update(PEERS[name](asked))
    except Exception as error:
        return {"rows": len(ids), "error": type(error).__name__}
    return {"seconds": time.perf_counter() - start, "rows": len(ids)}


def ours(asked: Asked) -> dict[str, Any]:
    """The same of abate, whose rows are those of a pull that is complete."""
    from abate.errors import AbateError

    try:
        seconds, rows = abate(asked)
    except AbateError as error:
        return {"rows": 0, "error": str(error)}
    return {"seconds": seconds, "rows": rows}


def main() -> None:
    """Print, as JSON, what one pull brought."""
    logged = Errors()
    logging.getLogger().addHandler(logged)
    name, base, scores, page, parts = sys.argv[1:6]
    asked = Asked(base, int(scores), int(page), int(parts))
    came = ours(asked) if name == "abate" else peer(name, asked)
    peak = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN)) / 1024
    found = {"logged": logged.count, "megabytes": peak, "version": version(name)}
    print(json.dumps({**came, **found}))


if __name__ == "__main__":
    main()
