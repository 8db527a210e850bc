"""constraints.txt is complete, and holds versions only; pyproject.toml caps what it should."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LINE = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; (python_version == '3\.\d+'( or )?)+)?")
CLASSIFIER = "Programming Language :: Python :: "
PYTHONS = [
    name.removeprefix(CLASSIFIER)
    for name in PROJECT["project"]["classifiers"]
    if name.startswith(CLASSIFIER)
]
RUN_TIME = [Requirement(one) for one in PROJECT["project"]["dependencies"]]
TOOLS = [Requirement(one) for one in ("pip", "editables")]
OTHERS = [
    Requirement(one)
    for one in (*PROJECT["dependency-groups"]["dev"], *PROJECT["build-system"]["requires"])
]
# Their versions are dates: no version says that something changes.
BY_CALENDAR = {"structlog", "tzdata"}


@pytest.fixture(scope="module")
def lines():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def exact(lines, python):
    """The version of each package with a Python."""
    found = {}
    for line in map(Requirement, lines):
        if line.marker is None or line.marker.evaluate({"python_version": python}):
            assert line.name not in found, f"{line.name} has two versions with Python {python}"
            found[canonicalize_name(line.name)] = str(line.specifier).removeprefix("==")
    return found


def test_it_holds_versions_only(lines):
    assert len(lines) > 50
    assert [line for line in lines if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_each_direct_dependency_is_there_in_a_version_that_is_allowed(lines, python):
    found = exact(lines, python)
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    for one in (*RUN_TIME, *OTHERS, *TOOLS):
        if one.marker is None or one.marker.evaluate(environment):
            assert one.specifier.contains(found[canonicalize_name(one.name)]), one


@pytest.mark.parametrize("python", PYTHONS)
def test_each_package_that_these_bring_here_is_there(lines, python):
    found = exact(lines, python)
    waiting, seen = [*RUN_TIME, *OTHERS], set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in seen or not _is_needed(one, python):
            continue
        seen.add(name)
        assert name in found, f"{name} is missing: make constraints"
        waiting += _needs(name)
    assert len(seen) > 50


def _is_needed(one, python):
    return one.marker is None or one.marker.evaluate({"python_version": python, "extra": ""})


def _needs(name):
    try:
        return [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return []  # Another Python needs it.


def test_a_run_time_dependency_is_capped_unless_its_versions_are_dates():
    for one in RUN_TIME:
        caps = [part.version for part in one.specifier if part.operator == "<"]
        assert len(caps) == (0 if one.name in BY_CALENDAR else 1), one


def test_a_cap_is_the_next_major_or_the_next_minor_of_a_version_0(lines):
    found = exact(lines, PYTHONS[0])
    for one in RUN_TIME:
        if one.name not in BY_CALENDAR:
            [cap] = [part.version for part in one.specifier if part.operator == "<"]
            major, minor = found[canonicalize_name(one.name)].split(".")[:2]
            assert cap == (f"0.{int(minor) + 1}" if major == "0" else f"{int(major) + 1}"), one


def test_the_supported_pythons_are_named_alike_everywhere():
    minors = [int(python.removeprefix("3.")) for python in PYTHONS]
    assert minors == list(range(minors[0], minors[-1] + 1))
    first, beyond = minors[0], minors[-1] + 1
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    assert allowed == SpecifierSet(f">=3.{first},<3.{beyond}")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"(3, {first}) <= sys.version_info < (3, {beyond})" in makefile
    named = f"Python 3.{first} to 3.{beyond - 1}"
    for page in ("Makefile", "README.md", "CONTRIBUTING.md"):
        assert named in (ROOT / page).read_text("utf-8"), page
    [pattern] = re.findall(r"\^3\\\.\S+\$'", (ROOT / ".ci" / "run").read_text("utf-8"))
    gate = [one for one in range(50) if re.match(pattern.rstrip("'"), f"3.{one}.0")]
    assert gate == minors
