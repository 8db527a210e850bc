"""What a real server does with reads, writes and searches, as far as abate builds on it."""

import uuid

import pytest
import requests

pytestmark = pytest.mark.server

STATISTICS = "https://abate.example/fhir/CodeSystem/statistic"


def new_id():
    return str(uuid.uuid4())


def group(**elements):
    return {
        "resourceType": "Group",
        "id": new_id(),
        "type": "person",
        "actual": True,
        "quantity": 3,
        **elements,
    }


def observation(subject, code="mean"):
    return {
        "resourceType": "Observation",
        "id": new_id(),
        "status": "preliminary",
        "code": {"coding": [{"system": STATISTICS, "code": code}]},
        "subject": {"reference": f"{subject['resourceType']}/{subject['id']}"},
    }


def load_scores(server, count):
    """Store observations of two patients under a code of their own; return code and patients."""
    code = new_id()
    patients = [{"resourceType": "Patient", "id": new_id()} for _ in range(2)]
    scores = [observation(patients[number % 2], code) for number in range(count)]
    server.transact(*scores, *patients).raise_for_status()
    return code, patients


def token(code):
    return f"{STATISTICS}|{code}"


class TestCapabilities:
    def test_it_serves_fhir_r4(self, server):
        answer = server.get("metadata?_elements=fhirVersion")
        assert answer.json()["fhirVersion"] == "4.0.1"

    def test_it_says_that_it_takes_transactions_and_conditional_updates(self, server):
        rest = server.get("metadata").json()["rest"][0]
        conditional = {item["type"]: item["conditionalUpdate"] for item in rest["resource"]}
        assert {"code": "transaction"} in rest["interaction"]
        assert conditional["Group"]
        assert conditional["Observation"]

    def test_it_creates_by_update_without_saying_so(self, server):
        # HAPI 8.8.0 leaves updateCreate out: its absence proves nothing.
        rest = server.get("metadata").json()["rest"][0]
        assert not any("updateCreate" in item for item in rest["resource"])
        assert server.put(group()).status_code == 201

    def test_a_numeric_id_is_refused(self, server):
        assert server.put(group(id="123456")).status_code == 400

    def test_it_serves_fhir_r5_when_told(self, hapi_r5):
        answer = requests.get(f"{hapi_r5}/metadata?_elements=fhirVersion", timeout=60)
        assert answer.json()["fhirVersion"] == "5.0.0"


class TestTransactions:
    def test_entries_refer_to_each_other_by_type_and_id_in_any_order(self, server):
        members = group()
        statistic = observation(members)
        answer = server.transact(statistic, members).json()
        places = [entry["response"]["location"].split("/")[:2] for entry in answer["entry"]]
        assert places == [["Observation", statistic["id"]], ["Group", members["id"]]]
        assert server.read(statistic).json()["subject"] == {"reference": f"Group/{members['id']}"}

    def test_the_same_transaction_again_moves_no_version(self, server):
        members = group()
        statistic = observation(members)
        statuses = [server.transact(members, statistic).status_code for _ in range(3)]
        assert statuses == [200, 200, 200]
        assert server.version(members) == server.version(statistic) == "1"

    def test_changed_content_moves_the_version(self, server):
        members = group()
        server.transact(members).raise_for_status()
        server.transact({**members, "quantity": 4}).raise_for_status()
        assert server.version(members) == "2"

    @pytest.mark.parametrize("shape", ['W/"1"', '"1"', "1"])
    def test_the_current_version_passes_if_match_however_it_is_quoted(self, server, shape):
        members = group()
        server.put(members).raise_for_status()
        answer = server.transact({**members, "quantity": 4}, ifMatch=shape)
        assert answer.status_code == 200
        assert server.version(members) == "2"

    def test_a_stale_version_in_if_match_is_409_and_nothing_is_written(self, server):
        members, other = group(), group()
        server.put(members).raise_for_status()
        server.put({**members, "quantity": 4}).raise_for_status()
        stale = server.entry({**members, "quantity": 5}, ifMatch='W/"1"')
        assert server.send([server.entry(other), stale]).status_code == 409
        assert server.read(other).status_code == 404
        assert server.read(members).json()["quantity"] == 4

    def test_a_stale_version_is_409_even_when_nothing_would_change(self, server):
        members = group()
        server.put(members).raise_for_status()
        server.put({**members, "quantity": 4}).raise_for_status()
        assert server.transact({**members, "quantity": 4}, ifMatch='W/"1"').status_code == 409

    def test_if_match_does_not_stop_the_creation_of_what_never_was(self, server):
        answer = server.transact(group(), ifMatch='W/"1"').json()
        assert answer["entry"][0]["response"]["status"] == "201 Created"

    def test_if_none_match_does_not_guard_an_update(self, server):
        members = group()
        server.put(members).raise_for_status()
        answer = server.transact({**members, "quantity": 4}, ifNoneMatch="*")
        assert answer.status_code == 200
        assert server.version(members) == "2"

    def test_a_deletion_counts_as_a_version(self, server):
        members = group()
        server.put(members).raise_for_status()
        server.delete(members).raise_for_status()
        assert server.read(members).status_code == 410
        assert server.transact(members, ifMatch='W/"1"').status_code == 409
        assert server.transact(members, ifMatch='W/"2"').status_code == 200
        assert server.version(members) == "3"


class TestSearchByPost:
    def test_a_list_of_patients_and_a_code_gives_a_total(self, server):
        code, patients = load_scores(server, 30)
        subjects = ",".join(f"Patient/{patient['id']}" for patient in patients)
        form = {"subject": subjects, "code": token(code), "_total": "accurate", "_count": "4"}
        page = server.search("Observation", form)
        assert page["total"] == 30
        assert len(page["entry"]) == 4

    def test_one_patient_of_two_has_half_of_them(self, server):
        code, patients = load_scores(server, 8)
        form = {"subject": f"Patient/{patients[0]['id']}", "code": token(code)}
        assert server.search("Observation", form)["total"] == 4

    def test_the_body_may_be_written_without_escapes(self, server):
        code, (first, second) = load_scores(server, 8)
        form = f"subject=Patient/{first['id']},Patient/{second['id']}&code={token(code)}"
        assert server.search("Observation", form)["total"] == 8

    def test_a_list_of_ids_finds_those_that_exist(self, server):
        _, patients = load_scores(server, 1)
        expected = {patient["id"] for patient in patients}
        page = server.search("Patient", {"_id": ",".join([*expected, new_id()])})
        assert {entry["resource"]["id"] for entry in page["entry"]} == expected

    def test_next_links_lead_through_all_of_it(self, server):
        code, _ = load_scores(server, 30)
        page = server.search("Observation", {"code": token(code), "_count": "7"})
        found = []
        while page is not None:
            found += [entry["resource"]["id"] for entry in page["entry"]]
            page = following(server, page)
        assert len(found) == len(set(found)) == 30


def following(server, page):
    links = [link["url"] for link in page["link"] if link["relation"] == "next"]
    return server.session.get(links[0], timeout=60).json() if links else None


class TestAsShipped:
    def test_the_total_is_given_only_when_asked_for(self, server_as_shipped):
        code, _ = load_scores(server_as_shipped, 30)
        form = {"code": token(code), "_count": "5"}
        assert "total" not in server_as_shipped.search("Observation", form)
        accurate = server_as_shipped.search("Observation", {**form, "_total": "accurate"})
        assert accurate["total"] == 30

    def test_a_repeated_search_is_stale_unless_no_cache_is_asked_for(self, server_as_shipped):
        code, patients = load_scores(server_as_shipped, 3)
        form = {"code": token(code)}
        assert server_as_shipped.search("Observation", form)["total"] == 3
        server_as_shipped.put(observation(patients[0], code)).raise_for_status()
        assert server_as_shipped.search("Observation", form)["total"] == 3
        fresh = server_as_shipped.search("Observation", form, **{"Cache-Control": "no-cache"})
        assert fresh["total"] == 4

    def test_a_read_by_id_is_never_stale(self, server_as_shipped):
        members = group()
        server_as_shipped.put(members).raise_for_status()
        assert server_as_shipped.read(members).json()["quantity"] == 3
        server_as_shipped.put({**members, "quantity": 4}).raise_for_status()
        assert server_as_shipped.read(members).json()["quantity"] == 4
