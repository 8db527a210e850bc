"""A disk that refuses: a sentence, the first error, and no patient's data left behind."""

import json

import pytest

from abate.analysis import results
from abate.errors import NothingFound, StoreError
from abate.store import database as store_module
from abate.store.database import open_store
from abate.store.landing import Landing, Unit
from abate.telemetry import status
from abate.telemetry.private_file import write_private

FULL = "/dev/full"  # Each write to it fails as on a full disk.


@pytest.fixture
def fill(tmp_path):
    """Land a unit of which no Observation fits; its folder."""

    def land(stop=None):
        with Landing(tmp_path / "landing", "key") as landing, landing.unit("a") as unit:
            (unit.folder / "Observation.ndjson").symlink_to(FULL)
            for kind in ("Patient", "Observation", "Procedure"):
                unit.write(kind, b'{"id": "a"}')
            if stop is not None:
                raise stop

    return land


def test_landed_files_go_when_the_last_bytes_do_not_fit(fill, tmp_path):
    with pytest.raises(StoreError, match=r"nothing can be landed in .*: No space left"):
        fill()
    assert not (tmp_path / "landing").exists()


def test_the_error_that_ended_the_pull_is_told_and_not_that_of_the_disk(fill, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fill(stop=KeyboardInterrupt())
    assert not (tmp_path / "landing").exists()


def test_where_one_file_cannot_be_finished_the_others_are(tmp_path):
    with Landing(tmp_path / "landing") as landing:
        unit = Unit(landing.folder)
        (unit.folder / "Observation.ndjson").symlink_to(FULL)
        for kind in ("Patient", "Observation", "Procedure"):
            unit.write(kind, b'{"id": "a"}')
        with pytest.raises(StoreError):
            unit.close()
        for kind in ("Patient", "Procedure"):
            assert (unit.folder / f"{kind}.ndjson").read_bytes() == b'{"id": "a"}\n'


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "gone" / "results.json"
    with pytest.raises(StoreError) as caught:
        write_private(path, b"{}")
    assert str(caught.value) == f"{path} cannot be written: No such file or directory"


def test_older_results_that_cannot_be_dropped_are_named(tmp_path):
    (tmp_path / "results.json").mkdir()
    with pytest.raises(StoreError, match=r"results\.json cannot be written: "):
        results.forget(tmp_path)


@pytest.mark.parametrize("error", [NothingFound("nothing"), KeyboardInterrupt(), ValueError("x")])
def test_a_status_that_cannot_be_written_does_not_hide_what_ended_the_command(tmp_path, error):
    def command():
        with status.held(tmp_path, "run"):
            (tmp_path / ".status.json.partial").mkdir()
            raise error

    with pytest.raises(type(error)) as caught:
        command()
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (NothingFound("no scores"), 1, "no scores"),
        (KeyboardInterrupt(), 130, "stopped from outside"),
        (ValueError("CANARY"), 1, "ValueError"),
    ],
)
def test_the_status_keeps_how_it_ended(tmp_path, error, exit_code, message):
    def command():
        with status.held(tmp_path, "run"):
            raise error

    with pytest.raises(type(error)):
        command()
    kept = json.loads((tmp_path / "status.json").read_text("utf-8"))
    assert (kept["state"], kept["exit_code"], kept["message"]) == ("failed", exit_code, message)


class Usage:
    """What a disk with so many bytes left says."""

    def __init__(self, free):
        self.free = free


def write_nonsense(path):
    with open_store(path) as store:
        store.script("select cast('CANARY' as integer)")


@pytest.mark.parametrize("is_store", [True, False])
def test_on_a_full_disk_a_store_that_fails_asks_for_space(tmp_path, monkeypatch, is_store):
    path = tmp_path / "store.duckdb"
    if not is_store:
        path.write_bytes(b"no store")
    monkeypatch.setattr(store_module, "disk_usage", lambda _: Usage(free=1000))
    with pytest.raises(StoreError) as caught:
        write_nonsense(path)
    assert str(caught.value) == f"the disk of {tmp_path} is full. Free some space, and run again."


def test_with_room_on_the_disk_nobody_is_asked_for_space(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "disk_usage", lambda _: Usage(free=10**9))
    with pytest.raises(StoreError, match="the database stopped with ConversionException"):
        write_nonsense(tmp_path / "store.duckdb")


@pytest.mark.parametrize("sign", ["?", "\\"])
def test_a_path_that_duckdb_cannot_open_is_refused_before_anything_is_made(tmp_path, sign):
    path = tmp_path / f"a{sign}b" / "store.duckdb"
    with pytest.raises(StoreError) as caught, open_store(path):
        pass
    assert str(caught.value) == (
        f"{path} cannot be a store: DuckDB takes no '{sign}' in a path. Rename it."
    )
    assert list(tmp_path.iterdir()) == []
