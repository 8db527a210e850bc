"""Many marks planted in patients' data, and looked for in all that a nightly job shows."""

import json
import re

import pytest
from werkzeug import Response

from abate.cli import stderr

MARK = re.compile(r"mark[a-z]*-?\d{3}", re.IGNORECASE)
TYPES = ("Patient", "Procedure", "Condition", "Observation")


class Planter:
    """Gives marks that are all different, and remembers them."""

    def __init__(self):
        self.marks = []

    def __call__(self, kind):
        mark = f"MARK{kind}-{100 + len(self.marks)}"
        self.marks.append(mark)
        return mark


def renamed(resources, plant):
    """The resources with marks in the place of all ids, and in the references to them."""
    ids = {f"{one['resourceType']}/{one['id']}": plant("id") for one in resources}
    text = json.dumps(resources)
    for reference, mark in ids.items():
        text = text.replace(f'"{reference}"', json.dumps(f"{reference.partition('/')[0]}/{mark}"))
    found = json.loads(text)
    for one in found:
        one["id"] = ids[f"{one['resourceType']}/{one['id']}"]
    return found


def marked(one, plant):
    """A resource with marks wherever somebody could have written a name."""
    one["text"] = {"status": "generated", "div": f"<div>{plant('narrative')}</div>"}
    one.setdefault("identifier", []).append({"system": "urn:mark", "value": plant("identifier")})
    one["note"] = [{"text": plant("note")}]
    if one["resourceType"] == "Patient":
        del one["note"]
        one["name"] = [{"family": plant("family"), "given": [plant("given")]}]
        one["telecom"] = [{"system": "phone", "value": plant("phone")}]
        one["address"] = [{"line": [plant("street")], "city": plant("city")}]
    if "code" in one:
        one["code"]["text"] = plant("text")
        for coding in one["code"].get("coding", ()):
            coding["display"] = plant("display")
    return one


def broken(score, plant):
    """Scores that the mapping rejects, each with a mark in the place of a value."""
    odd = [
        {"valueString": plant("value")},
        {"valueQuantity": {"value": plant("value"), "unit": plant("unit")}},
        {"valueQuantity": {"value": 5, "unit": plant("unit"), "code": plant("unit")}},
        {"valueCodeableConcept": {"text": plant("value")}},
        {"valueQuantity": [plant("value")]},
        {"effectiveDateTime": plant("time")},
        {"status": plant("status")},
        {"component": [{"valueString": plant("value")}]},
    ]
    bare = {key: value for key, value in score.items() if key != "valueQuantity"}
    return [bare | {"id": plant("id")} | one for one in odd]


@pytest.fixture
def planted(loop, study_resources):
    """The published study with marks everywhere; gives the marks."""
    plant = Planter()
    wanted = [one for one in study_resources if one["resourceType"] in TYPES]
    found = [marked(one, plant) for one in renamed(wanted, plant)]
    score = next(one for one in found if "valueQuantity" in one)
    loop.front.sandbox.__init__(referential_integrity=False)
    loop.load([*found, *broken(score, plant)])
    assert len(plant.marks) > 500
    assert all(MARK.search(mark) for mark in plant.marks)
    return plant.marks


def refuse_marks(loop, ran):
    """No mark stands in what a call has printed, nor in the files about the runs."""
    shown = {"stdout": ran.out, "stderr": ran.err}
    shown |= {
        name: (loop.output / name).read_text("utf-8")
        for name in ("status.json", "runs.jsonl", "results.json")
        if (loop.output / name).exists()
    }
    for place, text in shown.items():
        assert not MARK.findall(text), f"in {place}: {MARK.findall(text)[:3]}"


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("output", [(), ("--json",)])
def test_no_mark_is_shown_by_a_night_that_goes_well(loop, monkeypatch, form, output):
    monkeypatch.setattr(stderr, "EVERY_SECONDS", 0)
    for command in (["run"], ["sync"], ["status"], ["status", "--runs"], ["publish"], ["retract"]):
        log = () if command[0] == "status" else ("--log", form)
        ran = loop(command[0], *command[1:], *log, *output)
        assert ran.exit_code == 0, ran.err
        refuse_marks(loop, ran)
    status = loop("status", "--json").json
    assert status["command"] == "retract"
    [first, *_] = loop("status", "--runs", "--json").json["runs"]
    assert [one["rejected"] for one in first["resources"]] == [0, 0, 0, 8]


def leaking(request, planted):
    """Answers that put marks where abate could be led to repeat them."""
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "diagnostics": planted[0]}],
    }

    def page(link):
        return json.dumps({
            "resourceType": "Bundle", "type": "searchset", "total": 500,
            "link": [{"relation": "next", "url": link}], "entry": [],
        })  # fmt: skip

    link = f"/fhir/Observation?patient={planted[1]}&name={planted[2]}"
    path = f"/fhir/pages/{planted[1]}/{planted[2]}"
    return {
        "outcome": (json.dumps(outcome), 400, "application/fhir+json"),
        "html": (f"<p>{planted[0]}</p>", 200, "text/html"),
        "broken": (f'{{"{planted[0]}', 200, "application/fhir+json"),
        "link": (page(link), 200, "application/fhir+json"),
        "path": (page(path), 200, "application/fhir+json"),
        "elsewhere": (page(f"https://other.example{path}"), 200, "application/fhir+json"),
    }[request]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("fault", ["outcome", "html", "broken", "link", "path", "elsewhere"])
def test_no_mark_is_shown_by_a_night_that_fails(loop, planted, form, fault):
    def front(request):
        if not request.path.startswith("/fhir/Observation"):
            return None
        text, code, kind = leaking(fault, planted)
        return Response(text, code, content_type=kind)

    loop.front.instead = front
    ran = loop("sync", "--log", form)
    loop.front.instead = None
    assert ran.exit_code == 3, ran.err
    refuse_marks(loop, ran)
    refuse_marks(loop, loop("status", "--json"))
    refuse_marks(loop, loop("status", "--runs"))
