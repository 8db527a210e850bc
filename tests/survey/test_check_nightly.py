"""What a nightly job can rely on, as `abate check` tries it."""

import re

import pytest
from werkzeug.test import Client

from abate.sandbox import Sandbox, running

NIGHTLY = ("counts", "next pages", "_lastUpdated", "history of Patients")


@pytest.fixture
def probes(checked):
    """What was found of each thing that was tried, by its name."""

    def read(server):
        return {one["what"]: one["found"] for one in checked(server)["probes"]}

    return read


class At:
    """A server by its base URL alone."""

    def __init__(self, base):
        self.base = base


def test_the_sandbox_has_all_that_a_night_needs(probes, make):
    sandbox = Sandbox(maximum_page_size=2, referential_integrity=False)
    for number in range(3):
        score = make("Observation", f"s{number}", "http://loinc.org", "72514-3")
        subject = {"subject": {"reference": "Patient/p"}, "status": "final"}
        url = f"/fhir/Observation/s{number}"
        assert Client(sandbox).put(url, json=score | subject).status_code == 201
    with running(sandbox) as base:
        found = probes(At(base))
    assert {name: found[name] for name in NIGHTLY} == {
        "counts": "yes",
        "next pages": "yes",
        "_lastUpdated": "yes",
        "history of Patients": "says yes",
    }


def test_a_server_that_passes_over_dates_of_change_is_told(odd, probes, checked):
    assert probes(odd())["_lastUpdated"] == "NO"
    told = next(one for one in checked(odd())["probes"] if one["what"] == "_lastUpdated")
    assert "each run pulls everything" in told["then"]


def test_a_server_without_counts_is_told(odd, probes):
    assert probes(odd(totals=False))["counts"] == "NO"


def test_next_pages_that_lead_elsewhere_are_told(odd, probes):
    assert probes(odd(page_size=2, next_on="http://elsewhere.example/other"))["next pages"] == "NO"
    assert probes(odd(page_size=2))["next pages"] == "yes"


def test_a_server_with_nothing_in_it_is_not_judged(odd, probes):
    found = probes(odd(resources=[]))
    assert (found["next pages"], found["_lastUpdated"]) == ("not tried", "not tried")


def test_what_was_tried_stands_in_a_table_for_people(odd, abate):
    shown = abate("check", odd().base, "--quiet").out
    assert re.search(r"^test +found +what abate does$", shown, re.MULTILINE)
    assert re.search(r"^history of Patients +says no +run `abate reconcile`", shown, re.MULTILINE)
