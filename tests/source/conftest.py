"""A FHIR server that says what the test has written down for it, over real HTTP."""

import io
import json
import socket
import socketserver
import threading
from collections import defaultdict
from contextlib import suppress
from struct import pack
from types import SimpleNamespace

import pytest
from werkzeug import Response

from abate.config.source import Source
from abate.fhir.client import FhirServer
from abate.http import clock
from abate.ingest.server_state import ServerState
from abate.mapping.code_lists import Code
from abate.mapping.roles import Role
from abate.source.plan import Plan
from abate.source.search.source import SearchSource
from abate.store.landing import Landing
from heard import listening

METADATA = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def answer(body, status=200, kind="application/fhir+json", **headers):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Response(text, status, headers, content_type=kind)


class Script:
    """What each type answers, page by page: a Bundle, its text, or a whole response."""

    def __init__(self, base):
        self.base = base
        self.metadata = answer(METADATA)
        self.pages = defaultdict(lambda: [self.bundle(total=0)])
        self.counts = {}
        self.requests = []

    def bundle(self, *resources, total=None, following=None):
        """A searchset; `following` is the next link, verbatim."""
        entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
        page = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if total is not None:
            page["total"] = total
        if following is not None:
            page["link"] = [{"relation": "next", "url": following}]
        return page

    def link(self, kind, number):
        """The URL that this server answers with page `number`."""
        return f"{self.base}/{kind}?page={number}"

    def __call__(self, request):
        url = request.environ["REQUEST_URI"]
        self.requests.append((request.method, url, request.form.to_dict()))
        kind = request.path.split("/")[2]
        if kind == "metadata":
            return self.metadata
        asked = request.form if request.method == "POST" else request.args
        if asked.get("_summary") == "count":
            return self._response(self.counts.get(kind, answer("no", 400)), request)
        pages = self.pages[kind]
        number = int(request.args.get("page", "1"))
        return self._response(pages[number - 1], request)

    def _response(self, page, request):
        if callable(page) and not isinstance(page, Response):
            page = page(request)
        return page if isinstance(page, Response) else answer(page)


def coded(code):
    return {"coding": [{"system": "urn:s", "code": code}]}


def procedure(key="pr1", patient="p1"):
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Procedure", "id": key, "subject": subject, "code": coded("treat")}


def score(key, patient="p1"):
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": key, "subject": subject, "code": coded("pain")}


@pytest.fixture
def respond():
    return answer


@pytest.fixture
def resource():
    """A Procedure or an Observation of patient p1, by id."""
    return {"Procedure": procedure, "Observation": score}


@pytest.fixture
def script(httpserver):
    """One index procedure of patient p1, two scores on one page; a test changes what it needs."""
    script = Script(httpserver.url_for("/fhir"))
    script.pages["Procedure"] = [script.bundle(procedure(), total=1)]
    script.pages["Patient"] = [script.bundle({"resourceType": "Patient", "id": "p1"}, total=1)]
    script.pages["Observation"] = [script.bundle(score("s1"), score("s2"), total=2)]
    for path in ("metadata", "Procedure", "Patient", "Observation"):
        httpserver.expect_request(f"/fhir/{path}").respond_with_handler(script)
        httpserver.expect_request(f"/fhir/{path}/_search").respond_with_handler(script)
    return script


class Pulled:
    """What a pull landed, booked and said."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.ledger = None
        self.landed = {}

    def ids(self, kind):
        return [json.loads(line)["id"] for line in self.landed.get(kind, b"").splitlines()]


@pytest.fixture
def pull(script, tmp_path):
    """Pull index procedures and scores from the scripted server."""
    codes = {"index": "treat", "scores": "pain"}
    roles = tuple(
        Role(role=role, kind=role, code=Code(system="urn:s", code=code, name=code, source="here"))
        for role, code in codes.items()
    )

    def run(base=script.base, limits=None, **settings):
        pulled = Pulled(tmp_path / "landing")
        chosen = {"strategy": "patient", "patients_a_query": 20, "parallel": 1, **settings}
        kept = ServerState(path=tmp_path / "none", server=base, roles=roles, lists={}, reading="")
        study = Source(url=base, **chosen)
        plan = Plan(roles=roles, page_size=2, categories=study.query.categories)
        with (
            Landing(pulled.folder) as landing,
            FhirServer(
                base, timeout_seconds=5, log=listening(pulled.said.append), limits=limits
            ) as server,
        ):
            source = SearchSource(server, study, kept)
            pulled.ledger = source.bring(plan, landing, listening(pulled.said.append)).ledger
            for kind in ("Procedure", "Patient", "Observation"):
                pulled.landed[kind] = b"".join(one.read_bytes() for one in landing.paths(kind))
        return pulled

    return run


RESET = object()


def sent(body=b'{"resourceType":"Bundle"}', status=200, kind="application/fhir+json", **headers):
    """The bytes of a whole answer; a header that is None is left out."""
    named = {"Content-Type": kind, "Content-Length": len(body), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in named.items() if value is not None]
    return f"HTTP/1.1 {status} Said\r\n{''.join(lines)}\r\n".encode() + body


class Raw(socketserver.ThreadingTCPServer):
    """A server that sends the very bytes that the test wrote down: one answer a connection.

    The last answer is given to all that come after. `RESET` in an answer resets the connection.
    """

    allow_reuse_address = daemon_threads = True
    block_on_close = False

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Verbatim)
        self.base = f"http://127.0.0.1:{self.server_address[1]}/fhir"
        self.answers, self.asked = [sent()], []
        self.route = self.next
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def next(self, _):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Verbatim(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode()
        headers = dict(line.decode().strip().split(": ", 1) for line in iter(self._line, b"\r\n"))
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        self.server.asked.append((line.split(" HTTP")[0], headers, body))
        with suppress(OSError):
            self._give(self.server.route(self.server.asked[-1][0]))

    def _line(self):
        return self.rfile.readline() or b"\r\n"

    def _give(self, answer):
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if piece is RESET:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
                self.request.close()
                self.wfile = io.BytesIO()
                return
            self.wfile.write(piece)


@pytest.fixture
def raw():
    """What the tests of raw sockets share: the server's kind, an answer's bytes, a reset."""
    return SimpleNamespace(Server=Raw, sent=sent, RESET=RESET)


@pytest.fixture
def wild():
    """A server whose bytes the test writes down."""
    with Raw() as server:
        yield server


@pytest.fixture
def waits(monkeypatch):
    """The waits that were asked for, in seconds; the clock stands still but for them."""
    waited = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    monkeypatch.setattr(clock, "now", lambda: sum(waited))
    return waited
