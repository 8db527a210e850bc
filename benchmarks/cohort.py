"""From 1 M landed Observations to the cohort's tables, as a ratio to `orjson.loads` of each line.

Say `make bench`, or `python benchmarks/cohort.py [OBSERVATIONS]`. Counted for abate: the mapping of
all landed files, the merge into an empty store on disk, the assembly of all frames, the commit,
with `keep_raw = false`; not the pull. Counted for orjson: to read the lines of the same files in
two processes, and to throw away what was read. They take turns; the ratio is that of the medians.
The ratio of the CPU times says the same, and depends less on what else the machine does.
"""

import sys
import time
from multiprocessing import Process
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import orjson

import made_study
from abate.analysis import loader
from abate.cohort.assemble import assemble
from abate.config import reader
from abate.mapping import code_lists, mapper
from abate.source import plan
from abate.store.database import opened
from abate.store.landing import Landing, Record

PROCESSES = 2
RUNS = 3
GOAL = 0.7
STUDY = """
[study]
id = "made"
timezone = "Asia/Hong_Kong"
[source]
url = "http://fhir.test/base"
[output]
keep_raw = false
[index]
codes = ["list:cementoplasty"]
[scores]
codes = ["list:pain-intensity"]
[visits]
baseline = { from = -7, to = 0 }
D1 = 1
Wk1 = 7
Wk2 = 14
M1 = { day = 28, from = 25, to = 41 }
M3 = { day = 90, from = 76, to = 104 }
M6 = { day = 180, from = 160, to = 210 }
"""


class Taken(NamedTuple):
    """Seconds on the clock, by stage, seconds of CPU, and how many scores the cohort has."""

    mapping: float
    assembly: float
    cpu: float
    scores: int

    @property
    def total(self) -> float:
        """Both stages."""
        return self.mapping + self.assembly


class Limit(NamedTuple):
    """Seconds on the clock, and of CPU, that the processes need to read all lines."""

    total: float
    cpu: float


def orjson_seconds(landed: Path) -> Limit:
    """Let the processes read all lines."""
    workers = [Process(target=_read, args=(landed, part)) for part in range(PROCESSES)]
    start, cpu = time.perf_counter(), _cpu(RUSAGE_CHILDREN)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Limit(time.perf_counter() - start, _cpu(RUSAGE_CHILDREN) - cpu)


def _cpu(who: int) -> float:
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


def _read(landed: Path, part: int) -> None:
    """Read one part of each file: whole lines, of about the same number of bytes."""
    loads = orjson.loads
    for path in landed.glob("*.ndjson"):
        size = path.stat().st_size
        with path.open("rb") as file:
            place, end = (_begin(path, size * one // PROCESSES) for one in (part, part + 1))
            file.seek(place)
            while place < end:
                line = file.readline()
                loads(line)
                place += len(line)


def _begin(path: Path, place: int) -> int:
    """Where the first line begins that does not begin before `place`."""
    with path.open("rb") as file:
        file.seek(max(place - 1, 0))
        return place if place == 0 else file.tell() + len(file.readline())


def abate_seconds(landing: Landing, folder: Path) -> Taken:
    """The time on the clock from the files to the cohort, into an empty store."""
    (folder / "study.toml").write_text(STUDY, "utf-8")
    study = reader.read(folder / "study.toml", ())
    lists = code_lists.load(loader.load(study.settings.plugins).mappings())
    source = study.settings.source
    reading = mapper.Reading(run_id="run", study_digest=study.digest, source=source)
    with opened(folder / "store.duckdb") as store, store.transaction():
        mapper.register(store, plan.make(study.settings, lists).roles, lists)
        start, cpu = time.perf_counter(), _cpu(RUSAGE_SELF)
        mapper.load(store, landing, reading)
        mapped = time.perf_counter()
        cohort = assemble(store, study.settings, "run")
    if not cohort.scores.height:
        sys.exit("nothing was mapped: the figures would mean nothing")
    assembled, used = time.perf_counter(), _cpu(RUSAGE_SELF) - cpu
    return Taken(mapped - start, assembled - mapped, used, cohort.scores.height)


def main() -> None:
    """Print the medians and the ratio."""
    observations = int(sys.argv[1]) if len(sys.argv) > 1 else made_study.OBSERVATIONS
    with TemporaryDirectory() as name, Landing(Path(name) / "landing") as landing:
        with landing.unit("made") as unit:
            made_study.write(unit.folder, observations, observations * 3 // 100)
            unit.record = Record(
                query="made", type="Observation", expected=None, received=observations, pages=1
            )
        measured = [_turn(landing, Path(name)) for _ in range(RUNS)]
    limit = median(one.total for one, _ in measured)
    limit_cpu = median(one.cpu for one, _ in measured)
    taken = sorted((one for _, one in measured), key=lambda one: one.total)[RUNS // 2]
    print(
        f"orjson.loads   {limit:.2f} s in {PROCESSES} processes: {observations} Observations; "
        f"CPU {limit_cpu:.2f} s"
    )
    print(
        f"abate          {taken.total:.2f} s (mapping {taken.mapping:.2f} s, cohort "
        f"{taken.assembly:.2f} s), {taken.scores} linked scores, "
        f"{getrusage(RUSAGE_SELF).ru_maxrss / 1024**2:.1f} GB at most; CPU {taken.cpu:.2f} s"
    )
    print(
        f"abate/orjson   {limit / taken.total:.2f} of its throughput (goal {GOAL}); "
        f"by CPU {limit_cpu / taken.cpu:.2f}"
    )


def _turn(landing: Landing, folder: Path) -> tuple[Limit, Taken]:
    limit = orjson_seconds(landing.folder / "made")
    with TemporaryDirectory(dir=folder) as out:
        return limit, abate_seconds(landing, Path(out))


if __name__ == "__main__":
    main()
