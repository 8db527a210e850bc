"""A server that finds a code only without its system, and folders of a pull that found nothing."""

import pytest

from abate.errors import NothingFound
from abate.store.landing import Landing, Record


def test_a_code_is_asked_without_its_system_for_each_patient(script, pull, resource):
    """What the first patient's answer taught holds for the question that was answered."""
    rows = {"p1": ["s1"], "p2": ["s2", "s3"]}
    procedures = [resource["Procedure"](f"pr-{one}", one) for one in rows]
    patients = [{"resourceType": "Patient", "id": one} for one in rows]

    def scores(request):
        if "|" in request.form["code"]:
            return script.bundle(total=0)
        owner = request.form["patient"]
        found = [resource["Observation"](one, owner) for one in rows[owner]]
        return script.bundle(*found, total=len(found))

    def procedure(request):
        asked = request.form if request.method == "POST" else request.args
        found = [one for one in procedures if asked.get("patient", "p") in str(one["subject"])]
        return script.bundle(*found, total=len(found))

    script.pages["Procedure"] = [procedure]
    script.pages["Patient"] = [script.bundle(*patients, total=2)]
    script.pages["Observation"] = [scores]
    assert pull(patients_a_query=1).ids("Observation") == ["s1", "s2", "s3"]


def test_what_landed_before_nothing_was_found_is_not_kept(tmp_path):
    """Else the next run would find nothing too, whatever the server has by then."""
    with pytest.raises(NothingFound):
        _find_nothing(tmp_path / "landing")
    assert not (tmp_path / "landing").exists()


def _find_nothing(folder):
    record = Record(query="pain scores", type="Observation", expected=0, received=0, pages=1)
    with Landing(folder, "key") as landing:
        landing.begin(None)
        with landing.unit("scores") as unit:
            unit.record = record
        raise NothingFound("no pain scores")
