"""Targets that lack something, or speak another release of FHIR; and what plugins rendered."""

import json

import pytest

from abate.analysis.loader import load
from abate.analysis.results import load as load_results
from abate.config.reader import read
from abate.fhir.canonical import SYSTEM, forms_of, stable_id
from abate.fhir.client import FhirServer
from abate.publish import compare, transaction
from abate.publish.study_key import owner_of
from abate.publish.target import target_of
from abate.report.fhir import bundle, content_digest

PROVENANCE = f"Provenance/{stable_id('cementoplasty-2010', 'provenance')}"


@pytest.fixture
def changed(ran, keep, proxy):
    """Publish to a sandbox whose CapabilityStatement is changed: gives what stands there."""

    def start(change):
        def answer(request, forward):
            given = forward(request)
            if request.path.endswith("/metadata"):
                statement = json.loads(given.get_data())
                change(statement)
                given.set_data(json.dumps(statement))
            return given

        behind, url = proxy(answer)
        text = ran.read_text("utf-8")
        ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
        keep(ran)
        return behind

    return start


def without(*types):
    def change(statement):
        [rest] = statement["rest"]
        rest["resource"] = [one for one in rest["resource"] if one["type"] not in types]

    return change


def closed(*types):
    def change(statement):
        for one in statement["rest"][0]["resource"]:
            one["updateCreate"] = one["type"] not in types

    return change


class TestLacking:
    @pytest.mark.parametrize("change", [without("CodeSystem"), closed("CodeSystem")])
    def test_the_report_does_without_code_systems_and_says_so(self, abate, ran, changed, change):
        behind = changed(change)
        shown = abate("publish", ran)
        assert shown.exit_code == 0
        left = [line for line in shown.out.splitlines() if line.startswith("left  CodeSystem/")]
        assert len(left) == 3
        assert "does not take this type, which is optional in a report" in left[0]
        assert not behind.all("CodeSystem")
        assert behind.statistic("week/falls")["status"] == "preliminary"
        again = abate("publish", ran, "--json").json
        assert (again["create"], again["update"]) == (0, 0)

    def test_all_missing_types_are_named(self, abate, ran, changed):
        behind = changed(without("List", "DiagnosticReport", "CodeSystem"))
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert "does not take DiagnosticReport, List: nothing was written." in refused.err
        assert "The report is kept as a Bundle in " in refused.err
        assert behind.ours() == {}

    def test_transactions_and_types_that_are_missing_are_named_together(self, abate, ran, changed):
        def both(statement):
            without("List")(statement)
            statement["rest"][0]["interaction"] = []

        changed(both)
        refused = abate("publish", ran)
        assert "does not offer transactions, and does not take List: nothing" in refused.err


class TestRelease:
    @pytest.mark.parametrize(
        ("version", "told"),
        [
            ("4.3.0", "FHIR 4.3.0"),
            ("3.0.2", "FHIR 3.0.2"),
            ("6.0.0-ballot3", "FHIR 6.0.0-ballot3"),
            ("of no version", "an unknown version of FHIR"),
        ],
    )
    def test_another_release_is_refused(self, abate, ran, changed, version, told):
        behind = changed(lambda statement: statement.update(fhirVersion=version))
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert f"uses {told}, and a report is written as R4 (4.0.1) or R5" in refused.err
        assert behind.ours() == {}

    @pytest.mark.parametrize(("version", "element"), [("4.0.1", "actual"), ("5.0.0", "membership")])
    def test_the_report_is_written_in_the_release_of_the_target(
        self, abate, ran, changed, version, element
    ):
        behind = changed(lambda statement: statement.update(fhirVersion=version))
        assert abate("publish", ran).exit_code == 0
        [group] = behind.all("Group").values()
        assert [key for key in ("actual", "membership") if key in group] == [element]


@pytest.mark.parametrize("system", forms_of(SYSTEM), ids=["today's system", "that of 0.1"])
def test_a_report_under_an_id_that_the_target_chose_is_not_doubled(abate, ran, source, system):
    value = "cementoplasty-2010/report"
    source.put(
        {
            "resourceType": "DiagnosticReport",
            "id": "17",
            "identifier": [{"system": system, "value": value}],
            "status": "preliminary",
            "code": {"text": "pain outcomes"},
        }
    )
    refused = abate("publish", ran)
    assert refused.exit_code == 5
    assert "has this report already as DiagnosticReport/17" in refused.err
    assert source.ours() == {}


class TestRendered:
    """Resources that a plugin rendered, which have no identifier of ours."""

    @pytest.fixture
    def written(self, ran, source):
        """Publish the report with a resource of a plugin's, then without it: gives the changes."""

        def write(resource):
            study_file = read(ran)
            results = load_results(study_file.output)
            theirs = content_digest.mark(resource)
            with FhirServer(source.base) as server:
                target = target_of(server)
                for own in ([theirs], []):
                    made = with_own(bundle.report(results, load()), own)
                    owner = owner_of(study_file.output, results.study)
                    changes = compare.compare(target, made, results, owner)
                    transaction.write(server, changes, study_file.output)
            return {one.reference: one for one in changes}

        return write

    def test_it_is_retracted_when_it_is_no_longer_rendered(self, written, source):
        changes = written(theirs())
        assert changes["Observation/theirs"].action == "retract"
        assert source.get("Observation/theirs").json()["status"] == "entered-in-error"

    def test_a_type_that_has_no_such_status_is_named_and_left(self, written, source):
        resource = {"resourceType": "Organization", "id": "theirs", "name": "a registry"}
        changes = written(resource)
        assert changes["Organization/theirs"].action == "left"
        assert changes["Organization/theirs"].why == (
            "abate cannot retract resources of the type Organization"
        )
        assert source.get("Organization/theirs").json()["name"] == "a registry"

    def test_what_somebody_has_changed_since_is_not_touched(self, abate, ran, written, source):
        written(theirs())
        source.put({**source.get("Observation/theirs").json(), "status": "final"})
        shown = abate("publish", ran, "--json").json
        assert "Observation/theirs" not in [one["reference"] for one in shown["changes"]]

    def test_the_provenance_goes_on_naming_what_was_retracted(self, abate, ran, written, source):
        written(theirs())
        named = [one["reference"] for one in source.get(PROVENANCE).json()["target"]]
        assert "Observation/theirs" in named
        rows = abate("publish", ran, "--json").json["changes"]
        assert {one["reference"]: one["action"] for one in rows}[PROVENANCE] == "unchanged"


def theirs():
    return {
        "resourceType": "Observation",
        "id": "theirs",
        "status": "final",
        "code": {"text": "a figure of a plugin's own"},
    }


def with_own(report, own):
    """The report with a plugin's own resources, named by its Provenance."""
    names = [{"reference": f"{one['resourceType']}/{one['id']}"} for one in own]
    return [
        content_digest.mark({**one, "target": [*one["target"], *names]})
        if one["resourceType"] == "Provenance"
        else one
        for one in [*own, *report]
    ]


def test_members_are_named_by_identifier_where_the_target_is_not_the_source(
    abate, study, source, serve
):
    target = type(source)(serve([]))
    url = ("--set", f"target.url={target.base}", "--set", "report.members=true")
    assert abate("sync", study, *url).exit_code == 0
    [group] = target.all("Group").values()
    [entities] = [one["entity"] for one in group["member"][:1]]
    assert entities["identifier"]["system"].startswith(source.base)
    assert '"Patient/' not in json.dumps([one.get("reference") for one in walk(group)])


def test_members_are_referred_to_on_the_source_itself(abate, study, source):
    assert abate("sync", study, "--set", "report.members=true").exit_code == 0
    [group] = [one for name, one in source.ours().items() if name.startswith("Group/")]
    assert group["member"][0]["entity"]["reference"].startswith("Patient/")


def walk(node):
    """All objects in a resource."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from walk(one)
