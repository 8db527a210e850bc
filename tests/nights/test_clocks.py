"""Clocks that are wrong, and changes that no date tells: a correction is never lost."""

import json
from datetime import timedelta

import pytest
from werkzeug import Response
from werkzeug.test import Client

import made
from abate.store.database import read_store

HOURS = timedelta(hours=2)
HALF_A_DAY = timedelta(hours=12)
YEAR = timedelta(days=365)


@pytest.fixture
def ward(hospital):
    """Two patients with an index procedure and two scores each."""
    for one in "ab":
        hospital.server.put(made.patient(one))
        hospital.server.put(made.procedure(f"treat-{one}", one))
        hospital.server.put(made.condition(f"tumour-{one}", one))
        for number in range(2):
            hospital.server.put(made.score(f"{one}{number}", one, number))
    return hospital


@pytest.fixture(params=["population", "bulk"])
def night(ward, request):
    """A night by search, or by export."""
    if request.param == "bulk":
        ward.server.instead = request.getfixturevalue("bulk")
    return lambda **how: ward.night(f"source.strategy={request.param}", **how)


def values(rows):
    return {row[1]: row[11] for row in rows["observation"]}


def watermark(ward):
    with read_store(ward.study("nightly").output / "store.duckdb") as store:
        [(moment,)] = store.rows("select moment from watermark")
    return moment


def test_behind_a_gateway_that_is_two_hours_ahead_a_corrected_score_arrives(ward, night):
    ward.server.gateway = HOURS
    night()
    ward.server.put(made.score("a1", "a", 9))
    rows = night()
    assert values(rows)["a1"] == 9
    assert rows == ward.fresh()


def test_after_a_night_on_which_date_was_wrong_a_corrected_score_arrives(ward, night):
    ward.server.gateway = YEAR
    night()
    ward.server.gateway = timedelta(0)
    ward.server.put(made.score("a1", "a", 9))
    rows = night()
    assert values(rows)["a1"] == 9
    assert rows == ward.fresh()


def test_after_a_night_on_which_the_server_s_clock_was_wrong_a_corrected_score_arrives(ward, night):
    """It wrote meanwhile; the machine that pulls knew the time."""
    ward.server.now += HALF_A_DAY
    ward.server.put(made.score("a1", "a", 8))
    ward.server.machine = -HALF_A_DAY
    night()
    ward.server.now -= HALF_A_DAY
    ward.server.machine = timedelta(0)
    ward.server.put(made.score("a1", "a", 9))
    ward.server.put(made.score("b1", "b", 9))
    rows = night()
    assert (values(rows)["a1"], values(rows)["b1"]) == (9, 9)
    assert [one for one in ward.said if "clock went back" in one]
    assert rows == ward.fresh()


def test_a_clock_that_is_behind_the_watermark_has_everything_pulled_again(ward, night):
    """It was a year ahead, and no other clock told."""
    ward.server.now += YEAR
    ward.server.put(made.score("a1", "a", 8))
    night()
    ward.server.now -= YEAR
    ward.server.put(made.score("a1", "a", 9))
    rows = night()
    assert values(rows)["a1"] == 9
    assert len([one for one in ward.said if "went back" in one]) == 1
    assert rows == ward.fresh()
    assert watermark(ward) <= ward.server.now


def test_a_resource_with_a_date_of_the_future_moves_no_watermark(ward, night):
    ward.server.now += YEAR
    ward.server.put(made.score("future", "a", 8))
    ward.server.now -= YEAR
    night()
    ward.server.put(made.score("a1", "a", 9))
    rows = night()
    assert values(rows)["a1"] == 9
    assert rows == ward.fresh()


def test_a_server_ahead_of_this_machine_is_told(ward):
    ward.server.machine = -HOURS
    ward.night()
    [warning] = [one for one in ward.said if "ahead of this machine" in one]
    assert "120 minutes" in warning


@pytest.fixture
def asked(ward):
    """The moments from which changes were asked for, of all types."""
    moments = []

    def front(request):
        found = request.args.get("_lastUpdated") or request.args.get("_since")
        if found:
            moments.append(found.removeprefix("ge"))

    ward.server.instead = front
    return moments


def test_quiet_nights_ask_from_the_same_moment_and_not_for_more_each_night(ward, asked):
    ward.night()
    for _ in range(3):
        ward.night()
    assert set(asked) == {"2026-03-01T13:09:00.000Z"}


def test_a_stranger_s_change_moves_the_watermark(ward, asked):
    """Else the history of all Patients of a hospital would grow with each quiet night."""
    ward.night()
    ward.server.put(made.patient("stranger"))
    ward.night()
    asked.clear()
    ward.night()
    assert set(asked) == {"2026-03-01T19:16:00.000Z"}


def edited(ward, change, where="Observation"):
    """A front that changes each resource of a type in all searches."""

    def front(request):
        if f"/{where}" not in request.path:
            return None
        answer = Client(ward.server.sandbox).open(
            request.path, method=request.method, query_string=request.args, data=request.form
        )
        page = json.loads(answer.data)
        for one in page.get("entry", []):
            change(one["resource"], request)
        return Response(json.dumps(page), content_type="application/fhir+json")

    return front


def without_meta(resource, _):
    resource.pop("meta", None)


def without_versions(resource, _):
    resource.get("meta", {}).pop("versionId", None)


def test_of_a_server_that_gives_no_dates_the_watermark_is_its_time(ward):
    ward.server.instead = edited(ward, without_meta, where="")
    ward.night()
    assert watermark(ward) == ward.server.now
    ward.server.put(made.score("a1", "a", 9))
    assert values(ward.night())["a1"] == 9


@pytest.fixture
def missed(ward):
    """A correction whose date is so old that no search by date finds it; the count is the same."""

    def correct():
        night = ward.server.now
        ward.server.now = night - timedelta(days=90)
        ward.server.put(made.score("a1", "a", 9))
        ward.server.now = night
        assert values(ward.night())["a1"] == 1

    return correct


@pytest.mark.parametrize("change", [None, without_meta, without_versions])
def test_a_correction_that_no_date_tells_is_found_by_a_comparison(ward, missed, change):
    ward.night()
    if change is not None:
        ward.server.instead = edited(ward, change)
        ward.night(is_whole=True)
    missed()
    rows = ward.night(is_compared=True)
    assert values(rows)["a1"] == 9
    assert rows == ward.fresh()


def test_a_deletion_brings_a_comparison_that_finds_a_missed_correction_too(ward, missed):
    ward.night()
    missed()
    ward.server.delete("Observation", "b1")
    rows = ward.night()
    assert values(rows)["a1"] == 9
    assert rows == ward.fresh()


def test_a_server_that_was_restored_from_a_backup_is_believed_by_a_comparison(ward):
    """It has an older version again, with its older date."""
    ward.server.put(made.score("a1", "a", 9))
    ward.night()

    def older(resource, _):
        if resource["id"] == "a1":
            resource["valueInteger"] = 1
            resource.setdefault("meta", {}).update(
                versionId="1", lastUpdated="2026-03-01T12:35:00.000+00:00"
            )

    ward.server.instead = edited(ward, older)
    assert values(ward.night())["a1"] == 9
    assert values(ward.night(is_compared=True))["a1"] == 1


def test_one_version_with_two_dates_is_not_fetched_again(ward):
    """HAPI gives another `lastUpdated` in a read than in a search (hapifhir/hapi-fhir#7839)."""
    ward.night()

    def later(resource, _):
        if resource.get("meta", {}).get("versionId"):
            resource["meta"]["lastUpdated"] = "2026-03-01T12:00:00.000+00:00"

    ward.server.instead = edited(ward, later)
    before = ward.rows()
    assert ward.night(is_compared=True) == before
    assert not [path for _, path in ward.server.requests if "Observation/_search" in path]
