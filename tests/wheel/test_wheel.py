"""The wheel: built once, looked into, and used in fresh environments outside the tree.

Left out of a plain `pytest`, since it installs everything anew: `make wheel` runs it.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
MEGABYTES_ALLOWED = 650
# As a URL, since pip splits the variable at blanks.
EXACT = {
    name: (ROOT / "constraints.txt").as_uri() for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")
}


def run(*command, cwd):
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | EXACT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def works(python):
    """Whether that Python is there: a version manager's shim may only say that it is not."""
    path = shutil.which(python)
    return (
        path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
    )


def interpreters():
    """The Pythons that WHEEL_PYTHONS names, or all supported ones that are here."""
    named = os.environ.get("WHEEL_PYTHONS", "").split()
    return named or [python for python in PYTHONS if works(python)] or [sys.executable]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session", params=interpreters())
def installed(request, wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    run(shutil.which(request.param) or request.param, "-m", "venv", folder / "venv", cwd=folder)
    install = (folder / "venv/bin/python", "-m", "pip", "install", "--quiet")
    run(*install, "--upgrade", "pip", cwd=folder)
    run(*install, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_three_packages_typed_and_with_their_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"abate", "abate_analyses", "abate_mappings"}
    assert {f"{package}/py.typed" for package in top} <= names
    assert {
        "abate/demo/bundle.json",
        "abate/demo/paper.json",
        "abate/report/page/templates/page.html",
        "abate/report/page/templates/page.css",
        "abate/demo/study.toml",
        "abate/cohort/sql/lesions.sql",
        "abate_analyses/reporting/checklists.toml",
        "abate_mappings/sql/observation.sql",
        "abate_mappings/codes/pain-intensity.toml",
    } <= names


def test_the_wheel_holds_all_that_the_tree_has_and_nothing_else(wheel):
    tracked = run("git", "ls-files", "adapter", "plugins", "mappings", cwd=ROOT).split()
    expected = {name.split("/", 1)[1] for name in tracked}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected


def test_the_demo_runs_from_the_wheel_outside_the_tree(installed):
    shown = json.loads(run(installed / "venv/bin/abate", "demo", "--json", cwd=installed))
    agrees = {figure["id"]: figure["agrees"] for figure in shown["figures"]}
    assert all(agrees[figure] for figure in ("1", "4", "9", "10"))


def test_the_package_with_all_that_it_needs_stays_small(installed):
    [site] = (installed / "venv/lib").glob("python*/site-packages")
    tools = ("pip", "setuptools")
    size = sum(
        file.lstat().st_size
        for file in site.rglob("*")
        if file.is_file() and file.relative_to(site).parts[0].split("-")[0] not in tools
    )
    assert size < MEGABYTES_ALLOWED * 1e6, f"{size / 1e6:.0f} MB installed"


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.tar.gz")
    return built


def test_the_sdist_has_the_licence_the_citation_and_the_same_wheel(sdist, wheel, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [tree] = tmp_path.iterdir()
    assert {"LICENSE", "CITATION.cff", "CHANGELOG.md"} <= {file.name for file in tree.iterdir()}
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, tree, cwd=tmp_path)
    [again] = tmp_path.glob("*.whl")
    assert again.name == wheel.name
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """pipx and uv, in an environment of their own."""
    folder = tmp_path_factory.mktemp("tools")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    install = (folder / "bin" / "python", "-m", "pip", "install", "--quiet")
    run(*install, "pipx", "uv", cwd=folder)
    return folder / "bin"


@pytest.mark.parametrize("command", [("pipx", "run", "--spec"), ("uvx", "--from")])
def test_the_demo_runs_without_being_installed(command, tools, wheel, tmp_path):
    tool, *options = command
    ran = run(tools / tool, *options, wheel, "abate", "demo", "--quiet", cwd=tmp_path)
    assert "P, two-tailed sign test: 0.03906 (paper: 0.039; n 9)" in ran
    assert (tmp_path / "abate-demo" / "report.html").exists()
