"""Landing: one resource a line, unit by unit, in a private folder that goes when all went well."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from abate.errors import StoreError
from abate.store import landed_records
from abate.store.landing import Landing, Record

DEEP = 100_000


def books(received=1, kind="Patient", **more):
    return Record(query="q", type=kind, expected=received, received=received, pages=1, **more)


def land(landing, name, *resources, kind="Patient", **more):
    with landing.unit(name) as unit:
        for one in resources:
            unit.write(kind, one)
        unit.record = books(len(resources), kind, **more)


def text(landing, kind):
    return b"".join(path.read_bytes() for path in landing.paths(kind))


def test_resources_land_one_a_line_and_one_file_a_type_as_they_were_sent(tmp_path):
    with Landing(tmp_path / "landing") as landing:
        land(landing, "b", b'{"id": "c"}')
        land(landing, "a", b'{"id":  "a", "x": 6.50}', b'{"id": "b"}')
        land(landing, "a-score", b'{"id": "b"}', kind="Observation")
        assert text(landing, "Patient") == (b'{"id":  "a", "x": 6.50}\n{"id": "b"}\n{"id": "c"}\n')
        assert text(landing, "Observation") == b'{"id": "b"}\n'
        assert (landing.count_received("Patient"), landing.count_received("Condition")) == (3, 0)


@pytest.mark.parametrize(
    ("sent", "landed"),
    [
        (b'{\n "x": 6.50\n}', b'{"x":6.50}\n'),
        (b'{\r\n "x": "a\\nb"\r\n}', b'{"x":"a\\nb"}\n'),
        (b'{"x":\n', b'{"x": \n'),
        # Nested too deep to be read, by any Python: 3.13 reads 3,000 levels, and 3.11 does not.
        (b'{"x":' * DEEP + b"\n1" + b"}" * DEEP, b'{"x":' * DEEP + b" 1" + b"}" * DEEP + b"\n"),
    ],
)
def test_a_resource_with_newlines_becomes_one_line(tmp_path, sent, landed):
    with Landing(tmp_path / "landing") as landing:
        land(landing, "a", sent)
        assert text(landing, "Patient") == landed


def test_folder_and_files_are_the_owners_alone_and_go_when_all_went_well(tmp_path):
    folder = tmp_path / "landing"
    with Landing(folder, "key") as landing:
        landing.begin(None)
        land(landing, "a", b"{}")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert not folder.exists()


def stopped(folder, key="key", name="a"):
    """A run that lands one unit, begins another, and stops."""

    def stop():
        with Landing(folder, key) as landing:
            landing.begin(datetime(2026, 1, 1, tzinfo=UTC))
            landing.remember("note", b"so")
            land(landing, name, b'{"id": "old"}', gone=("x",))
            with landing.unit("b") as unit:
                unit.write("Patient", b'{"id": "half"}')
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop()


def test_what_a_stopped_run_had_landed_whole_is_there_for_the_next_one(tmp_path):
    stopped(tmp_path / "landing")
    with Landing(tmp_path / "landing", "key") as landing:
        assert text(landing, "Patient") == b""
        assert landing.has("a")
        assert text(landing, "Patient") == b'{"id": "old"}\n'
        assert landing.gone("Patient") == {"x"}
        assert landing.recall("note") == b"so"
        landing.begin(datetime(2026, 1, 2, tzinfo=UTC))
        assert landing.pull.watermark == datetime(2026, 1, 1, tzinfo=UTC)


def test_what_this_run_has_not_asked_for_is_let_go(tmp_path):
    stopped(tmp_path / "landing")
    with Landing(tmp_path / "landing", "key") as landing:
        assert not landing.has("b")
        landing.drop_unused()
        assert landing.records == {}
        assert landing.gone("Patient") == set()
        assert not (tmp_path / "landing" / "a").exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path):
    path.write_bytes(b"")


def another_byte(path):
    path.write_bytes(path.read_bytes()[:-4] + b"x" + path.read_bytes()[-3:])


@pytest.mark.parametrize("change", [cut, emptied, another_byte, Path.unlink])
@pytest.mark.parametrize("name", ["Patient.ndjson", "unit.json"])
def test_a_unit_whose_files_have_changed_is_not_taken(tmp_path, change, name):
    stopped(tmp_path / "landing")
    change(tmp_path / "landing" / "a" / name)
    with Landing(tmp_path / "landing", "key") as landing:
        assert not landing.has("a")
        assert landing.torn == ["a"]
        assert not (tmp_path / "landing" / "a").exists()
        land(landing, "a", b'{"id": "new"}')
        assert text(landing, "Patient") == b'{"id": "new"}\n'


@pytest.mark.parametrize("change", [cut, emptied, another_byte, Path.unlink])
def test_a_note_that_has_changed_is_none(tmp_path, change):
    stopped(tmp_path / "landing")
    change(tmp_path / "landing" / "note.note")
    with Landing(tmp_path / "landing", "key") as landing:
        assert landing.recall("note") is None
        assert landing.has("a")


@pytest.mark.parametrize("change", [cut, emptied, another_byte, Path.unlink])
def test_where_it_is_not_known_what_landed_nothing_is_taken(tmp_path, change):
    stopped(tmp_path / "landing")
    change(tmp_path / "landing" / "pull.json")
    with Landing(tmp_path / "landing", "key") as landing:
        assert not landing.has("a")
        assert landing.recall("note") is None


def test_a_line_in_the_file_of_a_type_that_has_none_is_not_taken(tmp_path):
    stopped(tmp_path / "landing")
    (tmp_path / "landing" / "nothing.ndjson").write_bytes(b'{"id": "x"}\n')
    with Landing(tmp_path / "landing", "key") as landing:
        assert text(landing, "Condition") == b""


@pytest.mark.parametrize("key", ["another", ""])
def test_what_landed_for_another_pull_is_not_taken(tmp_path, key):
    stopped(tmp_path / "landing")
    with Landing(tmp_path / "landing", key) as landing:
        assert text(landing, "Patient") == b""
        assert landing.recall("note") is None


def test_what_landed_too_long_ago_is_not_taken(tmp_path, monkeypatch):
    stopped(tmp_path / "landing")
    monkeypatch.setattr(landed_records, "KEPT", timedelta(0))
    with Landing(tmp_path / "landing", "key") as landing:
        assert landing.records == {}


def test_without_a_key_nothing_stays(tmp_path):
    stopped(tmp_path / "landing", "")
    assert not (tmp_path / "landing").exists()


def test_a_unit_without_its_books_has_not_landed(tmp_path):
    with Landing(tmp_path / "landing") as landing:
        with landing.unit("a") as unit:
            unit.write("Patient", b"{}")
        assert text(landing, "Patient") == b""


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(StoreError, match=r"nothing can be landed in .*: Not a directory"):
        Landing(tmp_path / "file" / "landing").__enter__()


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    with Landing(tmp_path / "landing") as landing, landing.unit("a") as unit:
        (unit.folder / "Patient.ndjson").mkdir()
        with pytest.raises(StoreError, match=r"nothing can be landed in .*: Is a directory"):
            unit.write("Patient", b"{}")
