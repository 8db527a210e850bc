"""The pull by search: what several parts at once bring, what a quiet night costs, and memory.

Say `make bench`, or `python benchmarks/pull.py [SCORES]`. Goals: with 100 ms a page, 8 parts bring
at least 4 times the rows a second of one; a night without changes asks each type twice; from a
tenth of the scores to all of them, peak memory grows by no more than a third.
"""

import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from abate.analysis import loader
from abate.auth.servers import source_server
from abate.config.reader import read
from abate.ingest import server_state
from abate.ingest.ingest import refresh
from abate.mapping import code_lists
from abate.source import plan
from abate.source.search.source import RestSource
from abate.store.database import FILE
from abate.store.landing import Landing
from abate.store.ledger import Ledger
from abate.telemetry.log import SILENT
from abate.telemetry.status import held
from made_server import serving

SCORES = 1_000_000
SLOW_SCORES, SECONDS_A_PAGE, PAGE = 16_000, 0.1, 200
RUNS = 3
STUDY = """
[study]
id = "made"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
strategy = "population"
[output]
keep_raw = false
[index]
codes = ["urn:s|treat"]
[scores]
codes = ["http://loinc.org|72514-3"]
[visits]
baseline = {{ from = -7, to = 0 }}
Wk1 = 7
"""


class Night(NamedTuple):
    """Seconds on the clock and requests of one refresh."""

    seconds: float
    requests: int


def night(folder: Path, base: str, *overrides: str) -> Night:
    """Bring the store in `folder` up to date."""
    path = folder / "study.toml"
    path.write_text(STUDY.format(base=base), "utf-8")
    study = read(path, overrides)
    host = loader.load(study.settings.plugins)
    start = time.perf_counter()
    with held(study.output, "run") as progress:
        with refresh(study, host, progress):
            pass
        requests = progress.run.requests
    return Night(time.perf_counter() - start, requests or 0)


def peak(scores: int) -> float:
    """The most memory, in MB, of a process that pulls so many scores and maps none."""
    ran = subprocess.run(
        [sys.executable, __file__, "--land", str(scores)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(ran.stdout)


def landed(base: str, *overrides: str) -> tuple[float, Ledger]:
    """Seconds and books of a whole pull onto the disk, without the mapping."""
    with TemporaryDirectory() as name:
        path = Path(name) / "study.toml"
        path.write_text(STUDY.format(base=base), "utf-8")
        study = read(path, overrides)
        host = loader.load(study.settings.plugins)
        lists = code_lists.load(host.mappings())
        needed = plan.make(study.settings, lists)
        has = server_state.of(study.output / FILE, study.settings, {}, needed.roles, lists)
        source = study.settings.source
        start = time.perf_counter()
        with (
            Landing(Path(name) / "landing") as landing,
            source_server(study.settings, study.folder) as server,
        ):
            pulled = RestSource(server, source, has).bring(needed, landing, SILENT)
            return time.perf_counter() - start, pulled.ledger


def landing_seconds(base: str, *overrides: str) -> float:
    """Its seconds."""
    return landed(base, *overrides)[0]


def land(scores: int) -> None:
    """Pull so many scores onto the disk, and print the peak of memory in MB."""
    with serving(scores) as base:
        landing_seconds(base, "source.page_size=1000")
    print(getrusage(RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Print each figure beside its goal."""
    scores = int(sys.argv[1]) if len(sys.argv) > 1 else SCORES
    with serving(SLOW_SCORES, SECONDS_A_PAGE) as base:
        one = median(landing_seconds(base, "source.parallel=1") for _ in range(RUNS))
        eight = median(landing_seconds(base, "source.parallel=8") for _ in range(RUNS))
    print(
        f"8 parts at once {one / eight:.1f} times the rows a second of one (goal 4): {SLOW_SCORES} "
        f"scores in {eight:.1f} s and {one:.1f} s, {1000 * SECONDS_A_PAGE:.0f} ms a page of {PAGE}"
    )
    for size in (1_000, 10_000):
        with serving(size) as base, TemporaryDirectory() as name:
            night(Path(name), base)
            quiet = night(Path(name), base)
        print(
            f"a quiet night   {quiet.requests} requests with {size} scores, {quiet.seconds:.2f} s"
        )
    few, many = peak(scores // 10), peak(scores)
    print(
        f"memory          {many:.0f} MB for {scores} scores, {few:.0f} MB for a tenth: "
        f"{many / few:.2f} times (goal 1.33)"
    )


if __name__ == "__main__":
    if "--land" in sys.argv:
        land(int(sys.argv[2]))
    else:
        main()
