"""`runs.jsonl`: one line a run, the newest last, whatever a crash has left."""

import json
import stat
from datetime import UTC, datetime

import pytest

from abate.errors import AbateError, StoreError
from abate.telemetry import history
from abate.telemetry.history import Run


def run(number):
    return Run(run_id=f"r{number}", command="sync", started_at=datetime(2026, 1, 1, tzinfo=UTC))


def ids(folder, number=1000):
    return [one.run_id for one in history.recent(folder, number)[0]]


def test_the_newest_run_is_the_last_line_of_a_file_of_its_owners(tmp_path):
    for number in range(3):
        history.keep(run(number), tmp_path)
    path = tmp_path / "runs.jsonl"
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == ["r0", "r1", "r2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ids(tmp_path, 2) == ["r1", "r2"]


def test_the_oldest_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "KEPT", 3)
    for number in range(5):
        history.keep(run(number), tmp_path)
    assert ids(tmp_path) == ["r2", "r3", "r4"]


@pytest.mark.parametrize("torn", [b'{"run_id": "r9", "comm', b"\xff\xfe", b"[]", b"{}", b"null"])
def test_a_torn_line_is_passed_over_with_a_note(tmp_path, torn):
    history.keep(run(0), tmp_path)
    path = tmp_path / "runs.jsonl"
    path.write_bytes(path.read_bytes() + torn)
    history.keep(run(1), tmp_path)
    found, notes = history.recent(tmp_path, 10)
    assert [one.run_id for one in found] == ["r0", "r1"]
    assert notes == ["line 2 of runs.jsonl cannot be read and is ignored"]


def test_before_the_first_run_there_are_none(tmp_path):
    assert history.recent(tmp_path, 10) == ([], [])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "runs.jsonl").mkdir()
    with pytest.raises(AbateError, match=r"runs\.jsonl cannot be read: "):
        history.recent(tmp_path, 10)
    with pytest.raises(StoreError, match=r"runs\.jsonl cannot be written: "):
        history.keep(run(0), tmp_path)
