"""One DuckDB serves all openings of a process; between two of them nothing of a store is held."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import duckdb
import pytest

from abate.errors import StoreError
from abate.store.database import open_store, read_store

LOOK = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('select count(*) from run')"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "store.duckdb"


def test_duckdb_is_started_once_for_many_openings(path):
    with open_store(path):
        pass
    with mock.patch.object(duckdb, "connect", side_effect=AssertionError):
        for _ in range(3):
            with open_store(path) as store:
                assert store.rows("select text_of('\"a\"')") == [("a",)]
            with read_store(path) as store:
                assert store.rows("select count(*) from run") == [(0,)]


def test_between_two_openings_another_process_has_the_file(path):
    with open_store(path) as store:
        store.script("create temp table left_over as select 1")
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert subprocess.run([sys.executable, "-c", LOOK, path], check=False).returncode == 0
    with open_store(path) as store, pytest.raises(StoreError, match="CatalogException"):
        store.rows("from left_over")


def test_threads_look_into_one_store_at_once(path):
    with open_store(path):
        pass

    def look(_):
        with read_store(path) as store:
            return store.rows("select count(*) from run")

    with read_store(path), ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(8))) == [[(0,)]] * 8


def test_two_stores_are_open_at_once(tmp_path):
    with open_store(tmp_path / "one.duckdb") as one, open_store(tmp_path / "two.duckdb") as two:
        keys = [store.rows("select key from pseudonym_key") for store in (one, two)]
    assert keys[0] != keys[1]


def test_a_duckdb_that_has_failed_is_not_used_for_another_store(path):
    with open_store(path) as store, pytest.raises(StoreError):
        store.rows("select cast('x' as integer)")
    with (
        mock.patch.object(duckdb, "connect", side_effect=duckdb.connect) as started,
        open_store(path),
    ):
        pass
    assert started.call_count == 1


def test_what_does_not_fit_into_memory_lies_beside_the_store_and_goes(path):
    with open_store(path) as store:
        [(scratch,)] = store.rows("select current_setting('temp_directory')")
        assert scratch == f"{path}.tmp"
        store.script("set memory_limit = '30MB'")
        store.script("create temp table large as select random() as r from range(9000000)")
        assert path.with_name(f"{path.name}.tmp").is_dir()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


# In a process of its own: pytest's has threads, of which Python 3.12 and later warn at a fork.
FORK = """
import os, sys
from pathlib import Path
from unittest import mock
import duckdb
from abate.store.database import open_store

path = Path(sys.argv[1])
with open_store(path):
    pass
child = os.fork()
ended = os.waitpid(child, 0)[1] if child else 0
with mock.patch.object(duckdb, "connect", side_effect=duckdb.connect) as started:
    with open_store(path) as store:
        found = store.rows("select count(*) from run")
os._exit(int(ended != 0 or found != [(0,)] or started.call_count != 1))
"""


def test_a_process_that_is_forked_starts_its_own(path):
    command = [sys.executable, "-W", "ignore", "-c", FORK, path]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
