"""The store's file: private, held by one at a time, and its errors without a patient's data."""

import os
import signal
import stat
import subprocess
import sys
import threading

import duckdb
import pytest

from abate.errors import Busy, StoreError
from abate.store import database as store_module
from abate.store.database import open_store
from abate.telemetry.signals import end_by_signals

CANARY = "Zwitscher-Canary"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "store.duckdb"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_store_its_folder_and_what_duckdb_puts_beside_it_are_the_owners_alone(path):
    before = os.umask(0o022)
    try:
        with open_store(path) as store:
            store.script("create table t as select range as i from range(1000)")
            beside = [one for one in path.parent.iterdir() if one != path]
            assert [one.name for one in beside] == ["store.duckdb.wal"]
            assert [mode(one) for one in (path.parent, path, *beside)] == [0o700, 0o600, 0o600]
        assert mode(path) == 0o600
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_store_that_others_could_read_is_made_private(path):
    with open_store(path):
        pass
    path.chmod(0o644)
    with open_store(path):
        assert mode(path) == 0o600


HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(path):
    """Another process that has the store open until its stdin ends."""
    with open_store(path):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.stdin.close()


def test_a_store_that_another_process_has_open_is_busy_and_names_it(path, holder, monkeypatch):
    monkeypatch.setattr(store_module, "WAIT_SECONDS", 0)
    with (
        pytest.raises(Busy, match=rf"open in another process \(PID {holder.pid}\)") as caught,
        open_store(path),
    ):
        pass
    assert caught.value.exit_code == 75


def test_opening_waits_for_the_other_process_to_be_done(path, holder, monkeypatch):
    monkeypatch.setattr(
        store_module, "sleep", lambda _: holder.stdin.closed or holder.stdin.close()
    )
    with open_store(path) as store:
        assert store.rows("select count(*) from run") == [(0,)]


def page_of_a_store(path):
    with duckdb.connect(path) as connection:
        connection.execute("create table t as select range as i from range(10)")
    return path.read_bytes()[:5000]


@pytest.mark.parametrize("content", [b"", b"lock", b"SQLite format 3\0" + bytes(5000), None])
def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path, content):
    folder = tmp_path / "o'clock: could not set lock"  # no word of the path may look like Busy
    folder.mkdir()
    path = folder / "store.duckdb"
    path.write_bytes(page_of_a_store(folder / "whole") if content is None else content)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="cannot be opened as a store") as caught, open_store(path):
        pass
    assert caught.type is StoreError
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_store_is_refused(path):
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened as a store"), open_store(path):
        pass


def test_a_file_in_the_place_of_the_folder_is_refused(path):
    path.parent.write_text("", "utf-8")
    with pytest.raises(StoreError, match="File exists"), open_store(path):
        pass


def test_a_question_mark_in_the_path_is_refused(tmp_path):
    with (
        pytest.raises(StoreError, match="takes no '\\?' in a path"),
        open_store(tmp_path / "a?b" / "store"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["rows", "run", "script", "frame"])
def test_what_duckdb_says_of_a_value_is_never_passed_on(path, call):
    sql = f"select cast('{CANARY}' as integer)"
    with pytest.raises(duckdb.Error, match=CANARY):
        duckdb.sql(sql).fetchall()
    with open_store(path) as store, pytest.raises(StoreError) as caught:
        getattr(store, call)(sql)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "ConversionException" in str(caught.value)


def test_what_a_frame_stumbles_over_in_a_late_row_is_never_passed_on(path):
    late = f"case i when 290000 then '{CANARY}' else '5' end"
    with open_store(path) as store, pytest.raises(StoreError) as caught:
        store.frame(f"select cast({late} as integer) from range(300000) as numbers (i)")
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.fixture
def heeded():
    """Heed a signal, also where the tests run in the background of a shell that ignores it."""
    before = {}

    def heed(number):
        before[number] = signal.signal(number, signal.SIG_DFL)

    yield heed
    for number, handler in before.items():
        signal.signal(number, handler)


ENDLESS = "select sum(one.range * two.range) from range(3000000) as one, range(3000000) as two"
TABLE = f"create temp table endless as {ENDLESS}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("call", "sql"), [("rows", ENDLESS), ("frame", ENDLESS), ("run", TABLE), ("script", TABLE)]
)
def test_a_signal_ends_what_the_database_works_at(path, call, sql, number, heeded):
    """In the main thread DuckDB 2.0 says `RuntimeError: Query interrupted`, or never stops."""
    heeded(number)
    with open_store(path) as store, end_by_signals():
        sender = threading.Timer(0.2, os.kill, (os.getpid(), number))
        sender.start()
        with pytest.raises(KeyboardInterrupt):
            getattr(store, call)(sql)
        sender.join()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_store_that_was_truncated_is_to_be_moved_away(path, share):
    with open_store(path) as store:
        store.script("create table t as select hash(range) as i from range(500000)")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match="Move it away: the next run"), open_store(path) as store:
        store.rows("select sum(i) from t")


def test_a_store_with_a_damaged_block_is_to_be_moved_away(path):
    with open_store(path) as store:
        store.script("create table t as select hash(range) as i from range(500000)")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="Move it away: the next run"), open_store(path) as store:
        store.rows("select sum(i) from t")


def test_a_row_that_does_not_fit_is_refused_without_its_values(path):
    with open_store(path) as store, pytest.raises(StoreError) as caught:
        store.insert("unreadable", [("run", "Observation", CANARY, "reason", None)])
    assert CANARY not in str(caught.value)


def test_many_rows_are_inserted_in_their_order(path):
    rows = [("run", "Observation", line, "no-id", None) for line in range(1001)]
    with open_store(path) as store:
        store.insert("unreadable", rows)
        store.insert("unreadable", [])
        assert store.rows("select * from unreadable") == rows


def interrupted(store, row):
    with store.transaction():
        store.insert("unreadable", [row])
        raise KeyboardInterrupt


def rolled_back_and_stopped(store):
    with store.transaction():
        store.script("rollback")
        raise ZeroDivisionError


def test_a_transaction_is_kept_whole_or_not_at_all(path):
    row = ("run", "Observation", 1, "no-id", None)
    with open_store(path) as store:
        with pytest.raises(KeyboardInterrupt):
            interrupted(store, row)
        assert store.rows("select * from unreadable") == []
        with store.transaction():
            store.insert("unreadable", [row])
    with open_store(path) as store:
        assert store.rows("select * from unreadable") == [row]


def test_the_error_that_stopped_a_transaction_is_the_one_that_is_told(path):
    with open_store(path) as store, pytest.raises(ZeroDivisionError):
        rolled_back_and_stopped(store)


def test_a_store_keeps_its_one_pseudonym_key(path):
    keys = []
    for _ in range(2):
        with open_store(path) as store:
            keys += store.rows("select key from pseudonym_key")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert len(keys[0][0]) == 64


def test_a_frame_is_read_in_any_folder_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a[b]*" / "store.duckdb"
    with open_store(path) as store:
        frame = store.frame("select 7 as score, 'x' as name")
        assert frame.rows(named=True) == [{"score": 7, "name": "x"}]
        assert {one.name for one in path.parent.iterdir()} <= {path.name, f"{path.name}.wal"}


def test_a_statement_is_given_only_the_parameters_that_it_names(path):
    with open_store(path) as store:
        parameters = {"id": 1, "id_two": 2, "other": 3}
        assert store.rows("select $id_two", parameters) == [(2,)]
