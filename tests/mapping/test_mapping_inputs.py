"""The digest of a run's inputs tells when one of them changed, with and without versions."""

import json
from hashlib import md5, sha256

import pytest

from abate.cohort.assemble import inputs
from abate.store.database import open_store

SERVER = "http://fhir.test/base"
SUBJECT = {"reference": "Patient/p"}
OTHER = {
    "Patient": {"gender": "female"},
    "Procedure": {
        "status": "completed",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "22511"}]},
        "subject": SUBJECT,
    },
    "Condition": {
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "363358000"}]},
        "subject": SUBJECT,
    },
}


@pytest.fixture
def study(workshop, observation):
    """Map one resource of each type, with changes by type; gives counts, digest and rows."""

    def run(*settings, **changes):
        other = {
            kind: [{"resourceType": kind, "id": "x", **content, **changes.get(kind, {})}]
            for kind, content in OTHER.items()
        }
        score = observation("x", "72514-3", valueInteger=7) | changes.get("Observation", {})
        found = workshop.map(score, other=other, settings=settings)
        with open_store(workshop.store) as store:
            given = inputs(store, SERVER)
        return given.counts, given.digest, found.rows

    return run


CHANGES = {
    "Patient": {"gender": "male"},
    "Procedure": {"performedDateTime": "2020-01-02"},
    "Condition": {"onsetDateTime": "2020-01-02"},
    "Observation": {"valueInteger": 6},
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("keep_raw", ["true", "false"])
def test_a_change_on_a_server_without_versions_changes_the_digest(study, kind, keep_raw):
    setting = f"output.keep_raw={keep_raw}"
    counts, before, _ = study(setting)
    _, unchanged, _ = study(setting)
    _, after, _ = study(setting, **{kind: CHANGES[kind]})
    assert counts == dict.fromkeys(CHANGES, 1)
    assert before == unchanged
    assert before != after


def test_where_the_server_gives_a_version_the_version_counts(study):
    versions = {kind: {"meta": {"versionId": "v1"}} for kind in CHANGES}
    _, digest, rows = study(**versions)
    lines = "".join(f"{kind}/x/v1\n" for kind in sorted(CHANGES))
    assert digest == sha256(lines.encode()).hexdigest()
    assert [rows[kind.lower()]["x"]["content"] for kind in CHANGES] == [None] * 4
    _, changed, _ = study(**versions | {"Patient": {"meta": {"versionId": "v2"}}})
    assert changed != digest


def test_what_stands_for_a_version_is_the_hash_of_the_json_as_it_was_sent(study):
    _, _, rows = study("output.keep_raw=false")
    sent = json.dumps({"resourceType": "Patient", "id": "x", **OTHER["Patient"]})
    assert rows["patient"]["x"]["resource"] is None
    assert rows["patient"]["x"]["content"] == md5(sent.encode()).hexdigest()
