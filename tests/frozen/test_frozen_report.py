"""Today's publish and retract where a report of 0.1 stands, whole or with small cells hidden."""

import json
from collections import Counter

import pytest
import requests

from abate.fhir.canonical import (
    COMPONENT,
    MEASURE,
    NAMES_OF_0_1,
    STATISTIC,
    STUDY_KEY,
    SYSTEM,
    stable_id,
)

SMALL = ("--set", "report.minimum_cell=5")
PARTS = [("published.json", ()), ("published-5.json", SMALL)]


@pytest.fixture(params=PARTS, ids=["whole", "small cells hidden"])
def published(request, frozen):
    """The study with the report of 0.1 on the server, and the options of its commands."""
    name, options = request.param
    frozen.serve("source.json", name)
    frozen.options = options
    frozen.before = {key_of(one) for one in frozen.valid()}
    assert len(frozen.before) > 100
    return frozen


def key_of(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def published_again(study):
    assert study("run", *study.options).exit_code == 0
    ran = study.insist("publish", *study.options)
    assert ran.exit_code == 0, ran.err


def test_it_is_brought_up_to_date_and_nothing_stands_twice_or_is_listed_that_does_not_count(
    published,
):
    published_again(published)
    valid = published.valid()
    identifiers = Counter(
        (one["resourceType"], i["system"], i["value"])
        for one in valid
        for i in one.get("identifier", ())
    )
    assert set(identifiers.values()) == {1}
    kinds = Counter(one["resourceType"] for one in valid)
    assert (kinds["DiagnosticReport"], kinds["Group"], kinds["List"]) == (1, 1, 1)
    [report] = [one for one in valid if one["resourceType"] == "DiagnosticReport"]
    listed = {one["reference"] for one in report["result"]}
    assert listed
    assert listed <= {key_of(one) for one in valid}


def test_it_is_rewritten_in_place_under_todays_names_once(published):
    published_again(published)
    valid = published.valid()
    assert {key_of(one) for one in valid} <= published.before
    text = json.dumps(valid)
    assert [name for name in NAMES_OF_0_1.values() if name in text] == []
    assert all(name in text for name in (SYSTEM, STUDY_KEY, STATISTIC, COMPONENT, MEASURE))
    versions = versions_of(published)
    again = published("publish", *published.options, "--json")
    assert again.exit_code == 0, again.err
    assert (again.json["create"], again.json["update"], again.json["retract"]) == (0, 0, 0)
    assert versions_of(published) == versions


def test_no_resource_of_it_stands_twice_under_an_old_and_a_new_name(published):
    published_again(published)
    values = Counter(
        (one["resourceType"], i["value"])
        for one in published.written()
        for i in one.get("identifier", ())
    )
    assert set(values.values()) == {1}


def versions_of(study):
    """The version of each resource that abate has written, retracted ones too."""
    return {key_of(one): one["meta"]["versionId"] for one in study.written()}


def test_its_ids_are_made_as_they_were(frozen_report):
    """Of study, analysis and estimate: the identifier has them, and the id follows from it."""
    for one in frozen_report:
        if one["resourceType"] == "Observation":
            [identifier] = one["identifier"]
            study, *names = identifier["value"].split("/")
            assert one["id"] == stable_id(study, "statistic", *names)
    ids = {one["id"] for one in frozen_report}
    around = ("group", "index-procedures", "report", "provenance")
    assert {stable_id("frozen-0-1", part) for part in around} <= ids
    assert stable_id("code-system", "Statistic") == "ce458410-92b4-586e-859b-35c4e5636a29"


def test_a_figure_that_changed_since_stands_there_corrected(published):
    # The pain of lesion 10 fell from 5 to 3 in the first week; now it rose to 9.
    score = requests.get(f"{published.base}/Observation/lesion-10-Wk1", timeout=5).json()
    del score["meta"]
    score["valueQuantity"]["value"] = 9
    requests.put(f"{published.base}/Observation/{score['id']}", json=score, timeout=5)
    published_again(published)
    [test] = [
        one
        for one in published.valid()
        if "frozen-0-1/first-week/sign-test" in [i["value"] for i in one.get("identifier", ())]
    ]
    assert test.get("valueQuantity", {}).get("value") != pytest.approx(8 / 9, abs=1e-6)


def test_it_can_be_retracted_without_a_run(published):
    ran = published.insist("retract", *published.options)
    assert ran.exit_code == 0, ran.err
    assert published.valid() == []
