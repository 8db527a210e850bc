"""References inside a Bundle of a file, and Bundles of two servers."""

import json

import pytest

from abate.errors import SourceError
from abate.source.files.bundle_entries import entries

ANNA, TREAT = "urn:uuid:0a0a0a0a-1111-4111-8111-000000000001", "urn:oid:1.2.36.146"
SERVER = "https://other.example/fhir"
SCORES = ["s10", "s17"]


def bundle(urls, resources, kind="transaction"):
    entries = [
        {"fullUrl": url, "resource": one} if url else {"resource": one}
        for url, one in zip(urls, resources, strict=True)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def urns(resources):
    return [ANNA, TREAT, *(f"urn:uuid:{one['id']}" for one in resources[2:])]


def served(resources, server=SERVER):
    return [f"{server}/{one['resourceType']}/{one['id']}" for one in resources]


def refer(resources, reference):
    """Let all but the Patient refer to it by `reference`."""
    return [resources[0], *({**one, "subject": {"reference": reference}} for one in resources[1:])]


def patients(house):
    return house.ask(
        "select distinct patient_id from observation union "
        "select patient_id from procedure union select patient_id from condition"
    )


def states(house):
    return house.ask(
        "select type, state, reason, count(*) from resource group by all order by type"
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_a_urn_leads_to_the_entry_of_that_full_url(house, resources, indent):
    sent = refer(resources, ANNA)
    sent[3]["focus"] = [{"reference": TREAT}]
    house.write("all.json", json.dumps(bundle(urns(sent), sent), indent=indent))
    house.run("all.json")
    assert patients(house) == [("p1",)]
    assert house.ask("select focus from observation where id = 's10'") == [(["Procedure/t1"],)]
    assert house.ids("observation") == SCORES


def test_an_entry_without_an_id_gets_the_one_of_its_full_url(house, resources):
    sent = refer(resources, ANNA)
    urls = urns(sent)
    for one in sent[:2]:
        del one["id"]
    house.write("all.json", json.dumps(bundle(urls, sent)))
    house.run("all.json")
    assert house.ids("patient") == [ANNA.removeprefix("urn:uuid:")]
    assert patients(house) == [(ANNA.removeprefix("urn:uuid:"),)]
    assert house.ids("procedure") == ["1.2.36.146"]


@pytest.mark.parametrize("url", ["urn:uuid:patient", "urn:x:1", "https://h.example/anna", ""])
def test_a_full_url_that_may_name_another_thing_in_another_bundle_gives_no_id(
    house, resources, url
):
    for name in ("anna", "bert"):
        one = refer(json.loads(json.dumps(resources).replace('"p1"', f'"{name}"')), url)
        sent = json.loads(json.dumps(one).replace('"t1"', f'"t-{name}"').replace("s1", f"{name}-"))
        del sent[0]["id"]
        house.write(f"{name}.json", json.dumps(bundle([url, *urns(sent)[1:]], sent)))
    house.run("*.json")
    assert house.ids("patient") == []
    assert house.ask("select reason, count(*) from unreadable group by all") == [("no-id", 2)]
    assert house.ask("select distinct reason from procedure") == [("no-patient",)]


def test_an_id_is_the_one_of_a_url_of_a_server(house, resources):
    sent = refer(resources, "Patient/p1")
    urls = served(sent)
    del sent[0]["id"]
    house.write("all.json", json.dumps(bundle(urls, sent)))
    house.run("all.json")
    assert house.ids("patient") == ["p1"]


def test_an_absolute_reference_leads_to_the_entry_of_that_full_url(house, resources):
    sent = refer(resources, f"{SERVER}/Patient/p1/_history/3")
    house.write("all.json", json.dumps(bundle(served(sent), sent)).replace("/", r"\/"))
    house.run("all.json")
    assert patients(house) == [("p1",)]


def test_an_absolute_reference_on_the_server_of_its_entry_leads_to_another_file(house, resources):
    sent = refer(resources, f"{SERVER}/Patient/p1")
    urls = served(sent)
    house.write("1.json", json.dumps(bundle(urls[:1], sent[:1])))
    house.write("2.json", json.dumps(bundle(urls[1:], sent[1:])))
    house.run("*.json")
    assert patients(house) == [("p1",)]


CONDITIONAL = {
    "system and value": "Patient?identifier=urn:mrn|77",
    "escaped": "Patient?identifier=urn%3Amrn%7C77",
    "value alone": "Patient?identifier=77",
}


@pytest.mark.parametrize("reference", CONDITIONAL.values(), ids=CONDITIONAL)
def test_a_search_by_identifier_leads_to_the_only_entry_that_has_it(house, resources, reference):
    sent = refer(resources, reference)
    sent[0]["identifier"] = [{"system": "urn:mrn", "value": "77"}]
    house.write("all.json", json.dumps(bundle(urns(sent), sent)))
    house.run("all.json")
    assert patients(house) == [("p1",)]


UNRESOLVED = {
    "a urn of another Bundle": "urn:uuid:ffffffff-1111-4111-8111-000000000001",
    "a search that finds none": "Patient?identifier=urn:mrn|78",
    "of another system": "Patient?identifier=urn:x|77",
    "a search that finds two": "Patient?identifier=urn:mrn|99",
    "a search by something else": "Patient?name=77",
    "by two things": "Patient?identifier=urn:mrn|77&active=true",
    "of another type": "Group?identifier=urn:mrn|77",
}


@pytest.mark.parametrize("reference", UNRESOLVED.values(), ids=UNRESOLVED)
def test_what_leads_to_no_one_entry_is_rejected_by_name(house, resources, reference):
    sent = refer(resources, reference)
    other = {"resourceType": "Patient", "id": "p2"}
    for one in (sent[0], other):
        one["identifier"] = [{"system": "urn:mrn", "value": "99"}]
    sent[0]["identifier"].append({"system": "urn:mrn", "value": "77"})
    whole = bundle([*urns(sent), "urn:uuid:p2"], [*sent, other])
    house.write("all.json", json.dumps(whole))
    house.run("all.json")
    assert {row[1:3] for row in states(house) if row[0] != "Patient"} == {
        ("rejected", "no-patient")
    }


def test_two_entries_of_one_full_url_are_no_one_entry(house, resources):
    sent = [*refer(resources, ANNA), {"resourceType": "Patient", "id": "p2"}]
    house.write("all.json", json.dumps(bundle([*urns(sent[:5]), ANNA], sent)))
    house.run("all.json")
    assert patients(house) == [(None,)]


def test_only_the_reference_is_rewritten(resources):
    sent = refer(resources, ANNA)
    sent[3]["note"] = [{"text": f'"reference": "{ANNA}"'}]
    text = json.dumps(bundle(urns(sent), sent)).replace('"valueInteger": 5', '"value" : 5.00')
    found = [one for _, one in entries(text.encode(), "a file")]
    assert found[0] == json.dumps(sent[0]).encode()
    observation = json.dumps(sent[3]).replace('"valueInteger": 5', '"value" : 5.00')
    assert (
        found[3]
        == observation.replace(f'"reference": "{ANNA}"}}', '"reference": "Patient/p1"}').encode()
    )


def test_bundles_of_two_servers_stop_the_run_and_name_both(house, resources):
    house.write("a.json", json.dumps(bundle(served(resources), resources)))
    south = served(resources, "https://anna@south.example:8443/fhir/CANARY")
    house.write("b.json", json.dumps(bundle(south, resources)))
    with pytest.raises(SourceError, match="are of two servers") as caught:
        house.run("*.json")
    assert "https://other.example/fhir (file 1 of *.json)" in str(caught.value)
    assert "https://south.example:8443/fhir/… (file 2 of *.json)" in str(caught.value)
    assert "CANARY" not in str(caught.value)
    assert "anna" not in str(caught.value)


def test_so_do_a_bundle_of_another_server_and_lines_that_are_of_the_url(house, resources):
    house.write("a.json", json.dumps(bundle(served(resources), resources)))
    house.write("b.ndjson", resources)
    with pytest.raises(SourceError, match=r"other\.example.* and https://fhir\.example\.com"):
        house.run("a.json", "b.ndjson")


@pytest.mark.parametrize("other", ["http://other.example/fhir", "https://OTHER.example/fhir"])
def test_one_server_may_be_named_in_two_ways(house, resources, other):
    house.write("a.json", json.dumps(bundle(served(resources), resources)))
    house.write("b.json", json.dumps(bundle(served(resources, other), resources)))
    house.run("*.json")
    assert house.ids("observation") == SCORES


def test_types_that_are_not_read_may_be_of_any_server(house, resources):
    practitioner = {"resourceType": "Practitioner", "id": "d1"}
    urls = [*served(resources), "https://directory.example/fhir/Practitioner/d1"]
    house.write("a.json", json.dumps(bundle(urls, [*resources, practitioner])))
    house.run("a.json")
    assert house.ids("observation") == SCORES


def in_two_bundles(house, resources, change, version=None):
    """The same resources in two transactions, each with names of its own."""
    for place in (1, 2):
        urls = [f"urn:uuid:{place}0a0a0a0-1111-4111-8111-00000000000{n}" for n in range(5)]
        sent = refer(resources, urls[0])
        if version:
            sent = [{**one, "meta": {"lastUpdated": f"2026-02-0{place}T00:00:00Z"}} for one in sent]
        if place == 2:
            sent[3] |= change
        house.write(f"{place}.json", json.dumps(bundle(urls, sent)))
    house.run("*.json")


def test_one_id_of_two_resources_in_two_transactions_stops_the_run(house, resources):
    with pytest.raises(SourceError, match="two Observation resources with the same id") as caught:
        in_two_bundles(house, resources, {"valueInteger": 9})
    assert "file 1 of *.json and file 2 of *.json" in str(caught.value)
    assert "s10" not in str(caught.value)


def test_the_same_resources_in_two_transactions_count_once(house, resources):
    in_two_bundles(house, resources, {})
    assert house.ids("observation") == SCORES
    assert patients(house) == [("p1",)]


def test_of_two_versions_in_two_transactions_the_newest_counts(house, resources):
    in_two_bundles(house, resources, {"valueInteger": 9}, version=True)
    assert house.ask("select value from observation where id = 's10'") == [(9.0,)]
