"""What is asked for, and what is refused before anything lands."""

import pytest

from abate.errors import NothingFound, SourceError


@pytest.fixture
def answer_each(script, resource):
    """Answer what is asked for each patient, and all index procedures without one."""

    def answer(patients, scores=None):
        procedure, score = resource["Procedure"], resource["Observation"]

        def asked(name, make):
            def page(request):
                ids = request.form[name].split(",") if name in request.form else patients
                return script.bundle(*map(make, ids), total=len(ids))

            return page

        script.pages["Procedure"] = [asked("patient", lambda one: procedure(f"pr-{one}", one))]
        script.pages["Patient"] = [asked("_id", lambda one: {"resourceType": "Patient", "id": one})]
        script.pages["Observation"] = scores or [
            asked("patient", lambda one: score(f"s-{one}", one))
        ]

    return answer


def test_many_patients_are_asked_for_in_parts_and_booked_on_one_line(script, pull, answer_each):
    patients = [f"p{number}" for number in range(1, 46)]
    answer_each(patients)
    pulled = pull()
    assert pulled.ids("Patient") == patients
    assert [len(one[2]["_id"].split(",")) for one in script.requests if "_id" in one[2]] == [
        20,
        20,
        5,
    ]
    assert [str(line) for line in pulled.ledger.lines] == [
        "index procedures: 45 of 45 Procedure, 1 page",
        "patients: 45 of 45 Patient, 3 pages",
        "pain scores: 45 of 45 Observation, 3 pages",
    ]


def test_a_part_without_a_count_leaves_the_whole_line_without(script, pull, resource, answer_each):
    parts = [script.bundle(resource["Observation"]("s1"), total=1), script.bundle()]
    answer_each([f"p{number}" for number in range(1, 22)], [lambda _: parts.pop(0)])
    assert pull(passes=1).ledger.lines[-1].expected is None


def test_a_patient_of_two_procedures_is_asked_for_once(script, pull, resource):
    procedures = [resource["Procedure"]("pr1"), resource["Procedure"]("pr2")]
    script.pages["Procedure"] = [script.bundle(*procedures, total=2)]
    pull()
    [ids] = [one[2]["_id"] for one in script.requests if "_id" in one[2]]
    assert ids == "p1"


@pytest.mark.parametrize("reference", ["Patient/p1/_history/3", "{base}/Patient/p1"])
def test_a_patient_is_known_by_a_versioned_and_by_an_absolute_reference(
    script, pull, resource, reference
):
    subject = {"reference": reference.format(base=script.base)}
    script.pages["Procedure"] = [
        script.bundle(resource["Procedure"]() | {"subject": subject}, total=1)
    ]
    pull()
    assert [one[2]["_id"] for one in script.requests if "_id" in one[2]] == ["p1"]


def test_procedures_without_a_patient_of_this_server_are_told_from_no_procedures(
    script, pull, resource
):
    elsewhere = {"subject": {"reference": "http://other.example/Patient/canary"}}
    script.pages["Procedure"] = [script.bundle(resource["Procedure"]() | elsewhere, total=1)]
    with pytest.raises(NothingFound, match="has 1 index procedures, but none has a patient"):
        pull()
    script.pages["Procedure"] = [script.bundle(total=0)]
    with pytest.raises(NothingFound, match="has no procedure with one of the 1 codes"):
        pull()


def test_no_scores_are_said_with_the_number_of_procedures(script, pull):
    script.pages["Observation"] = [script.bundle(total=0)]
    with pytest.raises(NothingFound, match="has 1 index procedures but no pain score"):
        pull()


def test_a_failed_pull_without_a_key_leaves_no_landed_file(script, pull, tmp_path, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"), total=2)]
    script.counts["Observation"] = script.bundle(total=2)
    with pytest.raises(SourceError):
        pull()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (("<p>hello</p>", 200, "text/html"), "with text/html, not with JSON: this is not the base"),
        (("{", 200), "with broken JSON: this is not the base URL"),
        (("[]", 200), "not a CapabilityStatement: this is not the base URL"),
        (('{"resourceType":"Bundle"}', 200), "not a CapabilityStatement"),
        (("gone", 404), "answered 404: this is not the base URL of a FHIR server"),
        (("no", 401), "requires a login (it answered 401)"),
        (("no", 403), "requires a login (it answered 403)"),
    ],
)
def test_what_is_no_fhir_server_is_told_in_a_sentence_with_a_cure(
    script, pull, respond, faulty, words
):
    script.metadata = respond(*faulty)
    with pytest.raises(SourceError) as refused:
        pull()
    assert words in str(refused.value)
    assert any(cure in str(refused.value) for cure in ("Check its URL", "Add [source.auth]"))


def test_a_server_that_has_moved_is_named_with_its_new_place(script, pull, respond):
    script.metadata = respond("", 301, Location="/r4/metadata")
    root = script.base.removesuffix("/fhir")
    with pytest.raises(SourceError, match=rf"refers to {root}/r4/metadata, which is not"):
        pull()


@pytest.mark.parametrize(
    ("version", "is_r4"),
    [("4.0.1", True), ("4.0.0", True), ("3.0.2", False), ("4.3.0", False), ("4.01", False),
     ("5.0.0", False), (None, False)],
)  # fmt: skip
def test_only_r4_is_pulled_from(script, pull, respond, version, is_r4):
    script.metadata = respond({"resourceType": "CapabilityStatement", "fhirVersion": version})
    if is_r4:
        assert pull().ids("Patient") == ["p1"]
    else:
        with pytest.raises(
            SourceError, match=r"uses (an unknown version of )?FHIR.*, and abate needs R4"
        ):
            pull()


def test_a_transaction_is_never_sent_twice_by_itself(script, httpserver, respond):
    from abate.fhir.client import FhirServer

    sent = []
    httpserver.expect_request("/fhir", method="POST").respond_with_handler(
        lambda request: sent.append(request.get_data()) or respond("busy", 503)
    )
    with FhirServer(script.base) as server:
        server.request("POST", "Patient/_search", body={"_id": "p1"}, is_read=True)
        assert server.transact(b"{}").status == 503
    assert sent == [b"{}"]
