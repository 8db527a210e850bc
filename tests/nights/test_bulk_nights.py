"""Nights by Bulk Data export: what changed, what has gone, and what a killed run leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Response

import made
from abate.errors import NothingFound, SourceError
from abate.http import clock
from abate.http.response import Answer
from abate.source.bulk import export_files


def ids(rows, table):
    return [row[1] for row in rows[table]]


def test_the_next_night_asks_since_the_newest_resource_that_came(hospital, bulk, night):
    night()
    hospital.server.put(made.score("s3", "p1"))
    rows = night()
    assert bulk.asked[0][1].get("_since") is None
    assert bulk.asked[1][1]["_since"] == ["2026-03-01T12:41:00.000Z"]
    assert ids(rows, "observation") == ["s1", "s2", "s3"]
    assert rows == hospital.fresh()


def newly_asked(hospital):
    """What the night said of people who are new in the study."""
    return [one for one in hospital.said if "new in the study" in one]


@pytest.mark.usefixtures("bulk")
def test_who_changes_outside_the_study_is_not_asked_for(hospital, night):
    night()
    for one in ("out", "side"):
        hospital.server.put(made.patient(one, replaces="side" if one == "out" else None))
        hospital.server.put(made.score(f"of-{one}", one))
    hospital.server.put(made.score("s3", "p1"))
    rows = night()
    assert newly_asked(hospital) == []
    assert rows == hospital.fresh()


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("how", ["treated", "merged", "merged in two steps"])
def test_who_joins_the_study_is_searched_for_as_a_whole(hospital, night, how):
    hospital.server.put(made.patient("new"))
    hospital.server.put(made.score("of-new", "new"))
    night()
    if how == "treated":
        hospital.server.put(made.procedure("t-new", "new"))
    elif how == "merged":
        hospital.server.put(made.patient("new", replaced_by="p1"))
    else:
        hospital.server.put(made.patient("between", replaced_by="p1"))
        hospital.server.put(made.patient("new", replaced_by="between"))
    rows = night()
    number = 2 if how == "merged in two steps" else 1
    assert newly_asked(hospital) == [
        f"{number} patients are new in the study: pulling all of their resources"
    ]
    assert hospital.ask("select state from observation where id = 'of-new'") == [("mapped",)]
    assert rows == hospital.fresh()


def test_an_odd_zone_of_the_moment_is_read(bulk, night):
    bulk.manifest = {"transactionTime": "2026-03-01T12:00:00+00:00Z"}
    night()
    night()
    assert bulk.asked[1][1]["_since"] == ["2026-03-01T11:59:00.000Z"]


@pytest.mark.parametrize("hours", [8, 24 * 365])
def test_a_moment_ahead_of_the_server_s_clock_skips_nothing(hospital, bulk, night, hours):
    """As of local time that is written without its zone."""
    ahead = hospital.server.now + timedelta(hours=hours + 6)
    bulk.manifest = {"transactionTime": ahead.replace(tzinfo=None).isoformat()}
    night()
    hospital.server.put(made.score("late", "p1", 9))
    rows = night()
    assert bulk.asked[1][1]["_since"] == ["2026-03-01T12:41:00.000Z"]
    assert "late" in ids(rows, "observation")
    assert rows == hospital.fresh()


def test_a_moment_ahead_skips_nothing_where_the_server_tells_no_time(bulk, night, monkeypatch):
    monkeypatch.setattr(Answer, "date", None)
    bulk.manifest = {"transactionTime": (datetime.now(UTC) + timedelta(days=365)).isoformat()}
    night()
    night()
    assert bulk.asked[1][1]["_since"] == ["2026-03-01T12:41:00.000Z"]


def test_an_export_of_a_group_is_whole_each_night(hospital, bulk, night):
    """Who joins it is there with what is older; who has left it is not."""
    hospital.server.put(made.procedure("t2", "p2"))
    hospital.server.put(made.score("s9", "p2"))
    of_group = "source.export=Group/g"
    bulk.members = {"p1"}
    assert ids(night(of_group), "observation") == ["s1", "s2"]
    bulk.members = {"p1", "p2"}
    assert ids(night(of_group), "observation") == ["s1", "s2", "s9"]
    bulk.members = {"p2"}
    rows = night(of_group)
    assert ids(rows, "patient") == ["p2"]
    assert ids(rows, "observation") == ["s9"]
    assert not [asked for _, asked in bulk.asked if "_since" in asked]


def test_a_manifest_without_a_moment_makes_the_next_export_whole(hospital, bulk, night):
    bulk.manifest = {"transactionTime": "yesterday"}
    night()
    assert [one for one in hospital.said if "has no transactionTime" in one]
    night()
    assert "_since" not in bulk.asked[1][1]


def test_a_server_that_does_not_heed_since_does_no_harm(hospital, bulk, night):
    bulk.ignores = ("_since",)
    night()
    hospital.server.put(made.score("s1", "p1", 9))
    assert night() == hospital.fresh()


def test_what_the_manifest_tells_as_deleted_is_gone(hospital, bulk, night):
    night()
    hospital.server.delete("Observation", "s1")
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"request": {"method": "DELETE", "url": "Observation/s1"}},
            {"request": {"method": "DELETE", "url": "Encounter/e1"}},
        ],
    }
    bulk.manifest = {"deleted": [bulk.file("Bundle", bundle, "")]}
    rows = night()
    assert ids(rows, "observation") == ["s2"]
    assert rows == hospital.fresh()
    assert not [one for one in hospital.said if "what was deleted" in one]


def test_deletions_that_cannot_be_read_stop_the_run(bulk, night):
    night()
    bulk.manifest = {"deleted": [bulk.file("Bundle", "{cut")]}
    with pytest.raises(SourceError, match=r"deleted-00001\.ndjson has a line"):
        night()


def test_where_nothing_is_told_of_deletions_that_is_said_and_a_reconciliation_finds_them(
    hospital, bulk, night
):
    night()
    hospital.server.delete("Observation", "s1")
    assert ids(night(), "observation") == ["s1", "s2"]
    assert len([one for one in hospital.said if "abate reconcile" in one]) == 1
    assert ids(night(is_compared=True), "observation") == ["s2"]
    assert "_since" not in bulk.asked[-1][1]


@pytest.mark.usefixtures("bulk")
def test_the_old_patient_of_a_new_index_procedure_is_fetched(hospital, night):
    assert ids(night(), "patient") == ["p1"]
    hospital.server.put(made.procedure("t2", "p2"))
    rows = night()
    assert ids(rows, "patient") == ["p1", "p2"]
    assert rows == hospital.fresh()


def test_a_resource_that_lost_its_code_is_read_anew_where_the_filter_is_not_heeded(
    hospital, bulk, night
):
    bulk.ignores = ("_typeFilter",)
    night()
    hospital.server.put(made.score("s1", "p1", code="1-1"))
    rows = night()
    states = {row[1]: row[4] for row in rows["observation"]}
    assert states == {"s1": "ignored", "s2": "mapped"}


def test_an_empty_export_on_a_later_night_changes_nothing(bulk, night):
    first = night()
    bulk.is_member = lambda _: False
    assert night() == first
    assert bulk.output == []


def test_an_empty_export_on_the_first_night_is_nothing_to_study(hospital, bulk, night):
    hospital.server.delete("Procedure", "t1")
    with pytest.raises(NothingFound, match=r"\[index\]"):
        night()
    assert bulk.deletes == 2


@pytest.mark.parametrize("status", [403, 410])
def test_links_that_expire_begin_one_new_export(hospital, bulk, night, status):
    expired = [Response(status=status)]

    def front(request):
        is_file = request.path == "/fhir/files/Observation"
        return expired.pop() if is_file and expired else None

    bulk.front = front
    assert ids(night(), "observation") == ["s1", "s2"]
    assert (len(bulk.asked), bulk.deletes) == (2, 2)
    assert [one for one in hospital.said if "has expired: starting a new export" in one]


def test_links_that_expire_twice_stop_the_run(bulk, night):
    bulk.front = lambda request: Response(status=410) if "/files/" in request.path else None
    with pytest.raises(SourceError, match="has expired"):
        night()
    assert (len(bulk.asked), bulk.deletes) == (2, 2)


class Killed(BaseException):
    """What ends a process at once."""


@pytest.fixture
def killed(monkeypatch, hospital, night):
    """A night that is killed at its third file: nothing is taken away at the server."""

    def kill():
        with monkeypatch.context() as patch:
            land = export_files.land

            def third(landing, name, *arguments, **named):
                if name == "export-00003":
                    raise Killed
                return land(landing, name, *arguments, **named)

            patch.setattr(export_files, "land", third)
            patch.setattr("abate.source.bulk.job.ExportJob.drop", lambda _: None)
            with pytest.raises(Killed):
                night("source.parallel=1")
        return [path for _, path in hospital.server.requests if "files/" in path]

    return kill


def _fetched(hospital):
    return [path for _, path in hospital.server.requests if "files/" in path]


def test_a_run_that_was_killed_brings_only_the_missing_files(hospital, bulk, night, killed):
    assert len(killed()) == 3
    rows = night("source.parallel=1")
    assert [one.rpartition("/")[2] for one in _fetched(hospital)] == ["Condition", "Observation"]
    assert len(bulk.asked) == 1
    assert rows == hospital.fresh()


def test_a_file_of_an_export_that_was_torn_after_it_landed_is_brought_again(
    hospital, bulk, night, killed
):
    killed()
    landing = hospital.folder / "nightly" / "abate-output" / "landing"
    [torn] = landing.glob("export-*/Procedure.ndjson")
    torn.write_bytes(b"")
    rows = night("source.parallel=1")
    assert ids(rows, "procedure") == ["t1"]
    assert len(bulk.asked) == 1
    assert rows == hospital.fresh()


@pytest.mark.parametrize("status", [404, 410])
def test_a_kept_manifest_whose_links_are_dead_begins_anew(hospital, bulk, night, killed, status):
    killed()
    dead = [Response(status=status)]
    bulk.front = lambda request: dead.pop() if dead and "/files/" in request.path else None
    rows = night()
    assert len(bulk.asked) == 2
    assert rows == hospital.fresh()


@pytest.fixture
def killed_while_waiting(monkeypatch, bulk, night):
    """A night that is killed while the server still works on the export."""
    with monkeypatch.context() as patch:
        bulk.polls = [Response(status=202)]
        patch.setattr(clock, "sleep", _die)
        patch.setattr("abate.source.bulk.job.ExportJob.drop", lambda _: None)
        patch.setattr("abate.store.landing.Landing.__exit__", lambda *_: None)
        with pytest.raises(Killed):
            night()


def _die(_):
    raise Killed


@pytest.mark.usefixtures("killed_while_waiting")
def test_an_export_that_was_begun_before_is_waited_for(hospital, bulk, night):
    rows = night()
    assert len(bulk.asked) == 1
    assert rows == hospital.fresh()


@pytest.mark.usefixtures("killed_while_waiting")
def test_an_export_that_was_begun_before_and_is_gone_is_begun_anew(bulk, night):
    bulk.polls = [Response(status=404)]
    assert ids(night(), "procedure") == ["t1"]
    assert len(bulk.asked) == 2


@pytest.mark.usefixtures("killed_while_waiting")
def test_that_an_earlier_export_is_used_is_said_with_the_way_to_a_new_one(hospital, night):
    night()
    assert "an earlier run started an export: using it (--full starts a new one)" in hospital.said


@pytest.mark.usefixtures("killed_while_waiting")
def test_full_cancels_the_export_of_an_earlier_run_and_begins_a_new_one(hospital, bulk, night):
    """Also on the first night, when all nights are of everything."""
    rows = night(is_whole=True)
    assert (len(bulk.asked), bulk.deletes) == (2, 2)
    assert rows == hospital.fresh()


@pytest.mark.usefixtures("killed_while_waiting")
def test_the_export_of_an_earlier_run_for_something_else_is_cancelled(hospital, bulk, night):
    night("source.export=system")
    assert (len(bulk.asked), bulk.deletes) == (2, 2)
    words = "an earlier run started an export: cancelling it and starting a new one"
    assert words in hospital.said


@pytest.fixture
def killed_at_the_kick_off(monkeypatch, night, bulk):  # noqa: ARG001 - what is killed.
    """A night that is killed before it hears whether its export has begun."""
    with monkeypatch.context() as patch:
        patch.setattr("abate.fhir.client.FhirServer.start", _die_of)
        patch.setattr("abate.store.landing.Landing.__exit__", lambda *_: None)
        with pytest.raises(Killed):
            night()


def _die_of(*_, **__):
    raise Killed


@pytest.mark.usefixtures("killed_at_the_kick_off")
@pytest.mark.parametrize("other", [[], ["source.export=system"]])
def test_that_an_export_may_have_been_begun_by_a_killed_run_is_said(hospital, night, other):
    night(*other)
    [said] = [one for one in hospital.said if "while it started an export" in one]
    assert said.startswith("warning: ")


FULL = "run with --full"


@pytest.mark.parametrize(
    "stuck",
    [
        {"begins": [Response(status=400)]},
        {"polls": [Response(status=500)] * 99},
        {"polls": [Response(status=410)] * 2},
        {"polls": [Response(status=202, headers={"Retry-After": "100"})] * 3},
        {"manifest": {"output": None}},
        {"manifest": {"link": [{"relation": "next", "url": "more"}]}},
    ],
    ids=["since-refused", "poll-500", "poll-410", "poll-endless", "no-output", "in-parts"],
)
def test_a_night_that_stays_stuck_names_the_way_out(bulk, night, stuck):
    night()
    for name, value in stuck.items():
        setattr(bulk, name, value)
    with pytest.raises(SourceError, match=FULL):
        night("source.max_minutes=1")


def test_a_first_night_that_fails_does_not(bulk, night):
    bulk.polls = [Response(status=422)]
    with pytest.raises(SourceError) as caught:
        night()
    assert FULL not in str(caught.value)


def test_nor_does_one_of_which_it_is_not_known_whether_an_export_has_begun(bulk, night):
    night()
    bulk.begins = [Response(status=504)]
    with pytest.raises(SourceError, match="It is not known") as caught:
        night()
    assert FULL not in str(caught.value)


@pytest.fixture
def silent(bulk):
    """A server that takes _typeFilter for Conditions, and exports none by it."""
    exported = bulk.exported

    def without(asked):
        found = exported(asked)
        if any(one.startswith("Condition?") for one in asked.getlist("_typeFilter")):
            found.pop("/fhir/files/Condition", None)
            bulk.output = [one for one in bulk.output if one["type"] != "Condition"]
        return found

    bulk.exported = without
    return bulk


def asked_by_code(bulk):
    """The types that each export was asked for by code."""
    return [
        [one.partition("?")[0] for one in parameters["_typeFilter"]] for _, parameters in bulk.asked
    ]


def test_a_type_of_which_a_filter_finds_nothing_is_exported_without_it(hospital, silent, night):
    rows = night()
    assert ids(rows, "condition") == ["c1"]
    by_code = ["Procedure", "Observation", "Condition"]
    assert asked_by_code(silent) == [by_code, by_code[:2]]
    assert silent.deletes == 2
    words = "warning: no Condition was exported with _typeFilter"
    assert len([one for one in hospital.said if one.startswith(words)]) == 1


def test_on_later_nights_it_is_asked_for_without_the_filter_at_once(hospital, silent, night):
    night()
    hospital.server.put(made.condition("c2", "p1"))
    hospital.server.put(made.condition("other", "p1", code="other"))
    rows = night()
    assert ids(rows, "condition") == ["c1", "c2"]
    assert asked_by_code(silent)[2:] == [["Procedure", "Observation"]]
    words = "Condition: 1 resources without one of the study's codes were excluded"
    assert words in hospital.said
    night()
    assert len(silent.asked) == 4
    night(is_whole=True)
    assert len(silent.asked) == 6, "--full tries the filter again"


def test_a_group_of_which_a_filter_finds_nothing_has_one_export_a_night_from_then_on(silent, night):
    of_group = "source.export=Group/g"
    first = night(of_group)
    assert night(of_group) == first
    assert len(silent.asked) == 3


def test_where_nothing_of_a_type_is_there_at_all_a_night_costs_one_export(hospital, bulk, night):
    hospital.server.delete("Condition", "c1")
    assert ids(night(), "condition") == []
    night()
    assert len(bulk.asked) == 3
