"""What a token endpoint may answer, and what is told of it: a code word, and nothing of its own."""

import json

import pytest
from werkzeug import Response

from abate.errors import LoginRefused, SourceError
from abate.http import clock

MARKER = "MARKER-of-theirs"


def in_json(content, status=200, **headers):
    return Response(json.dumps(content), status, headers, content_type="application/json")


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("code", "cure"),
    [
        ("invalid_client", "check client_id, the secret, and that the public key is registered"),
        ("invalid_scope", "check scopes"),
        ("unauthorized_client", "ask its operator to allow the client_credentials"),
    ],
)
def test_a_registered_error_is_told_by_its_code_word(as_smart, authority, status, code, cure):
    fault = {"error": code, "error_description": MARKER, "error_uri": f"https://{MARKER}"}
    authority.answers = [in_json(fault, status)]
    with pytest.raises(LoginRefused) as refused:
        as_smart().get("Patient")
    assert f"/token refuses the login ({status}, {code}): {cure}" in str(refused.value)
    assert MARKER not in str(refused.value)
    assert len(authority.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        in_json({"error": MARKER}, 400),
        in_json({"error": {"text": MARKER}}, 401),
        in_json([MARKER], 400),
        Response(f"<p>{MARKER}</p>", 400, content_type="text/html"),
        Response(f"<p>{MARKER}</p>", 200, content_type="text/html"),
        Response("{", 200, content_type="application/json"),
        in_json({"access_token": MARKER}, 404),
    ],
)
def test_any_other_error_is_told_by_status_and_kind_of_content(as_smart, authority, answer):
    authority.answers = [answer]
    with pytest.raises(
        LoginRefused, match=r"/token answered \d+ with [a-z/]+, not like"
    ) as refused:
        as_smart().get("Patient")
    assert MARKER not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"access_token": 7, "token_type": "bearer"},
        {"access_token": "", "token_type": "bearer"},
        {"access_token": f"{MARKER}\r\nX-Other: 1", "token_type": "bearer"},
        {"access_token": f"{MARKER} two", "token_type": "bearer"},
        {"access_token": MARKER, "token_type": "mac"},
        {"access_token": MARKER, "token_type": None},
    ],
)
def test_an_answer_without_a_token_that_can_be_shown_is_none(as_smart, authority, front, content):
    authority.answers = [in_json(content)] * 4
    with pytest.raises(LoginRefused, match="answered without a bearer token") as refused:
        as_smart().get("Patient")
    assert MARKER not in str(refused.value)
    assert front.asked("Patient") == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_in_trouble_is_asked_again_with_another_assertion(as_smart, authority, status):
    authority.answers = [Response("busy", status), Response("busy", status, {"Retry-After": "0"})]
    assert as_smart().get("Patient").status == 200
    assertions = [one["client_assertion"] for one in authority.requests]
    assert len(assertions) == len(set(assertions)) == 3


def test_an_endpoint_that_stays_in_trouble_is_told_as_such_and_not_as_a_wrong_login(
    as_smart, authority
):
    authority.answers = [Response("busy", 503) for _ in range(9)]
    with pytest.raises(SourceError, match="answered 503 after repeated attempts") as told:
        as_smart().get("Patient")
    assert not isinstance(told.value, LoginRefused)
    assert len(authority.requests) == 4


def test_a_wait_that_the_endpoint_asks_for_is_heeded_and_never_long(
    as_smart, authority, monkeypatch
):
    waited = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    authority.answers = [
        Response("busy", 429, {"Retry-After": "7"}),
        Response("busy", 429, {"Retry-After": "1790000000"}),
        Response("busy", 429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    ]
    assert as_smart().get("Patient").status == 200
    assert waited[0] == 7
    assert max(waited) <= 120


def test_a_redirect_of_the_token_request_is_not_followed(as_smart, authority):
    authority.answers = [Response("", 307, {"Location": "https://other.example/token?x=1"})]
    with pytest.raises(SourceError, match=r"refers to https://other.example/token, which is"):
        as_smart().get("Patient")


def test_an_endpoint_that_nobody_answers_at_is_named_without_its_query(as_smart):
    with pytest.raises(SourceError, match=r"http://127.0.0.1:9/token cannot be reached") as told:
        as_smart(token_url="http://127.0.0.1:9/token?policy=x").get("Patient")
    assert "policy" not in str(told.value)


def test_a_client_that_nobody_knows_is_refused(as_smart, authority):
    authority.clients.clear()
    with pytest.raises(LoginRefused, match=r"\(401, invalid_client\)"):
        as_smart().get("Patient")


class TestScopes:
    def test_one_that_is_missing_is_named(self, as_smart, authority):
        authority.granted = "system/Patient.rs"
        with pytest.raises(
            LoginRefused, match=r"requested scopes: system/Observation.rs is missing"
        ):
            as_smart().get("Patient")

    @pytest.mark.parametrize(
        "granted",
        [
            "system/Patient.rs system/Observation.rs",
            "system/*.rs",
            "system/*.cruds openid",
            "system/Patient.read system/Observation.*",
            "system/Patient.r system/Patient.s system/*.cruds",
        ],
    )
    def test_as_much_or_more_than_was_asked_for_is_fine(self, as_smart, authority, granted):
        authority.granted = granted
        assert as_smart().get("Patient").status == 200

    @pytest.mark.parametrize(
        "granted",
        [
            "",
            "system/Patient.rs system/Observation.r",
            "user/*.cruds",
            "system/Patient.rs system/Observation.rs?category=vital-signs",
            "system/*.write",
        ],
    )
    def test_less_than_was_asked_for_is_refused(self, as_smart, authority, granted):
        authority.granted = granted
        with pytest.raises(LoginRefused, match=r"system/Observation\.rs is missing"):
            as_smart().get("Patient")

    def test_an_answer_that_names_no_scope_grants_what_was_asked_for(self, as_smart, authority):
        authority.given.append("t")
        authority.answers = [in_json({"access_token": "t", "token_type": "Bearer"})]
        assert as_smart().get("Patient").status == 200

    def test_those_of_the_study_file_are_asked_for_instead(self, as_smart, authority):
        as_smart(scopes=["system/*.read"]).get("Patient")
        assert authority.requests[0]["scope"] == "system/*.read"

    def test_one_of_another_kind_must_be_granted_as_it_is(self, as_smart, authority):
        authority.granted = "api://fhir/other"
        with pytest.raises(LoginRefused, match=r"api://fhir/.default is missing"):
            as_smart(scopes=["api://fhir/.default"]).get("Patient")
