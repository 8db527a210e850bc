"""Nights on a real server: only what changed is pulled; the store is what a fresh pull makes."""

import pytest
from hapi_study import HapiStudy, procedure, score

pytestmark = pytest.mark.server


@pytest.fixture(params=["hapi", "hapi_defaults"])
def ward(request, client_of, tmp_path):
    """Thirty scores of three patients on HAPI, as it is set for the tests and as it ships."""
    ward = HapiStudy(client_of(request.getfixturevalue(request.param)), tmp_path, "population")
    ward.begin()
    yield ward
    ward.end()


def test_nights_on_hapi_leave_what_a_fresh_pull_makes(ward):
    rows = ward.pull()
    assert {table: len(found) for table, found in rows.items()} == {
        "patient": 3, "procedure": 3, "condition": 3, "observation": 30,
    }  # fmt: skip
    assert ward.pull() == rows
    assert not any("pulled again" in said for said in ward.said), ward.said
    ward.put(score("na-0", "na", 9), score("na-new", "na", 3), score("nb-0", "nc", 1))
    ward.put(
        score("nb-1", "nb", 1, code="other"), procedure("treat-nc", "nc", status="entered-in-error")
    )
    ward.delete("Observation", "nc-1")
    ward.delete("Condition", "tumour-nb")
    changed = ward.pull()
    assert changed == ward.fresh()
    ids = [row[1] for row in changed["observation"]]
    assert "na-new" in ids
    assert not {"nb-1", "nc-1"} & set(ids)
    ward.strategy = "patient"
    assert ward.pull("by-patient")["observation"] == changed["observation"]
    ward.strategy = "bulk"
    exported = ward.pull("by-bulk")
    assert exported == changed
    assert ward.pull("by-bulk") == changed
    ward.strategy = "population"
    ward.delete("Observation", "na-new")
    assert ward.pull(is_compared=True) == ward.fresh()
