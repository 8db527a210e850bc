"""Write `constraints.txt`: one exact version of every package, for each supported Python.

    .venv/bin/python .ci/constraints.py > constraints.txt    (make constraints)

pip resolves the newest versions that `pyproject.toml` allows, from wheels only, once for each
Python of the classifiers. It needs none of these Pythons: it is told which wheels to take. But it
reads environment markers as those of the Python that it runs on, so that they are read again here
for each Python and platform, until nothing is missing.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CLASSIFIER = "Programming Language :: Python :: "
# What installs and builds: pip, and what hatchling asks for when the project is made editable.
TOOLS = ("pip", "editables")
PLATFORMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)
HEAD = """\
# The exact version of every package: of run-time, development and build, direct and not.
# Made by `make constraints`, for Python {pythons}; never by hand.
"""

Project = Mapping[str, Any]
Versions = dict[str, str]


def pythons(project: Project) -> list[str]:
    """The supported Pythons, as the classifiers of `pyproject.toml` name them."""
    names = project["project"]["classifiers"]
    return [name.removeprefix(CLASSIFIER) for name in names if name.startswith(CLASSIFIER)]


def direct(project: Project) -> list[Requirement]:
    """What the project asks for itself: to run, to develop, to build."""
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
        *TOOLS,
    ]
    return [Requirement(one) for one in wanted]


def resolve(wanted: Sequence[Requirement], python: str) -> Versions:
    """The version of each package that `wanted` leads to, with one Python, on all platforms.

    Raises:
        SystemExit: there is no wheel for that Python, or a version that does not fit.
    """
    asked = [_unmarked(one) for one in wanted if _applies(one, python)]
    while True:
        found = _ask_pip(asked, python)
        reached = dict(_reached(wanted, found, python))
        if not (missing := [one for name, one in reached.items() if name not in found]):
            return {name: found[name]["version"] for name in reached}
        asked += map(_unmarked, missing)


def _ask_pip(wanted: Sequence[str], python: str) -> dict[str, Any]:
    """The metadata of what pip would install, by name."""
    with TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"),
            *("--ignore-installed", "--only-binary", ":all:", "--python-version", python),
            *("--target", folder, *wanted),
        ]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"Python {python}: pip finds no versions that fit:\n{ran.stderr}")
    installed = (one["metadata"] for one in json.loads(ran.stdout)["install"])
    return {canonicalize_name(one["name"]): one for one in installed}


def _reached(
    wanted: Iterable[Requirement], found: Mapping[str, Any], python: str
) -> Iterator[tuple[str, Requirement]]:
    """Each package that is needed, with a requirement that says so; the found ones lead on."""
    waiting = [(one, "") for one in wanted]
    seen = set()
    while waiting:
        one, extra = waiting.pop()
        name = canonicalize_name(one.name)
        if not _applies(one, python, extra):
            continue
        yield name, one
        _refuse_unfit(one, found.get(name), python)
        for more in ("", *one.extras):
            if name in found and (name, more) not in seen:
                seen.add((name, more))
                needs = found[name].get("requires_dist", ())
                waiting += [(Requirement(text), more) for text in needs]


def _applies(one: Requirement, python: str, extra: str = "") -> bool:
    """Whether a requirement holds with a Python, on any platform."""
    if one.marker is None:
        return True
    own = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    return any(one.marker.evaluate(own | platform) for platform in PLATFORMS)


def _refuse_unfit(one: Requirement, found: Mapping[str, Any] | None, python: str) -> None:
    if found and not one.specifier.contains(found["version"], prereleases=True):
        raise SystemExit(
            f"Python {python}: pip took {found['name']} {found['version']}, and {one} is needed"
        )


def _unmarked(one: Requirement) -> str:
    extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
    return f"{one.name}{extras}{one.specifier}"


def merged(by_python: Mapping[str, Versions]) -> Iterator[str]:
    """The lines of the file; a version that not all Pythons have is marked with those that do."""
    for name in sorted({name for versions in by_python.values() for name in versions}):
        for version in dict.fromkeys(one[name] for one in by_python.values() if name in one):
            having = [python for python, one in by_python.items() if one.get(name) == version]
            others = [python for python in by_python if python not in having]
            yield f"{name}=={version}{_marker(having) if others else ''}"


def _marker(having: Sequence[str]) -> str:
    tests = " or ".join(f"python_version == '{python}'" for python in having)
    return f" ; {tests}"


def main() -> None:
    """Print the file; say on stderr which Python was resolved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    by_python = {}
    for python in pythons(project):
        by_python[python] = resolve(direct(project), python)
        sys.stderr.write(f"Python {python}: {len(by_python[python])} packages\n")
    sys.stdout.write(HEAD.format(pythons=", ".join(by_python)))
    sys.stdout.write("\n".join([*merged(by_python), ""]))


if __name__ == "__main__":
    main()
