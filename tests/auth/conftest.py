"""A FHIR server that wants a login, and an authorization server that checks who asks."""

import base64
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pytest_httpserver import HTTPServer
from werkzeug import Response

from abate.auth import keys
from abate.auth.servers import access_to
from abate.config.server import Server
from abate.fhir.client import FhirServer
from fronts import Front

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("system/Patient.rs", "system/Observation.rs")
OPEN = ("/fhir/metadata", "/fhir/.well-known/smart-configuration")


def in_json(content, status=200, **headers):
    return Response(json.dumps(content), status, headers, content_type="application/json")


@dataclass(kw_only=True)
class Authority:
    """Gives tokens; a test changes how. It holds to SMART Backend Services."""

    token_url: str = ""
    clients: dict = field(default_factory=dict)
    secrets: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    seen: set = field(default_factory=set)
    given: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    expires_in: object = 300
    granted: str | None = None

    def __call__(self, request):
        form = request.form.to_dict()
        self.requests.append(form)
        self.headers.append(dict(request.headers))
        if self.answers:
            answer = self.answers.pop(0)
            if answer is not None:
                return answer
        if form.get("grant_type") != "client_credentials":
            return in_json({"error": "unsupported_grant_type"}, 400)
        if fault := self._fault(request, form):
            return in_json({"error": "invalid_client", "error_description": fault}, 401)
        return self._token(form)

    def _token(self, form):
        self.given.append(f"token-{len(self.given)}-MARKER")
        scope = form.get("scope", "") if self.granted is None else self.granted
        content = {"access_token": self.given[-1], "token_type": "bearer", "scope": scope}
        if self.expires_in is not None:
            content["expires_in"] = self.expires_in
        return in_json(content)

    def _fault(self, request, form):
        """What is wrong with who asks; empty if it is a client that is known."""
        if "client_assertion" in form:
            return self._fault_of_assertion(form)
        client, secret = form.get("client_id"), form.get("client_secret")
        if request.authorization is not None:
            client, secret = request.authorization.username, request.authorization.password
        return "" if secret and self.secrets.get(client) == secret else "no such client"

    def _fault_of_assertion(self, form):
        if form["client_assertion_type"] != ASSERTION:
            return "no such type"
        payload = form["client_assertion"].split(".")[1]
        name = json.loads(base64.urlsafe_b64decode(payload + "=="))["iss"]
        if name not in self.clients:
            return "no such client"
        try:
            token = jwt.decode(
                form["client_assertion"],
                KeySet.import_key_set(self.clients[name]),
                algorithms=["RS384", "ES384"],
            )
        except Exception:
            return "a signature that is not the client's"
        claims = token.claims
        ahead = claims["exp"] - time.time()
        is_right = claims["sub"] == name and claims["aud"] == self.token_url and 0 < ahead <= 300
        is_new = claims["jti"] not in self.seen
        self.seen.add(claims["jti"])
        return "" if is_right and is_new else "claims that are not right"

    def register(self, name, key):
        """Know a client by its public key."""
        self.clients[name] = json.loads(json.dumps(key.public_set()))


class Guarded(Front):
    """A FHIR server behind a login.

    Attributes:
        algorithms: those of an assertion, by the SMART configuration.
        configuration: the answer in place of that configuration, or None.
        allows: says which Authorization headers enter; None: the token that was given last.
        behind: gives a response to a request that has entered, or None.
        headers: the Authorization header of each request.
    """

    def __init__(self, base, authority):
        super().__init__(base)
        self.authority, self.headers = authority, []
        self.algorithms = ("RS384", "ES384")
        self.configuration = self.allows = self.behind = None

    def __call__(self, request):
        self.headers.append(request.headers.get("Authorization"))
        return super().__call__(request)

    def answer(self, request):
        if request.path.endswith("smart-configuration"):
            return self.configuration or in_json(
                {
                    "token_endpoint": self.authority.token_url,
                    "token_endpoint_auth_signing_alg_values_supported": list(self.algorithms),
                    "capabilities": ["client-confidential-asymmetric", "permission-v2"],
                }
            )
        if request.path not in OPEN and not self._enters(request):
            return in_json({"resourceType": "OperationOutcome"}, 401)
        answer = self.behind(request) if self.behind else None
        return answer or super().answer(request)

    def _enters(self, request):
        shown = request.headers.get("Authorization")
        if self.allows is not None:
            return self.allows(shown)
        return shown in [f"Bearer {one}" for one in self.authority.given[-1:]]

    def asked(self, path):
        """The Authorization headers that came to a path."""
        return [
            header
            for (_, seen), header in zip(self.requests, self.headers, strict=True)
            if seen == path
        ]


@pytest.fixture(scope="session")
def pool():
    """HTTP servers that wait to be used again: to end one takes half a second."""
    with ExitStack() as servers:
        yield servers, []


@pytest.fixture
def another(pool):
    """Another HTTP server on this machine; with its own port, it is another origin."""
    servers, waiting = pool
    used = []

    def start():
        if not waiting:
            waiting.append(servers.enter_context(HTTPServer("127.0.0.1", 0, threaded=True)))
        used.append(waiting.pop())
        return used[-1]

    yield start
    for server in used:
        server.clear()
        waiting.append(server)


@pytest.fixture
def authority(another):
    server = another()
    authority = Authority(token_url=server.url_for("/token"))
    server.expect_request("/token", method="POST").respond_with_handler(authority)
    return authority


@pytest.fixture
def front(another, authority):
    """A sandbox with one patient behind a login."""
    server = another()
    return Guarded(server.url_for("/fhir"), authority).serve_on(server)


@pytest.fixture(scope="session")
def signing_keys():
    return {name: keys.make(name) for name in ("ES384", "RS384")}


@pytest.fixture
def key(signing_keys):
    return signing_keys["ES384"]


@pytest.fixture
def enter(front, tmp_path):
    """A session to the front as a `[source]` table says it."""
    with ExitStack() as sessions:

        def start(table="source", scopes=SCOPES, base=None, **said):
            server = Server.model_validate({"url": base or front.base, **said})
            access = access_to(server, table, tmp_path, scopes, 5)
            return sessions.enter_context(FhirServer(server.url, 5, access))

        yield start


@pytest.fixture
def as_smart(enter, authority, key, monkeypatch):
    """A session with a SMART login; keys of `[source.auth]` may be added."""
    authority.register("abate", key)
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY", key.private_pem().decode())

    def start(**auth):
        return enter(auth={"kind": "smart", "client_id": "abate", **auth})

    return start
