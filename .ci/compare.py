"""Print which packages of this environment are not those of `constraints.txt`.

`make test-latest` runs it before the tests.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


def differences() -> Iterator[str]:
    """One line for each package that has another version here."""
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        exact = Requirement(line)
        if exact.marker is None or exact.marker.evaluate():
            yield from _difference(exact)


def _difference(exact: Requirement) -> Iterator[str]:
    try:
        here = version(exact.name)
    except PackageNotFoundError:
        return
    if not exact.specifier.contains(here, prereleases=True):
        yield f"{exact.name} {str(exact.specifier).lstrip('=')} -> {here}"


if __name__ == "__main__":
    found = list(differences())
    sys.stdout.write("\n".join(["Not as in constraints.txt:", *(found or ["nothing"]), ""]))
