"""What an earlier run landed is taken only where this run asks for just that."""

import json
from collections import Counter

import pytest
from werkzeug import Response

import made
from abate.errors import IncompletePull


@pytest.fixture
def stopped(hospital):
    """Two patients, and a pull that stops at their conditions; `members` are those of Group/g."""
    hospital.members = ["a", "b"]
    for one in "ab":
        hospital.server.put(made.patient(one))
        hospital.server.put(made.procedure(f"treat-{one}", one))
        hospital.server.put(made.score(f"score-{one}", one))

    def front(request):
        if request.path.endswith("/Group/g"):
            found = [{"entity": {"reference": f"Patient/{one}"}} for one in hospital.members]
            group = {"resourceType": "Group", "id": "g", "member": found}
            return Response(json.dumps(group), content_type="application/fhir+json")
        if hospital.is_broken and "/Condition" in request.path:
            return Response("no", 422)
        return None

    def night(*overrides):
        hospital.is_broken = True
        with pytest.raises(IncompletePull):
            hospital.night(*overrides)
        hospital.is_broken = False

    hospital.server.instead, hospital.is_broken, hospital.stop = front, False, night
    return hospital


def test_what_landed_from_one_server_is_not_stored_as_another_s(stopped):
    stopped.stop()
    other = f"source.url='{stopped.base.replace('localhost', '127.0.0.1')}'"
    rows = stopped.night(other)
    asked = Counter(stopped.server.requests)
    # Procedures by the codes of [index], and by the others.
    assert asked[("GET", "Procedure")] == 2 * asked[("GET", "Observation")] > 2
    assert rows == stopped.fresh(other)


@pytest.mark.parametrize("size", [0, -100])
def test_a_landed_file_that_was_torn_is_pulled_again(stopped, size):
    stopped.stop()
    [torn] = (stopped.folder / "nightly" / "abate-output" / "landing").glob("*/Procedure.ndjson")
    torn.write_bytes(torn.read_bytes()[:size])
    rows = stopped.night()
    assert [one for one in stopped.said if "were changed or removed" in one]
    assert [row[1] for row in rows["procedure"]] == ["treat-a", "treat-b"]
    assert rows == stopped.fresh()


def test_notes_that_were_torn_stop_no_night(stopped):
    stopped.stop()
    for note in (stopped.folder / "nightly" / "abate-output" / "landing").glob("*.note"):
        note.write_bytes(b"")
    assert stopped.night() == stopped.fresh()


def test_a_patient_taken_off_the_list_between_two_runs_is_not_stored(stopped):
    listed = ("source.strategy='patient'", "source.patients=['Group/g']")
    stopped.stop(*listed)
    stopped.members.remove("b")
    rows = stopped.night(*listed)
    assert [row[1] for row in rows["patient"]] == ["a"]
    assert rows == stopped.fresh(*listed)
