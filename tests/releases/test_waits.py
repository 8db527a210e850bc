"""A report waits while it and the earlier ones together would disclose single units."""

import pytest

from abate import study as stages
from abate.analysis.results import load
from abate.config.reader import read
from abate.fhir.client import FhirServer
from abate.http.response import Answer
from abate.releases.ledger import ReleaseLedger
from abate.store.database import FILE, open_store

WITHDRAWN = "entered-in-error"


@pytest.fixture
def ledger(ward):
    return ReleaseLedger(read(ward.path).output / FILE)


@pytest.fixture
def sync(ward, monkeypatch):
    """`abate sync` after a run whose results were kept already."""
    monkeypatch.setattr(stages, "run", lambda file, *_, **__: load(file.output))
    return lambda *options: ward.abate("sync", *options)


class TestOneMore:
    """n 20, then n 21: the difference is the newcomer."""

    @pytest.fixture
    def one_more(self, published, mean_of, values_of):
        published.ran(mean_of(values_of(range(21))))
        return published

    def test_by_hand_it_is_refused_with_the_number_that_is_missing(self, one_more):
        before = one_more.everything()
        refused = one_more.publish()
        assert refused.exit_code == 5
        assert "differs by too few units from earlier releases" in refused.err
        assert "at least 4 more must differ" in refused.err
        assert "abate publish --replace" in refused.err
        assert one_more.everything() == before

    def test_a_sync_ends_well_and_says_so(self, one_more, sync):
        before = one_more.everything()
        done = sync()
        assert done.exit_code == 0, done.err
        assert "the report waits: see abate status" in done.out
        assert "warning: the report of the study 'many-nights'" in done.err
        assert one_more.everything() == before
        assert sync("--json").json["waits"] is True

    def test_the_status_shows_what_waits_and_since_when(self, one_more, sync):
        assert one_more.abate("status", "--json").json["waits"] is None
        sync()
        since = one_more.abate("status", "--json").json["waits"]["since"]
        sync()
        waits = one_more.abate("status", "--json").json["waits"]
        assert (waits["study"], waits["target"]) == ("many-nights", one_more.base)
        assert (waits["since"], waits["more"], waits["is_withdrawn"]) == (since, 4, False)
        shown = one_more.abate("status").out
        assert f"waits    the report of the study 'many-nights' to {one_more.base}" in shown

    def test_a_dry_run_says_that_it_would_wait(self, one_more, ledger):
        shown = one_more.publish("--dry-run")
        assert shown.exit_code == 0
        assert "it would wait: it differs by too few units" in shown.err
        assert len(ledger.releases()) == 1
        assert one_more.abate("status", "--json").json["waits"] is None

    def test_with_five_more_it_is_published(self, one_more, mean_of, values_of, ledger):
        one_more.publish()
        one_more.ran(mean_of(values_of(range(25))))
        done = one_more.publish()
        assert done.exit_code == 0, done.err
        assert one_more.abate("status", "--json").json["waits"] is None
        assert len(ledger.releases()) == 2

    def test_for_readers_who_may_read_the_patients_it_does_not_wait(
        self, published, mean_of, values_of
    ):
        published.write(audience="care")
        published.ran(mean_of(values_of(range(21))))
        assert published.publish().exit_code == 0

    def test_where_every_count_may_be_seen_it_does_not_wait(self, published, mean_of, values_of):
        published.write(minimum=1)
        published.ran(mean_of(values_of(range(21))))
        assert published.publish().exit_code == 0


class TestEveryEarlierOne:
    @pytest.fixture
    def next_one(self, published, mean_of, values_of):
        """A report that may follow."""
        published.ran(mean_of(values_of(range(25))))
        return published

    def test_one_that_was_replaced_counts(self, published, mean_of, values_of):
        published.ran(mean_of(values_of(range(30))))
        assert published.publish().exit_code == 0
        published.ran(mean_of(values_of(range(21))))
        refused = published.publish()
        assert refused.exit_code == 5
        assert "at least 4 more must differ" in refused.err

    def test_one_that_was_retracted_counts(self, published, mean_of, values_of):
        assert published.abate("retract").exit_code == 0
        published.ran(mean_of(values_of(range(21))))
        assert published.publish().exit_code == 5

    def test_one_that_went_to_another_server_counts(self, published, mean_of, values_of, serve):
        published.base = serve([])
        published.write()
        published.ran(mean_of(values_of(range(21))))
        assert published.publish().exit_code == 5
        assert published.everything() == []

    def test_another_estimate_of_it_counts(self, published, mean_of, values_of):
        published.ran(mean_of(values_of(range(18)), name="another"))
        assert published.publish().exit_code == 5

    def test_what_it_had_is_no_difference(self, published, ledger):
        assert published.abate("retract").exit_code == 0
        assert published.publish().exit_code == 0
        assert published.publish().exit_code == 0
        assert len(ledger.releases()) == 1

    @pytest.mark.parametrize(
        ("status", "known"), [(504, 2), (400, 1)], ids=["may be written", "not written"]
    )
    def test_what_may_have_been_written_counts(self, next_one, ledger, monkeypatch, status, known):
        answer = Answer(status=status, headers={}, body=b"", place=next_one.base)
        monkeypatch.setattr(FhirServer, "transact", lambda *_: answer)
        assert next_one.publish().exit_code == 5
        assert len(ledger.releases()) == known


class TestCorrection:
    """A datum changed, or a unit has gone: what stands there is no longer right."""

    @pytest.fixture(params=["changed", "gone"])
    def corrected(self, request, published, mean_of, values_of):
        values = values_of(range(20))
        if request.param == "changed":
            values[3] += 1
        else:
            del values[3]
        published.ran(mean_of(values))
        return published

    def test_the_report_is_withdrawn_at_once_and_shows_no_new_number(self, corrected, sync):
        old = corrected.report["presentedForm"]
        done = sync("--json")
        assert done.exit_code == 0, done.err
        assert (done.json["retract"], done.json["update"]) == (4, 0)
        report = corrected.report
        assert report["status"] == WITHDRAWN
        assert report["conclusion"].startswith("Correction pending: data behind this report")
        assert report["conclusionCode"] == [{"text": "correction pending"}]
        assert report["presentedForm"] == old
        assert corrected.values == []
        assert corrected.abate("status", "--json").json["waits"]["is_withdrawn"] is True
        before = corrected.everything()
        assert sync().exit_code == 0
        assert corrected.everything() == before

    def test_by_hand_too(self, corrected):
        refused = corrected.publish()
        assert refused.exit_code == 5
        assert "is withdrawn (correction pending)" in refused.err
        assert corrected.values == []

    def test_a_dry_run_withdraws_nothing(self, corrected):
        before = corrected.everything()
        corrected.publish("--dry-run")
        assert corrected.everything() == before

    def test_it_comes_back_when_enough_has_changed(self, corrected, mean_of, values_of):
        corrected.publish()
        values = values_of(range(5, 30))
        corrected.ran(mean_of(values))
        assert corrected.publish().exit_code == 0
        assert corrected.values == [round(sum(values.values()) / 25, 6)]
        assert corrected.report["status"] == "preliminary"
        assert "conclusionCode" not in corrected.report

    def test_the_old_numbers_come_back_if_the_correction_is_taken_back(
        self, corrected, mean_of, values_of
    ):
        corrected.publish()
        corrected.ran(mean_of(values_of(range(20))))
        assert corrected.publish().exit_code == 0
        assert corrected.report["status"] == "preliminary"

    def test_a_retraction_always_works(self, corrected):
        assert corrected.abate("retract").exit_code == 0
        assert corrected.values == []


class TestReplace:
    def test_it_retracts_first_and_says_what_remains(self, published, mean_of, values_of, ledger):
        published.ran(mean_of(values_of(range(21))))
        done = published.publish("--replace")
        assert done.exit_code == 0, done.err
        assert "retracted 4 resources of the report on the target" in done.err
        assert "warning: 1 earlier versions of the report can still be read in" in done.err
        assert "/_history" in done.err
        assert published.report["meta"]["versionId"] == "3"
        assert len(ledger.releases()) == 2
        assert published.abate("status", "--json").json["waits"] is None

    def test_what_was_replaced_still_counts(self, published, mean_of, values_of):
        published.ran(mean_of(values_of(range(21))))
        published.publish("--replace")
        published.ran(mean_of(values_of(range(24))))
        assert published.publish().exit_code == 5
        published.ran(mean_of(values_of(range(26))))
        assert published.publish().exit_code == 0

    def test_a_dry_run_retracts_nothing(self, published, mean_of, values_of):
        published.ran(mean_of(values_of(range(21))))
        before = published.everything()
        shown = published.publish("--replace", "--dry-run")
        assert shown.exit_code == 0
        assert "would wait" not in shown.err
        assert published.everything() == before

    def test_where_nothing_stands_there_is_nothing_to_retract(self, ward, mean_of, values_of):
        ward.ran(mean_of(values_of(range(20))))
        assert ward.publish("--replace").exit_code == 0

    def test_a_report_that_the_ledger_does_not_know_waits_for_it(
        self, published, mean_of, values_of
    ):
        """The store was lost, and its ledger with it."""
        (read(published.path).output / FILE).unlink()
        published.ran(mean_of(values_of(range(40))))
        assert "with another study key" in published.publish("--replace").err
        refused = published.publish("--adopt")
        assert refused.exit_code == 5
        assert "is not in the ledger of releases" in refused.err
        assert published.publish("--adopt", "--replace").exit_code == 0
        published.ran(mean_of(values_of(range(50))))
        assert published.publish().exit_code == 0

    def test_a_release_without_units_waits_for_it(self, ward, mean_of, values_of):
        ward.write(minimum=1)
        outcome = mean_of(values_of(range(20)))
        outcome.result.units.clear()
        ward.ran(outcome)
        assert ward.publish().exit_code == 0
        ward.write()
        ward.ran(mean_of(values_of(range(40))))
        refused = ward.publish()
        assert refused.exit_code == 5
        assert "an earlier release did not hide small cells" in refused.err
        assert ward.publish("--replace").exit_code == 0
        ward.ran(mean_of(values_of(range(50))))
        assert ward.publish().exit_code == 0


def test_the_ledger_holds_no_value(published):
    with open_store(read(published.path).output / FILE) as store:
        data = store.rows("select unit, datum from release_datum")
    assert len(data) == 40  # Of the figure, and of its n.
    assert not [datum for _, datum in data if "=" in datum or len(datum) != 24]


def test_a_store_of_0_1_gets_the_tables(ward, mean_of, values_of):
    with open_store(read(ward.path).output / FILE) as store:
        assert not store.rows("from duckdb_tables() where table_name = 'release'")
    ward.ran(mean_of(values_of(range(20))))
    assert ward.publish().exit_code == 0
