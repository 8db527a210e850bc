"""The pull by search beside FHIR-PYrate and fhirpy: rows a second, memory, and a page that fails.

Say `make bench`, or `python benchmarks/peers.py PYTHON [SCORES] [RUNS]`, where PYTHON is that of an
environment with the dependency group `peers`. All ask the same made server for the same pain
scores, take turns, and have a process of their own each time; medians of RUNS. No goal: these are
facts about named versions.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from made_server import NONE, Refusal, serving

SCORES, RUNS, PAGE = 100_000, 3, 200
SECONDS_A_PAGE = 0.1
# With a delay, so much of the scores.
SLOW_SHARE = 0.16
FEW, FEW_A_PAGE = 500, 100
ALWAYS = float("inf")


class Client(NamedTuple):
    """A client, and how many pages it asks for at once."""

    name: str
    parts: int

    def __str__(self) -> str:
        """As in the table."""
        return f"{self.name}, {self.parts} at once" if self.parts > 1 else self.name


ALONE = [Client("abate", 1), Client("fhir-pyrate", 1), Client("fhirpy", 1)]
# fhirpy has no way to ask for several parts.
CLIENTS = [*ALONE, Client("abate", 8), Client("fhir-pyrate", 8)]
FAULTS = {
    "page 3 answers 503 once": Refusal(2 * FEW_A_PAGE, 503, 1),
    "page 3 answers 500": Refusal(2 * FEW_A_PAGE, 500, ALWAYS),
    "page 3 answers 410": Refusal(2 * FEW_A_PAGE, 410, ALWAYS),
}


def pull(python: str, client: Client, base: str, *more: object) -> dict[str, Any]:
    """What one pull brought; see `one_pull`."""
    program = sys.executable if client.name == "abate" else python
    script = Path(__file__).with_name("one_pull.py")
    scores, page, *flags = map(str, more)
    words = [program, str(script), client.name, base, scores, page, str(client.parts), *flags]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{client} did not run:\n{ran.stderr}")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def speed(python: str, scores: int, runs: int, delay: float) -> None:
    """Print the rows a second of each client as ratios, of one run in turns."""
    came = defaultdict(list)
    with serving(scores, delay) as base:
        for _ in range(runs):
            for client in CLIENTS:
                came[client].append(pull(python, client, base, scores, PAGE))
    print(f"\n{scores} scores, {1000 * delay:.0f} ms a page of {PAGE}, medians of {runs}")
    print(f"{'':24}{'rows':>9}{'seconds':>9}{'rows/s':>9}{'to abate':>10}{'to its 8':>10}{'MB':>6}")
    seconds = {one: median(run["seconds"] for run in came[one]) for one in CLIENTS}
    one_part, eight_parts = (seconds[one] for one in CLIENTS if one.name == "abate")
    for one, took in seconds.items():
        rows = {run["rows"] for run in came[one]}
        if rows != {scores}:
            sys.exit(f"{one} brought {rows} rows of {scores}")
        megabytes = median(run["megabytes"] for run in came[one])
        print(
            f"{one!s:24}{scores:9}{took:9.2f}{scores / took:9.0f}{one_part / took:10.2f}"
            f"{eight_parts / took:10.2f}{megabytes:6.0f}"
        )


def faults(python: str) -> None:
    """Print what each client brings, and what its caller is told, where a page fails."""
    print(f"\n{FEW} scores, {FEW_A_PAGE} on a page")
    for words, refusal in FAULTS.items():
        for client in ALONE:
            with serving(FEW, 0, refusal) as base:
                came = pull(python, client, base, FEW, FEW_A_PAGE, "--without-waiting")
            print(f"{words:25}{client!s:13}{came['rows']:4} rows, {_told(came)}")


def _told(came: dict[str, Any]) -> str:
    if "error" in came:
        return f"and an error: {came['error']}"
    return "and no error" + (f"; {came['logged']} in its log" if came["logged"] else "")


def versions(python: str) -> None:
    """Print which versions these are, and stop where one is missing."""
    with serving(FEW, 0, NONE) as base:
        found = {one.name: pull(python, one, base, FEW, FEW_A_PAGE)["version"] for one in ALONE}
    print("beside peers: " + ", ".join(f"{name} {which}" for name, which in found.items()))


def main() -> None:
    """Print all of it."""
    python, *numbers = sys.argv[1:]
    scores, runs = [*map(int, numbers), *(SCORES, RUNS)[len(numbers) :]]
    versions(python)
    speed(python, scores, runs, 0)
    speed(python, int(scores * SLOW_SHARE), runs, SECONDS_A_PAGE)
    faults(python)


if __name__ == "__main__":
    main()
