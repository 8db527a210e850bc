"""Two writers at the same time: each resource once, and the report of one of them."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, local

import pytest

from abate import study as stages
from abate.config.reader import read
from abate.errors import PublishRefused
from abate.fhir.client import FhirServer
from abate.http import clock
from abate.publish import transaction
from abate.publish.study_key import owner_of
from abate.telemetry.status import held


@pytest.fixture
def together(monkeypatch):
    """Publish study files at once: all have compared before the first one writes."""
    transact, known = FhirServer.transact, local()

    def write_back(path, barrier):
        known.barrier = barrier
        study_file = read(path)
        with held(study_file.output, "publish") as progress:
            return stages.write_back(study_file, progress, dry_run=False)

    def waits(self, bundle):
        if barrier := getattr(known, "barrier", None):
            known.barrier = None
            barrier.wait(10)
        return transact(self, bundle)

    def publish(*paths):
        barrier = Barrier(len(paths))
        monkeypatch.setattr(FhirServer, "transact", waits)
        with ThreadPoolExecutor(len(paths)) as threads:
            calls = [threads.submit(write_back, path, barrier) for path in paths]
        return [call.exception() or call.result() for call in calls]

    return publish


@pytest.fixture
def both(ran):
    """The same study, its key and its results, in two folders."""
    owner_of(ran.parent / "abate-output", "cementoplasty-2010")
    return ran, shutil.copytree(ran.parent, ran.parent.parent / "other") / ran.name


def actions(changes):
    return {one.action for one in changes}


def test_two_that_create_the_same_make_it_once(both, together, source, around):
    first, second = sorted(together(*both), key=lambda changes: min(actions(changes)))
    assert (actions(first), actions(second)) == ({"create"}, {"unchanged"})
    written = source.ours()
    assert len(written) == len(first) == 4 + around
    assert {one["meta"]["versionId"] for one in written.values()} == {"1"}


def test_two_that_update_the_same_move_its_version_once(
    abate, both, keep_analyses, together, source
):
    for path in both:
        keep_analyses(path, week=["falls", "ties"])
    abate("publish", both[0])
    before = source.ours()
    for path in both:
        keep_analyses(path, week=["falls"])
    first, second = sorted(together(*both), key=lambda changes: min(actions(changes)))
    moved = {one.reference for one in first if one.action in ("update", "retract")}
    assert len(moved) == 3
    assert "update" not in actions(second)
    after = source.ours()
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == moved
    assert {after[name]["meta"]["versionId"] for name in moved} == {"2"}


@pytest.fixture
def differing(both, keep_analyses):
    """Two folders of one study, whose reports differ."""
    keep_analyses(both[0], week=["falls"])
    keep_analyses(both[1], week=["falls", "ties"])
    return both


@pytest.fixture
def first_reads_back(monkeypatch):
    """Let the writer that came first read back before, or after, the other one has written."""
    read_back, begun, goes_on = transaction._read_back, Event(), Event()

    def order(*, is_before):
        def ordered(server, needed, answer):
            is_first = not begun.is_set()
            begun.set()
            if is_first and not is_before:
                goes_on.wait(10)
            try:
                read_back(server, needed, answer)
            finally:
                goes_on.set()

        sleep = clock.sleep

        def waits_for_the_first(seconds):
            if is_before:
                goes_on.wait(10)
            sleep(seconds)

        monkeypatch.setattr(transaction, "_read_back", ordered)
        monkeypatch.setattr(clock, "sleep", waits_for_the_first)

    return order


def the_report_of_one_stands_whole(source):
    [report] = source.all("DiagnosticReport").values()
    listed = {one["reference"] for one in report["result"]}
    statuses = {
        name: one["status"] for name, one in source.ours().items() if name.startswith("Observation")
    }
    assert {name for name, status in statuses.items() if status == "preliminary"} == listed
    assert set(statuses.values()) <= {"preliminary", "entered-in-error"}


def test_of_two_with_different_results_the_report_of_one_stands_whole(
    differing, together, source, first_reads_back
):
    first_reads_back(is_before=True)
    for outcome in together(*differing):
        assert not isinstance(outcome, Exception)
    the_report_of_one_stands_whole(source)


def test_one_whose_report_is_written_over_before_it_reads_back_says_so(
    differing, together, source, first_reads_back
):
    first_reads_back(is_before=False)
    [overtaken] = [one for one in together(*differing) if isinstance(one, Exception)]
    assert isinstance(overtaken, PublishRefused)
    assert "another client has changed" in str(overtaken)
    assert "Find the other job that publishes this study" in str(overtaken)
    the_report_of_one_stands_whole(source)
