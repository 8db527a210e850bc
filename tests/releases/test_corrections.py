"""What is not known to be still right is withdrawn when the corrected report must wait."""

from dataclasses import replace

import pytest

from abate import Estimate, Result, Units
from abate.config import reader
from abate.releases.ledger import ReleaseLedger
from abate.store.database import FILE

WITHDRAWN = "entered-in-error"
FIRST = range(20)


@pytest.fixture
def waits(mean_of, values_of):
    """An analysis with one unit more than before: the report must wait for it."""
    return lambda: mean_of(values_of(range(21)), name="grows")


@pytest.fixture
def two(ward, mean_of, values_of):
    """The means of two analyses stand on the server."""
    ward.ran(mean_of(values_of(FIRST)), mean_of(values_of(FIRST), name="grows"))
    first = ward.publish()
    assert first.exit_code == 0, first.err
    assert len(ward.values) == 2
    return ward


def failed(outcome):
    return replace(outcome, result=None, error="it stopped")


class TestNotComparable:
    """A datum was corrected, and in the same run its analysis cannot be compared."""

    @pytest.fixture(params=["failed", "removed", "other parameters", "another plugin", "no units"])
    def corrected(self, request, two, waits, mean_of, values_of):
        values = values_of(FIRST) | {3: 10.0}
        if request.param in ("other parameters", "another plugin"):
            values = values_of(FIRST)
        outcome = mean_of(values)
        if request.param == "no units":
            outcome.result.units.clear()
        changed = {
            "failed": [failed(outcome)],
            "removed": [],
            "other parameters": [replace(outcome, parameters={"endpoint": "M1"})],
            "another plugin": [replace(outcome, plugin="another")],
            "no units": [outcome],
        }[request.param]
        two.ran(*changed, waits())
        return two

    def test_the_report_is_withdrawn_at_once(self, corrected):
        refused = corrected.publish()
        assert refused.exit_code == 5
        assert "at least 4 more must differ" in refused.err
        assert "may not be right" in refused.err
        assert corrected.report["status"] == WITHDRAWN
        assert corrected.values == []

    def test_a_dry_run_withdraws_nothing(self, corrected):
        before = corrected.everything()
        corrected.publish("--dry-run")
        assert corrected.everything() == before


def test_what_is_still_right_stays_while_the_report_waits(two, waits, mean_of, values_of):
    two.ran(mean_of(values_of(FIRST)), waits())
    assert two.publish().exit_code == 5
    assert two.report["status"] == "preliminary"
    assert len(two.values) == 2


def test_the_figure_that_a_failed_analysis_kept_through_a_release_is_withdrawn_later(
    two, mean_of, values_of
):
    stopped = failed(mean_of(values_of(FIRST)))
    two.ran(stopped, mean_of(values_of(range(25)), name="grows"))
    assert two.publish().exit_code == 0
    assert len(two.values) == 2
    two.ran(stopped, mean_of(values_of(range(26)), name="grows"))
    assert two.publish().exit_code == 5
    assert two.values == []


def test_a_report_that_a_restored_store_does_not_know_is_withdrawn(two, waits, mean_of, values_of):
    """It has the study's key, and nobody can compare its figures."""
    ledger = ReleaseLedger(reader.read(two.path).output / FILE)
    [release] = ledger.releases()
    ledger.remove(release.name)
    two.ran(mean_of(values_of(FIRST) | {3: 10.0}), waits())
    refused = two.publish()
    assert refused.exit_code == 5
    assert "is not in the ledger of releases" in refused.err
    assert two.values == []
    assert "is not in the ledger of releases" in two.publish().err


class TestAnswers:
    """A count of which the data say only what was asked: who had a complication."""

    @pytest.fixture
    def share_of(self, mean_of):
        def make(*hit, lesions=FIRST):
            ids = [f"u{one}" for one in lesions]
            units = Units.of(ids, "complication").counting({"numerator": [f"u{n}" for n in hit]})
            estimate = Estimate(
                name="share", value=len(hit) / len(ids), n=len(ids), statistic="proportion",
                method="share", population="lesions", counts={"numerator": len(hit)},
            )  # fmt: skip
            result = Result(estimates=[estimate], units={"share": units})
            return replace(mean_of({1: 1.0}, name="safety"), result=result)

        return make

    @pytest.fixture
    def share(self, ward, share_of):
        ward.ran(share_of(*range(8)))
        assert ward.publish().exit_code == 0
        assert ward.values == [0.4]
        return ward

    def test_one_more_who_had_it_is_no_release_of_its_own(self, share, share_of):
        share.ran(share_of(*range(9)))
        refused = share.publish()
        assert refused.exit_code == 5
        assert "at least 4 more must differ" in refused.err

    @pytest.mark.parametrize("hit", [range(7), range(9)])
    def test_the_old_share_is_withdrawn(self, share, share_of, hit):
        share.ran(share_of(*hit))
        assert share.publish().exit_code == 5
        assert share.values == []

    def test_other_lesions_leave_it_as_it_is(self, share, share_of):
        share.ran(share_of(*range(8), lesions=range(22)))
        assert share.publish().exit_code == 5
        assert share.values == [0.4]


def test_a_withdrawn_report_does_not_come_back_as_what_a_failed_analysis_kept(
    two, waits, mean_of, values_of
):
    two.ran(failed(mean_of(values_of(FIRST))), waits())
    assert two.publish().exit_code == 5
    two.ran(failed(mean_of(values_of(FIRST))), mean_of(values_of(range(25)), name="grows"))
    assert two.publish().exit_code == 0
    assert len(two.values) == 1
    two.ran(failed(mean_of(values_of(FIRST))), mean_of(values_of(range(26)), name="grows"))
    assert two.publish().exit_code == 5
    assert len(two.values) == 1
