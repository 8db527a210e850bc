"""The cells of the grid: each is run, judged, and noted for the table."""

import json
from pathlib import Path

import pytest

from cases import THEMES
from cell import Cell
from front import Front
from ways import WAYS

pytest.register_assert_rewrite("judge")

NOTED = Path(__file__).parents[2] / "build" / "fault-grid.json"


@pytest.fixture(scope="session")
def front():
    with Front() as server:
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """What cells share."""
    return {"folder": tmp_path_factory.mktemp("known")}


@pytest.fixture
def ward(tmp_path, front, case, way, known):
    """A ward in which the fault has not come yet."""
    found = Cell(tmp_path, front, case, way, known)
    found.begin()
    return found


@pytest.fixture(autouse=True)
def with_secret(monkeypatch):
    """What the study's login asks for a token with, where it has one."""
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "s")


@pytest.fixture
def note(record_property):
    """Note a cell for the table."""
    return lambda cell: record_property("cell", cell)


def pytest_configure(config):
    config.pluginmanager.register(_Noting(config), "fault-grid")


class _Noting:
    """Gathers the cells of all tests, whatever process ran them, into one file."""

    def __init__(self, config):
        self.is_worker = hasattr(config, "workerinput")
        self.cells = []

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.cells += [value for name, value in report.user_properties if name == "cell"]

    def pytest_sessionfinish(self):
        if self.cells and not self.is_worker:
            NOTED.parent.mkdir(exist_ok=True)
            NOTED.write_text(json.dumps(sorted(self.cells, key=_place), indent=1), "utf-8")


def _place(cell):
    """Where a cell stands: by its case, in the order in which the cases are written."""
    ids = [case.id for cases in THEMES.values() for case in cases]
    return ids.index(cell["id"]), WAYS.index(cell["way"])
