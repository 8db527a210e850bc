"""Search: parameters, order, counts, and pages."""

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from abate.sandbox import Sandbox

LOINC = "http://loinc.org"


def linked(bundle, relation):
    return next((one["url"] for one in bundle["link"] if one["relation"] == relation), None)


def coded(*pairs):
    codings = [{"system": system, "code": code} for system, code in pairs if system]
    return {"coding": codings + [{"code": code} for system, code in pairs if not system]}


@pytest.fixture
def clinic(fhir, make):
    """Two patients with an encounter, procedures and observations of each kind."""
    for key in ("p1", "p2"):
        fhir.put(
            f"Patient/{key}", make.patient(key, identifier=[{"system": "urn:mrn", "value": key}])
        )
    fhir.put(
        "Encounter/e1",
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "subject": {"reference": "Patient/p1"},
            "period": {"start": "2026-03-01", "end": "2026-03-03"},
        },
    )
    fhir.put(
        "Procedure/x1",
        {
            "resourceType": "Procedure",
            "id": "x1",
            "status": "completed",
            "category": coded(("urn:c", "surgical")),
            "code": coded(("urn:p", "cement")),
            "subject": {"reference": "Patient/p1"},
            "encounter": {"reference": "Encounter/e1"},
            "performedPeriod": {"start": "2026-03-01T09:00:00Z", "end": "2026-03-01T10:00:00Z"},
        },
    )
    fhir.put(
        "Observation/o1",
        make.observation(
            "o1",
            code=coded((LOINC, "72514-3"), ("urn:local", "nrs")),
            category=[coded(("urn:c", "survey"))],
            effectiveDateTime="2026-03-01T08:30:00+01:00",
            focus=[{"reference": "Procedure/x1"}],
            encounter={"reference": "Encounter/e1"},
        ),
    )
    fhir.put(
        "Observation/o2",
        make.observation(
            "o2",
            patient="p2",
            code=coded((None, "72514-3")),
            effectiveDateTime="2026-03-02",
            partOf=[{"reference": "Procedure/x1"}],
            meta={"tag": [{"system": "urn:t", "code": "a"}], "security": [{"code": "R"}]},
        ),
    )
    fhir.put(
        "Observation/o3",
        make.observation("o3", effectiveDateTime="2026-04") | {"status": "amended"},
    )
    group = {"resourceType": "Group", "id": "g1", "type": "person", "actual": True}
    fhir.put("Group/g1", group | {"code": coded(("urn:g", "cohort"))})
    statistic = {"resourceType": "Observation", "id": "s1", "status": "preliminary"}
    fhir.put("Observation/s1", statistic | {"subject": {"reference": "Group/g1"}})
    target = [{"reference": "Observation/s1"}, {"reference": "Patient/p2"}]
    fhir.put("Provenance/v1", {"resourceType": "Provenance", "id": "v1", "target": target})
    codes = {"resourceType": "CodeSystem", "id": "c1", "url": "urn:codes", "status": "draft"}
    fhir.put("CodeSystem/c1", codes | {"concept": [{"code": "mean"}]})
    return fhir


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("Observation", "o1 o2 o3 s1"),
        ("Observation?code=72514-3", "o1 o2"),
        (f"Observation?code={LOINC}|72514-3", "o1"),
        ("Observation?code=|72514-3", "o2"),
        (f"Observation?code={LOINC}|", "o1"),
        ("Observation?code=urn:local|nrs", "o1"),
        ("Observation?code=urn:local|72514-3", ""),
        ("Observation?code=nrs,72514-3", "o1 o2"),
        ("Observation?code=nrs&code=72514-3", "o1"),
        ("Observation?code=nrs&status=amended", ""),
        ("Observation?status=final,amended", "o1 o2 o3"),
        ("Observation?category=survey", "o1"),
        ("Procedure?category=urn:c|surgical", "x1"),
        ("Patient?identifier=urn:mrn|p2", "p2"),
        ("Patient?identifier=p1,p2", "p1 p2"),
        ("Patient?identifier=urn:other|p2", ""),
        ("Patient?_id=p2,p9", "p2"),
        ("Observation?patient=p1", "o1 o3"),
        ("Observation?patient=Patient/p1,Patient/p2", "o1 o2 o3"),
        ("Observation?subject=g1", "s1"),
        ("Observation?patient=g1", ""),
        ("Observation?subject:Patient=p2", "o2"),
        ("Observation?subject:Group=p2", ""),
        ("Observation?encounter=Encounter/e1", "o1"),
        ("Observation?focus=Procedure/x1", "o1"),
        ("Observation?part-of=x1", "o2"),
        ("Observation?_tag=urn:t|a", "o2"),
        ("Observation?_security=R", "o2"),
        ("Provenance?target=Observation/s1", "v1"),
        ("Provenance?patient=p2", "v1"),
        ("CodeSystem?url=urn:codes", "c1"),
        ("CodeSystem?code=mean", "c1"),
        ("Group?code=cohort", "g1"),
        ("Observation?date=2026-03-01", "o1"),
        ("Observation?date=2026-03-01T07:30:00Z", "o1"),
        ("Observation?date=2026-03", "o1 o2"),
        ("Observation?date=ge2026-03-02", "o2 o3"),
        ("Observation?date=gt2026-03-02", "o3"),
        ("Observation?date=le2026-03-02", "o1 o2"),
        ("Observation?date=lt2026-03-02", "o1"),
        ("Observation?date=sa2026-03-01&date=eb2026-04-01", "o2"),
        ("Observation?date=ne2026-03-01", "o2 o3"),
        ("Observation?date=2026-03-01,2026-04", "o1 o3"),
        ("Procedure?date=2026-03-01", "x1"),
        ("Procedure?date=gt2026-03-01T09:30:00Z", "x1"),
        ("Encounter?date=ge2026-03-02&status=finished", "e1"),
        ("Encounter?date=gt2026-03-03", ""),
    ],
)
def test_a_search_finds(clinic, search, ids):
    assert clinic.ids(search) == ids.split()


def test_a_reference_may_be_the_whole_url_of_this_server(clinic):
    assert clinic.ids(f"Observation?subject={clinic.base}/Patient/p2") == ["o2"]


def test_an_escaped_comma_is_no_or(fhir, make):
    for key, value in (("a", "x,y"), ("b", "x"), ("c", "y|z")):
        fhir.put(f"Patient/{key}", make.patient(key, identifier=[{"value": value}]))
    assert fhir.ids("Patient?identifier=x\\,y") == ["a"]
    assert fhir.ids("Patient?identifier=y\\|z") == ["c"]


def test_a_search_can_be_posted_as_a_form(clinic):
    response = requests.post(
        f"{clinic.base}/Observation/_search?status=final",
        data={"code": [f"{LOINC}|72514-3", "nrs"], "_total": "accurate"},
        timeout=5,
    )
    assert [entry["resource"]["id"] for entry in response.json()["entry"]] == ["o1"]
    assert response.json()["total"] == 1


def test_a_posted_search_that_is_no_form_is_415(clinic):
    assert clinic.post("Observation/_search", {"code": "nrs"}).status_code == 415


def test_last_updated_is_compared_by_instant_and_by_day(fhir, clock, make):
    for key in ("a", "b", "c"):
        fhir.put(f"Patient/{key}", make.patient(key))
        clock.move(hours=12)
    search = "Patient?_lastUpdated="
    assert fhir.ids(f"{search}ge2026-03-01T22:00:00.250Z") == ["b", "c"]
    assert fhir.ids(f"{search}gt2026-03-01T22:00:00.250Z") == ["c"]
    assert fhir.ids(f"{search}le2026-03-01T22:00:00.250Z") == ["a", "b"]
    assert fhir.ids(f"{search}lt2026-03-01T22:00:00.250Z") == ["a"]
    assert fhir.ids(f"{search}2026-03-01T22:00:00.250Z") == ["b"]
    assert fhir.ids(f"{search}2026-03-02T03:30:00.250%2B05:30") == ["b"]
    assert fhir.ids(f"{search}2026-03-01") == ["a", "b"]
    assert fhir.ids(f"{search}gt2026-03-01") == ["c"]
    assert fhir.ids(f"{search}ge2026-03-01T12:00:00Z&_lastUpdated=lt2026-03-02") == ["b"]


def test_an_update_moves_last_updated(fhir, clock, make):
    fhir.put("Patient/a", make.patient("a"))
    clock.move(days=1)
    fhir.put("Patient/a", make.patient("a", active=True))
    assert fhir.ids("Patient?_lastUpdated=gt2026-03-01") == ["a"]


def test_sorted_by_id_or_time_either_way(fhir, clock, make):
    for key in ("b", "c", "a"):
        fhir.put(f"Patient/{key}", make.patient(key))
        clock.move(seconds=1)
    fhir.put("Patient/b", make.patient("b", active=True))
    assert fhir.ids("Patient") == ["b", "c", "a"]
    assert fhir.ids("Patient?_sort=_id") == ["a", "b", "c"]
    assert fhir.ids("Patient?_sort=-_id") == ["c", "b", "a"]
    assert fhir.ids("Patient?_sort=_lastUpdated") == ["c", "a", "b"]
    assert fhir.ids("Patient?_sort=-_lastUpdated,_id") == ["b", "a", "c"]


def test_a_count_alone_has_no_entries(clinic):
    for asked in ("_summary=count", "_count=0"):
        bundle = clinic.get(f"Observation?status=final&{asked}").json()
        assert (bundle["total"], "entry" in bundle) == (2, False)


def test_an_unknown_parameter_is_left_out_of_the_self_link(clinic):
    bundle = clinic.get("Observation?colour=red&status=amended&_sort=colour").json()
    assert bundle["total"] == 1
    assert linked(bundle, "self") == f"{clinic.base}/Observation?status=amended"


@pytest.mark.parametrize("parameter", ["colour", "_sort", "_summary", "_include"])
def test_a_strict_search_refuses_an_unknown_parameter_and_names_it(clinic, outcome, parameter):
    response = clinic.get(f"Observation?{parameter}=Canary", headers={"Prefer": "handling=strict"})
    assert response.status_code == 400
    assert parameter in outcome(response)["diagnostics"]
    assert "Canary" not in response.text


def test_the_self_link_is_the_search_that_was_done(clinic):
    bundle = clinic.get(f"Observation?code={LOINC}|72514-3&_count=5").json()
    query = urlsplit(linked(bundle, "self")).query
    assert parse_qsl(query) == [("code", f"{LOINC}|72514-3"), ("_count", "5")]


def test_an_entry_has_its_full_url_and_says_that_it_matched(clinic):
    entry = clinic.get("Patient?_id=p1").json()["entry"][0]
    assert entry["fullUrl"] == f"{clinic.base}/Patient/p1"
    assert entry["search"] == {"mode": "match"}


def pages(fhir, path):
    bundle = fhir.get(path).json()
    while True:
        yield bundle
        url = linked(bundle, "next")
        if url is None:
            return
        bundle = requests.get(url, timeout=5).json()


def test_one_resource_a_page_to_the_end(clinic):
    found = list(pages(clinic, "Observation?_count=1&_sort=-_id"))
    assert [page["entry"][0]["resource"]["id"] for page in found] == ["s1", "o3", "o2", "o1"]
    assert {page["total"] for page in found} == {4}


def test_a_posted_search_goes_on_by_get(clinic):
    bundle = requests.post(
        f"{clinic.base}/Observation/_search", data={"_count": "3"}, timeout=5
    ).json()
    assert len(requests.get(linked(bundle, "next"), timeout=5).json()["entry"]) == 1


def test_pages_are_a_snapshot_from_which_the_deleted_vanish(clinic, make):
    first, *_ = pages(clinic, "Observation?_count=2")
    clinic.put("Observation/a0", make.observation("a0"))
    clinic.delete("Observation/o3")
    second = requests.get(linked(first, "next"), timeout=5).json()
    assert [entry["resource"]["id"] for entry in second["entry"]] == ["s1"]
    assert linked(second, "next") is None


def test_an_expired_page_is_410(clinic, outcome):
    first, *_ = pages(clinic, "Observation?_count=1")
    for _ in range(200):
        clinic.get("Observation?_count=1")
    response = requests.get(linked(first, "next"), timeout=5)
    assert response.status_code == 410
    assert outcome(response)["severity"] == "error"
    assert clinic.get("Observation?_page=unknown&_offset=1").status_code == 410


def test_a_broken_offset_is_400(clinic):
    first, *_ = pages(clinic, "Observation?_count=1")
    broken = linked(first, "next").replace("_offset=1", "_offset=-1")
    assert requests.get(broken, timeout=5).status_code == 400


def test_a_page_has_the_size_of_the_server_or_at_most_its_maximum(serve, make):
    with serve(Sandbox(page_size=2, maximum_page_size=3)) as fhir:
        for number in range(5):
            fhir.put(f"Patient/n{number}", make.patient(f"n{number}"))
        assert len(fhir.ids("Patient")) == 2
        assert len(fhir.ids("Patient?_count=100")) == 3
        assert [len(page["entry"]) for page in pages(fhir, "Patient?_count=100")] == [3, 2]
