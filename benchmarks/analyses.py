"""How long every registered analysis takes on a large cohort, and how much memory.

Say `make bench`, or `python benchmarks/analyses.py [INDEX PROCEDURES]`. Goal, on two cores: all of
them on 100,000 index procedures with 1 M scores in under 30 s and 4 GB.
"""

import sys
import time
from dataclasses import fields
from resource import RUSAGE_SELF, getrusage
from typing import Any

import made_cohort
from abate import Cohort, LastOf
from abate.analysis import loader
from abate.analysis.host import Host, Offered
from abate.analysis.outcome import Outcome
from abate.config.settings import AnalysisSpec

LESIONS = 100_000
SECONDS, GIGABYTES = 30, 4
PARAMETERS: dict[str, Any] = {"endpoint": LastOf(("D1", "Wk1"))}  # of those that want one


def main() -> None:
    """Print a line per analysis, and one for all of them."""
    cohort = made_cohort.make(int(sys.argv[1]) if len(sys.argv) > 1 else LESIONS)
    print(f"{cohort.lesions.height} index procedures, {cohort.scores.height} scores")
    host = loader.load()
    total = 0.0
    for name, offered in sorted(host.analyses().items()):
        seconds, outcome = _run(host, offered, cohort)
        total += seconds
        print(f"{name:16}{seconds:8.2f} s  {_said(outcome)}")
    print(
        f"{'all':16}{total:8.2f} s (goal {SECONDS} s), {_gigabytes():.1f} GB at most "
        f"(goal {GIGABYTES} GB)"
    )


def _run(host: Host, offered: Offered, cohort: Cohort) -> tuple[float, Outcome]:
    kind: Any = offered.kind
    wanted = {one.name for one in fields(kind)}
    analysis = kind(**{name: value for name, value in PARAMETERS.items() if name in wanted})
    spec = AnalysisSpec(use=kind.name, name=kind.name)
    start = time.perf_counter()
    outcome = host.run(spec, offered, analysis, cohort)
    return time.perf_counter() - start, outcome


def _said(outcome: Outcome) -> str:
    if outcome.result is None:
        return f"FAILED: {outcome.error}"
    return outcome.result.reason or f"{len(outcome.result.estimates)} estimates"


def _gigabytes() -> float:
    """The most memory that this process ever held, on Linux."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
