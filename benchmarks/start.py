"""How fast commands start that have little to do, and how long the demo takes: medians of runs.

Say `make bench`. The limits are the project's own; the figures vary with the machine. Which
libraries each command may load is held by `tests/cli/test_start.py`.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

RUNS = 5
# A server that refuses is asked again after a while: the waits are left out.
ABATE = """
import sys
from abate.http import clock
clock.sleep = lambda seconds: None
from abate.cli import main
main()
"""
STUDY = """[study]
id = "start"
timezone = "Europe/Vienna"
[source]
url = "http://127.0.0.1:9/fhir"
[index]
codes = ["list:cementoplasty"]
[scores]
codes = ["list:pain-intensity"]
[visits]
Wk1 = 7
[[analysis]]
use = "paired-change"
endpoint = "Wk1"
"""
# The CPU time that each may take, in seconds.
LIMITS = {
    "--help": 0.2,
    "--version": 0.2,
    "plugins": 0.4,
    "run broken.toml": 0.15,
    "run study.toml": 0.8,
    "check http://127.0.0.1:9/fhir": 0.7,
}


def cpu_seconds(code: str, arguments: list[str], folder: Path) -> float:
    """The CPU time of Python code with arguments, and of its children; however it ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code, *arguments], check=False, capture_output=True, cwd=folder
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def wall_seconds(code: str, arguments: list[str], folder: Path) -> float:
    """The time on the clock that Python code takes."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, cwd=folder
    )
    return time.perf_counter() - start


def main() -> None:
    """Print each figure beside its limit."""
    with TemporaryDirectory(prefix="abate-start-") as name:
        folder = Path(name)
        (folder / "broken.toml").write_text("[study", "utf-8")
        (folder / "study.toml").write_text(STUDY, "utf-8")
        bare = median(cpu_seconds("", [], folder) for _ in range(RUNS))
        print(f"{'python':36} {bare:.2f} s of CPU")
        for command, limit in LIMITS.items():
            spent = median(cpu_seconds(ABATE, command.split(), folder) for _ in range(RUNS))
            print(f"{'abate ' + command:36} {spent:.2f} s of CPU (limit {limit} s)")
        demo = median(wall_seconds(ABATE, ["demo", "--json"], folder) for _ in range(3))
        print(f"{'abate demo':36} {demo:.2f} s on the clock (limit 10 s)")


if __name__ == "__main__":
    main()
