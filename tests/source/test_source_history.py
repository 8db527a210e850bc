"""A history of Patients: a Bundle of versions and deletions, as many as its total."""

import json

import msgspec
import pytest

from abate.errors import IncompletePull, SourceError
from abate.fhir.bundle import Page, versions
from abate.fhir.client import FhirServer
from abate.source.search.paging import NotHonoured, Pager
from abate.telemetry.log import SILENT

P1 = {"resourceType": "Patient", "id": "p1"}
GONE = {"request": {"method": "DELETE", "url": "Patient/p2/_history/3"}}


@pytest.fixture
def history(wild, raw):
    """The ids of a history with these entries and more in its Bundle."""

    def read(*entries, **more):
        bundle = {"resourceType": "Bundle", "type": "history", "entry": entries, **more}
        wild.answers = [raw.sent(json.dumps(bundle).encode())]
        with FhirServer(wild.base) as server:
            pages = Pager(server=server, log=SILENT).history("Patient", None)
            return [identifier for page in pages for identifier, _ in page]

    return read


def test_a_history_has_versions_and_deletions(history):
    assert history({"resource": P1}, GONE, total=2) == ["p1", "p2"]
    assert history({"resource": P1}, GONE) == ["p1", "p2"]


def test_a_history_that_is_shorter_than_its_total_is_not_believed(history):
    with pytest.raises(NotHonoured, match="its total is 3, but 2 entries were received"):
        history({"resource": P1}, GONE, total=3)


def test_the_same_entry_twice_does_not_fill_a_history(history):
    with pytest.raises(NotHonoured, match="its total is 2, but 1 entries were received"):
        history({"resource": P1}, {"resource": P1}, total=2)


def test_a_searchset_is_no_history(history):
    with pytest.raises(IncompletePull, match="its Bundle is not of type history"):
        history({"resource": P1}, type="searchset")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"resource": {"resourceType": "Observation", "id": "p1"}}, "an entry is no Patient"),
        ({"request": {"method": "DELETE"}}, "does not say which Patient was deleted"),
        (
            {"request": {"method": "DELETE", "url": "Observation/p1"}},
            "does not say which Patient was deleted",
        ),
        (
            {"request": {"method": "PUT", "url": "Patient/p1"}},
            "not a resource with a type and an id",
        ),
        ({"resource": {"message": "x"}}, "not a resource with a type and an id"),
        (
            {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}},
            "an OperationOutcome with an error",
        ),
    ],
)
def test_an_entry_that_is_no_version_is_an_error(history, entry, words):
    with pytest.raises(IncompletePull, match=words):
        history(entry)


@pytest.mark.parametrize("url", ["Patient/p2", "http://x.example/fhir/Patient/p2", "/Patient/p2"])
def test_the_url_of_a_deletion_names_the_patient(url):
    page = msgspec.json.decode(
        msgspec.json.encode(
            {
                "resourceType": "Bundle",
                "entry": [{"request": {"method": "DELETE", "url": url}}],
            }
        ),
        type=Page,
    )
    assert list(versions(page, "Patient")) == [("p2", None)]


def test_a_bundle_must_say_that_it_is_one():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"{}", type=Page)
    with pytest.raises(SourceError, match="not of type searchset"):
        Page(resourceType="Bundle", type="message").refuse_type("searchset")
