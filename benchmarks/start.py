"""How fast the command line starts, and how long the demo takes: medians over several runs.

Say `make bench`. The limits are the project's own; the figures vary with the machine.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ABATE = Path(sys.executable).with_name("abate")
HEAVY = (
    "duckdb",
    "scipy",
    "polars",
    "numpy",
    "fhir",
    "requests",
    "werkzeug",
    "pydantic",
    "joserfc",
)
RUNS = 7


def cpu_seconds(*command: object) -> float:
    """The CPU time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def loaded_by_help() -> list[str]:
    """The heavy libraries that `abate --help` loads."""
    code = (
        "import sys; sys.argv = ['abate', '--help']\n"
        "from abate.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return ran.stderr.split()


def wall_seconds(*command: object) -> float:
    """The time on the clock that a command takes."""
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print each figure beside its limit."""
    bare = median(cpu_seconds(sys.executable, "-c", "") for _ in range(RUNS))
    start = median(cpu_seconds(ABATE, "--help") for _ in range(RUNS))
    demo = median(wall_seconds(ABATE, "demo", "--json") for _ in range(3))
    print(
        f"abate --help   {start:.3f} s of CPU, {start / bare:.1f} times bare Python (limit 0.2 s)"
    )
    print(f"               heavy libraries loaded: {', '.join(loaded_by_help()) or 'none'}")
    print(f"abate demo     {demo:.2f} s on the clock (limit 10 s)")


if __name__ == "__main__":
    main()
