"""Each kind of login reaches a server that wants it, over real HTTP."""

import base64
import json

import pytest
from joserfc.jwk import ECKey, RSAKey
from werkzeug import Response

from abate.errors import AbateError, LoginRefused, SourceError


def header_of(assertion):
    return json.loads(base64.urlsafe_b64decode(assertion.split(".")[0] + "=="))


def claims_of(assertion):
    return json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))


def test_without_a_login_no_header_is_sent_and_the_cure_is_told(front, enter):
    server = enter()
    answer = server.get("Patient")
    assert answer.status == 401
    assert front.asked("Patient") == [None]
    error = server.login_wanted(answer.status)
    assert "requires a login (it answered 401), but none is set. Add [source.auth]" in str(error)


def test_a_login_of_a_netrc_file_is_not_sent(front, enter, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert enter().get("Patient").status == 401
    assert front.asked("Patient") == [None]


def test_basic_sends_user_name_and_password(front, enter, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_PASSWORD", "grüß: dich")
    front.allows = "Basic bWU6Z3LDvMOfOiBkaWNo".__eq__  # By coreutils: base64 of `me:grüß: dich`.
    assert enter(auth={"kind": "basic", "username": "me"}).get("Patient").status == 200


def test_bearer_sends_the_token(front, enter, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", "abc.def")
    front.allows = "Bearer abc.def".__eq__
    assert enter(auth={"kind": "bearer"}).get("Patient").status == 200


def test_the_target_has_secrets_of_its_own(front, enter, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", "wrong")
    monkeypatch.setenv("ABATE_TARGET_TOKEN", "right")
    front.allows = "Bearer right".__eq__
    assert enter("target", auth={"kind": "bearer"}).get("Patient").status == 200


def test_a_client_secret_gives_a_token_found_by_discovery(front, enter, authority, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "s3cret")
    authority.secrets["abate"] = "s3cret"
    server = enter(auth={"kind": "client-secret", "client_id": "abate"})
    assert server.get("Patient").status == 200
    assert authority.requests == [{"grant_type": "client_credentials"}]
    assert front.asked("Patient") == ["Bearer token-0-MARKER"]


def test_a_client_secret_is_encoded_as_a_form_before_it_is_joined(enter, authority, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "a:b c%")
    authority.secrets["me%3Ahere"] = "a%3Ab+c%25"  # RFC 6749, section 2.3.1.
    auth = {"kind": "client-secret", "client_id": "me:here", "token_url": authority.token_url}
    assert enter(auth=auth).get("Patient").status == 200


def test_a_client_secret_goes_in_the_body_where_the_header_is_not_taken(
    front, enter, authority, monkeypatch
):
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "s3cret")
    authority.secrets["abate"] = "s3cret"
    front.configuration = configuration(
        authority, token_endpoint_auth_methods_supported=["client_secret_post"]
    )
    assert enter(auth={"kind": "client-secret", "client_id": "abate"}).get("Patient").status == 200
    assert authority.requests[0]["client_secret"] == "s3cret"
    assert "Authorization" not in authority.headers[0]


@pytest.mark.parametrize("written_as", ["ES384 PEM", "ES384 JWK", "RS384 PEM", "RS384 JWK"])
def test_smart_signs_by_the_kind_of_key(enter, authority, signing_keys, monkeypatch, written_as):
    algorithm, form = written_as.split()
    key = signing_keys[algorithm]
    authority.register("abate", key)
    written = key.private_pem().decode()
    if form == "JWK":
        written = json.dumps(key.key.as_dict(private=True))
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY", written)
    server = enter(auth={"kind": "smart", "client_id": "abate"})
    assert server.get("Patient").status == 200
    [request] = authority.requests
    assert request["scope"] == "system/Patient.rs system/Observation.rs"
    assert header_of(request["client_assertion"]) == {
        "typ": "JWT",
        "alg": algorithm,
        "kid": key.key.thumbprint(),
    }


def test_an_assertion_ends_within_five_minutes_and_has_a_jti_of_its_own(as_smart, authority):
    authority.expires_in = 0.0001
    server = as_smart()
    server.get("Patient")
    server.get("Patient")
    claims = [claims_of(one["client_assertion"]) for one in authority.requests]
    assert [set(one) for one in claims] == [{"iss", "sub", "aud", "exp", "jti"}] * 2
    assert claims[0]["jti"] != claims[1]["jti"]


def test_kid_and_jku_of_the_study_file_go_into_the_header(as_smart, authority):
    url = "https://hospital.example/jwks.json"
    authority.clients["abate"]["keys"][0]["kid"] = "the-2026-key"
    assert as_smart(kid="the-2026-key", jku=url).get("Patient").status == 200
    header = header_of(authority.requests[0]["client_assertion"])
    assert (header["kid"], header["jku"]) == ("the-2026-key", url)


def test_the_kid_of_a_jwk_is_kept(enter, authority, key, monkeypatch):
    jwk = {**key.key.as_dict(private=True), "kid": "named-by-us"}
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY", json.dumps(jwk))
    authority.register("abate", key)
    authority.clients["abate"]["keys"][0]["kid"] = "named-by-us"
    enter(auth={"kind": "smart", "client_id": "abate"}).get("Patient")
    assert header_of(authority.requests[0]["client_assertion"])["kid"] == "named-by-us"


def test_another_key_than_the_registered_one_is_refused(as_smart, authority, signing_keys):
    authority.register("abate", signing_keys["RS384"])
    with pytest.raises(LoginRefused, match=r"refuses the login \(401, invalid_client\): check"):
        as_smart().get("Patient")


@pytest.mark.parametrize(
    "make",
    [
        lambda: ECKey.generate_key("P-256").as_pem(private=True).decode(),
        lambda: RSAKey.generate_key(2048).as_pem(private=True, password="x").decode(),
        lambda: RSAKey.generate_key(2048).as_pem(private=False).decode(),
        lambda: '{"kty": "EC", "crv": "P-384", "d": "MARKER"}',
        lambda: "-----BEGIN PRIVATE KEY-----\nMARKER\n-----END PRIVATE KEY-----",
    ],
    ids=["another curve", "a password", "a public key", "half a JWK", "no PEM"],
)
def test_a_key_that_cannot_sign_is_told_before_any_request(enter, front, monkeypatch, make):
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY", make())
    with pytest.raises(
        AbateError, match=r"ABATE_SOURCE_PRIVATE_KEY holds .* abate keygen"
    ) as refused:
        enter(auth={"kind": "smart", "client_id": "abate"})
    assert "MARKER" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert front.requests == []


def test_a_server_that_takes_another_algorithm_only_is_told_so(front, as_smart, authority):
    front.algorithms = ("RS384",)
    with pytest.raises(
        LoginRefused, match="signed with ES384, the algorithm of our key; it takes RS384"
    ):
        as_smart().get("Patient")
    assert authority.requests == []


class TestDiscovery:
    def test_falls_back_on_the_capability_statement(self, front, as_smart, authority):
        front.configuration = configuration(authority, status=404)
        front.behind = lambda request: (
            capability(authority.token_url) if is_metadata(request) else None
        )
        assert as_smart().get("Patient").status == 200

    @pytest.mark.parametrize("status", [200, 404])
    def test_html_instead_of_a_configuration_is_none(self, front, as_smart, authority, status):
        front.configuration = Response("<p>hello</p>", status, content_type="text/html")
        front.behind = lambda request: (
            capability(authority.token_url) if is_metadata(request) else None
        )
        assert as_smart().get("Patient").status == 200

    def test_a_server_that_names_no_token_endpoint_is_told_with_the_cure(
        self, front, as_smart, authority
    ):
        front.configuration = configuration(authority, status=404)
        with pytest.raises(LoginRefused, match=r"Set token_url in \[source.auth\]"):
            as_smart().get("Patient")

    def test_a_server_in_trouble_is_no_server_without_tokens(self, front, as_smart, authority):
        front.configuration = configuration(authority, status=503)
        with pytest.raises(SourceError, match="answered 503 after repeated attempts") as told:
            as_smart().get("Patient")
        assert not isinstance(told.value, LoginRefused)

    @pytest.mark.parametrize(
        "url", ["http://tokens.example/token", "ftp://x/", "token", 7, "http://[", ""]
    )
    def test_a_token_endpoint_in_the_clear_gets_nothing(self, front, as_smart, authority, url):
        front.configuration = configuration(authority, token_endpoint=url)
        with pytest.raises(LoginRefused, match=r"no secret may be sent|does not name"):
            as_smart().get("Patient")

    def test_is_asked_without_a_login_and_once(self, front, as_smart, authority):
        authority.expires_in = 0.0001
        server = as_smart()
        server.get("Patient")
        server.get("Patient")
        assert front.asked(".well-known/smart-configuration") == [None]

    def test_is_not_needed_where_the_study_file_names_the_endpoint(
        self, front, as_smart, authority
    ):
        assert as_smart(token_url=authority.token_url).get("Patient").status == 200
        assert front.asked(".well-known/smart-configuration") == []


def is_metadata(request):
    return request.path == "/fhir/metadata"


def configuration(authority, status=200, **said):
    content = {"token_endpoint": authority.token_url, **said}
    return Response(json.dumps(content), status, content_type="application/json")


def capability(token_url):
    uris = {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [
            {"url": "authorize", "valueUri": "x"},
            {"url": "token", "valueUri": token_url},
        ],
    }
    statement = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "security": {"extension": [uris]}}],
    }
    return Response(json.dumps(statement), content_type="application/fhir+json")
