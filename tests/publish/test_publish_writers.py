"""Two writers at the same time: each resource once, and the report of one of them."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local

import pytest

from abate import study as stages
from abate.source.http import FhirServer
from abate.status import held
from abate.study_file import read
from abate.study_key import owner_of


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
        return [call.result() for call in calls]

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


def test_of_two_with_different_results_the_report_of_one_stands_whole(
    both, keep_analyses, together, source
):
    keep_analyses(both[0], week=["falls"])
    keep_analyses(both[1], week=["falls", "ties"])
    together(*both)
    [report] = source.all("DiagnosticReport").values()
    listed = {one["reference"] for one in report["result"]}
    statuses = {
        name: one["status"] for name, one in source.ours().items() if name.startswith("Observation")
    }
    assert {name for name, status in statuses.items() if status == "preliminary"} == listed
    assert set(statuses.values()) <= {"preliminary", "entered-in-error"}
