"""Two Patients are merged at the source, and the report that follows must wait."""

import pytest
import requests

PATIENTS = [f"p{number}" for number in range(24)]
CODES = {"score": ("http://loinc.org", "72514-3"), "treat": ("urn:s", "treat")}


def concept(name):
    system, code = CODES[name]
    return {"coding": [{"system": system, "code": code}]}


def of_patient(name, place):
    subject = {"reference": f"Patient/{name}"}
    yield {"resourceType": "Patient", "id": name, "gender": "female"}
    yield {
        "resourceType": "Procedure", "id": f"treat-{name}", "status": "completed",
        "code": concept("treat"), "subject": subject, "performedDateTime": "2026-01-10",
    }  # fmt: skip
    for day, value in (("2026-01-09", 5 + place % 5), ("2026-01-17", place % 7)):
        yield {
            "resourceType": "Observation", "id": f"{name}-{day}", "status": "final",
            "code": concept("score"), "subject": subject, "effectiveDateTime": day,
            "partOf": [{"reference": f"Procedure/treat-{name}"}], "valueInteger": value,
        }  # fmt: skip


ANALYSES = {
    "figures of patients": 'use = "paired-change"\nendpoint = "Wk1"\n',
    "figures of lesions, and the flow": 'use = "pain-course"\n',
}


@pytest.fixture(params=ANALYSES)
def synced(request, ward, serve):
    """A study of 24 patients, pulled, analysed and published."""
    resources = [one for place, name in enumerate(PATIENTS) for one in of_patient(name, place)]
    ward.base = serve(resources)
    ward.write()
    text = f"{ward.path.read_text('utf-8')}[[analysis]]\n{ANALYSES[request.param]}"
    ward.path.write_text(text, "utf-8")
    done = ward.abate("sync")
    assert done.exit_code == 0, done.err
    assert (ward.all("Group")[0]["quantity"], ward.all("Group")[0]["active"]) == (24, True)
    return ward


def test_the_old_figures_are_withdrawn_at_once(synced):
    merged = {
        "resourceType": "Patient", "id": "p3",
        "link": [{"other": {"reference": "Patient/p4"}, "type": "replaced-by"}],
    }  # fmt: skip
    requests.put(f"{synced.base}/Patient/p3", json=merged, timeout=5).raise_for_status()
    done = synced.abate("sync", "--json")
    assert done.exit_code == 0, done.err
    assert done.json["waits"] is True
    assert synced.abate("status", "--json").json["waits"]["is_withdrawn"] is True
    assert synced.report["status"] == "entered-in-error"
    assert (synced.all("Group")[0]["quantity"], synced.all("Group")[0]["active"]) == (24, False)
    assert synced.values == []


def test_a_night_without_a_change_withdraws_nothing(synced):
    before = synced.everything()
    done = synced.abate("sync")
    assert done.exit_code == 0, done.err
    assert synced.everything() == before
