"""What HAPI does to a client by itself: every row comes all the same, each once."""

import re

import pytest
from hapi_study import HapiStudy, score

from abate.fhir.client import FhirServer

pytestmark = pytest.mark.server


@pytest.fixture
def ward_on(request, client_of, tmp_path):
    """A ward on a server of these settings: as HAPI ships, or finding all before it answers."""
    wards = []

    def begin(settings, strategy="population"):
        wards.append(HapiStudy(client_of(request.getfixturevalue(settings)), tmp_path, strategy))
        wards[0].begin()
        return wards[0]

    yield begin
    wards[0].end()


@pytest.fixture
def between_pages(monkeypatch):
    """Do something once, before the first next link is followed; it may give another link."""
    request, done = FhirServer.request, []

    def when(act):
        def requesting(server, method, path, **parts):
            if not done and "a next link" in parts.get("named", ""):
                done.append(path)
                path = act(path) or path
            return request(server, method, path, **parts)

        monkeypatch.setattr(FhirServer, "request", requesting)
        return done

    return when


def scores_of(rows):
    return [row[1] for row in rows["observation"]]


@pytest.mark.parametrize("settings", ["hapi", "hapi_defaults"])
def test_a_search_that_expired_is_begun_again(ward_on, between_pages, settings):
    ward = ward_on(settings)
    gone = between_pages(lambda link: re.sub(r"(_getpages=)[0-9a-f]{8}", r"\g<1>00000000", link))
    assert len(scores_of(ward.pull())) == 30
    assert "_getpages=" in gone[0]


@pytest.mark.parametrize("settings", ["hapi", "hapi_defaults"])
def test_a_row_that_goes_while_one_pages_is_no_hole(ward_on, between_pages, settings):
    ward = ward_on(settings)
    between_pages(lambda _: ward.delete("Observation", "nc-9"))
    # Another part of the pull may have brought the row before it went.
    assert len(scores_of(ward.pull())) in (29, 30)
    rows = ward.pull()
    assert rows == ward.fresh()
    assert len(scores_of(rows)) == 29


@pytest.mark.parametrize("settings", ["hapi", "hapi_defaults"])
def test_a_row_that_comes_while_one_pages_is_there_a_night_later(ward_on, between_pages, settings):
    ward = ward_on(settings)
    between_pages(lambda _: ward.put(score("na-new", "na", 3)))
    found = scores_of(ward.pull())
    assert len(found) == len(set(found)) >= 30
    assert ward.pull() == ward.fresh()
    assert "na-new" in scores_of(ward.fresh())


def test_a_search_that_was_just_made_is_not_answered_from_a_cache(ward_on):
    ward = ward_on("hapi_defaults")
    assert len(scores_of(ward.pull())) == 30
    ward.put(score("na-new", "na", 3))
    assert len(scores_of(ward.fresh())) == 31
    assert len(scores_of(ward.pull())) == 31


def test_counts_are_known_though_pages_have_no_total(ward_on):
    ward = ward_on("hapi_defaults")
    ward.pull()
    assert any("pulled pain scores: 30 of 30 Observation, 3 pages" in one for one in ward.said)


def test_an_export_of_patients_that_passes_over_since_is_whole_each_night(ward_on):
    ward = ward_on("hapi_defaults", "bulk")
    ward.settings = 'export = "patient"'
    assert len(scores_of(ward.pull())) == 30
    ward.put(score("na-new", "na", 3), score("na-0", "na", 9))
    assert ward.pull() == ward.fresh()
    ward.delete("Observation", "nb-1")
    assert "nb-1" in scores_of(ward.pull())
    assert any("the export does not report deletions" in one for one in ward.said)
    assert ward.pull(is_compared=True) == ward.fresh()
    assert "nb-1" not in scores_of(ward.fresh())
