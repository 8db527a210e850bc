"""A run that is killed at any moment leaves a store that opens; the next one completes it."""

import random
import signal
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from werkzeug import Response

import made
from abate.errors import IncompletePull
from abate.http.response import Answer
from abate.store.database import open_store
from abate.store.landing import Landing
from warm import forking

KILLS = 20


@pytest.fixture
def start(hospital):
    """Start `abate run` in a process of its own; what it says goes to a file."""
    with forking() as fork:

        def begin(name="killed", largest_file=None):
            path = hospital.study(name).path
            with (hospital.folder / "told.txt").open("wb") as told:
                return fork("run", path, "--quiet", stderr=told.fileno(), largest_file=largest_file)

        yield begin


@pytest.fixture
def busy(hospital):
    """Twelve patients with an index procedure and scores."""
    # A process of its own takes the time of the answers, and that is the machine's.
    hospital.server.now = datetime.now(UTC)
    for number in range(12):
        one = f"p{number}"
        hospital.server.put(made.patient(one))
        hospital.server.put(made.procedure(f"treat-{one}", one))
        hospital.server.put(made.condition(f"tumour-{one}", one))
        for score in range(4):
            hospital.server.put(made.score(f"{one}-{score}", one, score))
    return hospital


def test_kills_at_random_moments_lose_and_double_nothing(busy, start):
    chance = random.Random(20261126)
    ended = Counter()
    seconds = 2.0
    for number in range(KILLS):
        if number % 3 == 0:
            busy.server.put(made.score(f"new-{number}", f"p{number % 12}", number % 11))
        if number % 10 == 9:
            busy.server.delete("Observation", f"new-{number // 3 * 3}")
        process, began = start(), time.monotonic()
        try:
            process.wait(chance.uniform(0, seconds))
            seconds = time.monotonic() - began
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        ended[process.wait()] += 1
        path = busy.study("killed").output / "store.duckdb"
        if path.exists():
            with open_store(path) as store:
                store.rows("select count(*) from resource")
    assert ended[-signal.SIGKILL] > KILLS / 4
    # This run goes on from what had landed: what changed since then, the next one brings.
    ended[start().wait()] += 1
    assert of_old(busy.rows("killed")) == of_old(busy.fresh())
    ended[start().wait()] += 1
    assert set(ended) <= {-signal.SIGKILL, 0, 1}  # 1: no lesion of these can be analysed.
    assert busy.rows("killed") == busy.fresh()


def of_old(rows):
    """The rows by table, without those of scores that came or went between the kills."""
    new = {f"new-{number}" for number in range(KILLS)}
    return {
        table: [row for row in its if new.isdisjoint(map(str, row))] for table, its in rows.items()
    }


@pytest.mark.parametrize("kilobytes", [1, 64, 512])
def test_a_disk_that_takes_no_more_leaves_a_store_that_the_next_run_completes(
    busy, start, kilobytes
):
    if kilobytes > 64:
        start().wait()
        busy.server.put(made.score("p0-0", "p0", 9))
    assert start(largest_file=kilobytes * 1024).wait() in (0, 1)
    assert "Traceback" not in (busy.folder / "told.txt").read_text("utf-8")
    start().wait()
    assert busy.rows("killed") == busy.fresh()


@pytest.mark.parametrize("tells_time", [True, False])
def test_what_was_loaded_is_not_taken_for_the_next_pull(busy, monkeypatch, tells_time):
    """The process is killed when the store is committed and the landed units are still there."""
    if not tells_time:
        monkeypatch.setattr(Answer, "date", None)
    busy.night()
    with monkeypatch.context() as killed:
        killed.setattr(Landing, "__exit__", lambda *_: None)
        busy.night(is_whole=True)
    busy.server.put(made.score("p0-0", "p0", 9))
    assert busy.night(is_whole=True) == busy.fresh()


def test_what_had_landed_whole_is_not_pulled_again(busy):
    busy.server.instead = lambda request: (
        Response("no", 404) if "/Condition" in request.path else None
    )
    with pytest.raises(IncompletePull):
        busy.night()
    busy.server.instead = lambda _: None
    rows = busy.night()
    asked = Counter(busy.server.requests)
    # They are counted once more, and no page of them is asked for.
    assert asked[("GET", "Procedure")] == 2 * asked[("GET", "Observation")] == 2
    assert asked[("GET", "Condition")] > 1
    assert rows == busy.fresh()
