"""Files of lines: whole or not at all, and the login goes to our own server only."""

import gzip
import json

import pytest
import requests

from abate.errors import SourceError, StoreError
from abate.fhir.client import Downloaded, FhirServer, Limits, LinkExpired
from abate.http import sessions
from abate.http.body import TooLarge
from abate.http.download import refuse_elsewhere

LINES = b'{"resourceType":"Patient","id":"p1"}\n{"resourceType":"Patient","id":"canary"}\n'
NDJSON = "application/fhir+ndjson"


@pytest.fixture(autouse=True)
def with_a_login(monkeypatch):
    """Each session to our own server sends a login."""
    known = sessions.known

    def logged_in(*way):
        session = known(*way)
        session.auth = _login
        return session

    monkeypatch.setattr(sessions, "known", logged_in)


def _login(request: requests.PreparedRequest):
    request.headers["Authorization"] = "Bearer secret"
    return request


@pytest.fixture
def fetch(wild, tmp_path):
    """Download from the wild server, unless another URL is named."""

    def run(url="file", *, authorised=True):
        with FhirServer(wild.base) as server:
            return server.download(url, tmp_path / "file.ndjson", authorised=authorised)

    return run


@pytest.fixture
def landed(tmp_path):
    return lambda: {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.fixture
def landing(wild, raw, fetch, landed):
    """Download this body: what was told, and what lies there."""

    def run(body):
        wild.answers = [raw.sent(body, kind=NDJSON)]
        return fetch(), landed()["file.ndjson"]

    return run


@pytest.mark.parametrize(
    ("body", "lines"), [(LINES, 2), (LINES[:-1], 2), (b"\n" + LINES, 3), (b"", 0)]
)
def test_a_file_lands_as_it_is_with_its_bytes_and_lines(landing, body, lines):
    assert landing(body) == (Downloaded(bytes=len(body), lines=lines), body)


def test_a_byte_order_mark_does_not_land(landing):
    assert landing(b"\xef\xbb\xbf" + LINES) == (Downloaded(bytes=len(LINES), lines=2), LINES)


def test_a_file_is_readable_by_its_owner_only(wild, raw, fetch, tmp_path):
    wild.answers = [raw.sent(LINES, kind=NDJSON)]
    fetch()
    assert (tmp_path / "file.ndjson").stat().st_mode & 0o777 == 0o600


def test_a_packed_file_lands_unpacked(wild, raw, fetch, landed):
    wild.answers = [raw.sent(gzip.compress(LINES), kind=NDJSON, Content_Encoding="gzip")]
    assert fetch().lines == 2
    assert landed() == {"file.ndjson": LINES}


FAULTS = {
    "closed before an answer": lambda _: b"",
    "more that breaks off": lambda raw: raw.sent(LINES * 9, kind=NDJSON, Content_Length=9999),
    "half a file": lambda raw: raw.sent(LINES, kind=NDJSON)[:-9],
    "reset in the file": lambda raw: [raw.sent(LINES, kind=NDJSON)[:-9], raw.RESET],
    "a length that is too long": lambda raw: raw.sent(LINES, kind=NDJSON, Content_Length=999),
    "a length that is too short": lambda raw: raw.sent(LINES, kind=NDJSON, Content_Length=50),
    "cut off without a length": lambda raw: raw.sent(LINES[:50], kind=NDJSON, Content_Length=None),
    "gzip cut off": lambda raw: raw.sent(
        gzip.compress(LINES)[:-9], kind=NDJSON, Content_Encoding="gzip"
    ),
    "gzip that is none": lambda raw: raw.sent(LINES, kind=NDJSON, Content_Encoding="gzip"),
    "busy": lambda raw: raw.sent(b"canary", 503, kind="text/plain"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_is_broken_once_is_begun_anew(wild, raw, fetch, landed, name):
    wild.answers = [FAULTS[name](raw), raw.sent(LINES, kind=NDJSON)]
    assert fetch() == Downloaded(bytes=len(LINES), lines=2)
    assert landed() == {"file.ndjson": LINES}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_stays_broken_is_told_and_leaves_nothing(wild, raw, fetch, landed, name):
    wild.answers = [FAULTS[name](raw)]
    with pytest.raises(SourceError, match="/fhir/…") as told:
        fetch("file?name=canary")
    assert "canary" not in str(told.value)
    assert landed() == {}
    assert len(wild.asked) <= 4


@pytest.mark.parametrize("status", [403, 410])
def test_a_link_that_has_expired_is_told_apart_and_not_asked_for_again(
    wild, raw, fetch, landed, status
):
    wild.answers = [raw.sent(b"canary", status)]
    with pytest.raises(LinkExpired, match=f"answered {status}: the link has expired"):
        fetch()
    assert landed() == {}
    assert len(wild.asked) == 1


@pytest.mark.parametrize("status", [401, 404, 202])
def test_another_status_is_told(wild, raw, fetch, landed, status):
    wild.answers = [raw.sent(b"canary", status)]
    with pytest.raises(SourceError, match=f"answered {status}$"):
        fetch()
    assert landed() == {}


def test_a_page_for_people_is_no_file(wild, raw, fetch, landed):
    wild.answers = [raw.sent(b"<p>canary", kind="Text/HTML; charset=utf-8")]
    with pytest.raises(SourceError, match="answered 200 with text/html, not with data"):
        fetch()
    assert landed() == {}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_storage_elsewhere_gets_neither_login_nor_cookie(wild, raw, fetch, landed, status):
    with raw.Server() as storage:
        storage.answers = [raw.sent(LINES, kind="binary/octet-stream")]
        signed = f"{storage.base}/bucket?X-Amz-Signature=a%2Fb"
        wild.answers = [raw.sent(b"", status, Location=signed, Set_Cookie="a=b")]
        assert fetch().lines == 2
    assert wild.asked[0][1]["Authorization"] == "Bearer secret"
    [(line, headers, _)] = storage.asked
    assert line == "GET /fhir/bucket?X-Amz-Signature=a%2Fb"
    assert not {"Authorization", "Cookie"} & set(headers)
    assert landed() == {"file.ndjson": LINES}


def test_a_storage_elsewhere_gets_no_cookie_of_its_own_back(raw, tmp_path):
    with raw.Server() as storage, raw.Server() as ours, FhirServer(ours.base) as server:
        storage.answers = [raw.sent(LINES, kind=NDJSON, Set_Cookie="a=b; Path=/")]
        for _ in range(2):
            server.download(f"{storage.base}/x", tmp_path / "x", authorised=False)
    assert [headers.get("Cookie") for _, headers, _ in storage.asked] == [None, None]


def test_a_redirect_within_our_server_keeps_the_login(wild, raw, fetch):
    moved = raw.sent(b"", 307, Location="/fhir/there")
    wild.answers = [moved, raw.sent(LINES, kind=NDJSON)]
    fetch()
    assert [line for line, _, _ in wild.asked] == ["GET /fhir/file", "GET /fhir/there"]
    assert {headers["Authorization"] for _, headers, _ in wild.asked} == {"Bearer secret"}


def test_a_way_back_from_elsewhere_is_without_login(wild, raw, fetch):
    with raw.Server() as storage:
        wild.answers = [
            raw.sent(b"", 307, Location=f"{storage.base}/x"),
            raw.sent(LINES, kind=NDJSON),
        ]
        storage.answers = [raw.sent(b"", 307, Location=f"{wild.base}/y")]
        fetch()
    assert "Authorization" not in wild.asked[1][1]


def test_without_authorisation_our_own_server_gets_no_login_either(wild, raw, fetch):
    wild.answers = [raw.sent(LINES, kind=NDJSON)]
    fetch(f"{wild.base}/file", authorised=False)
    assert "Authorization" not in wild.asked[0][1]


def test_with_authorisation_a_file_elsewhere_is_refused(raw, fetch):
    with raw.Server() as storage:
        with pytest.raises(SourceError, match="refers to"):
            fetch(storage.base.replace("/fhir", "/files/1"))
        assert storage.asked == []


@pytest.mark.parametrize(
    "url", ["http://storage.example/x?sig=canary", "ftp://storage.example/x", "file:///etc/passwd"]
)
def test_a_file_elsewhere_comes_by_https_or_not_at_all(wild, raw, fetch, landed, url):
    wild.answers = [raw.sent(b"", 307, Location=url)]
    for asked in ("file", url):
        with pytest.raises(SourceError, match="which is not followed") as refused:
            fetch(asked, authorised=False)
        assert "canary" not in str(refused.value)
    assert landed() == {}


def test_a_server_elsewhere_does_not_send_us_to_this_machine():
    refuse_elsewhere("https://h.example/r4", "https://storage.example/x")
    for url in ("http://127.0.0.1/x", "https://127.0.0.1/x", "https://localhost/x"):
        with pytest.raises(SourceError, match="which is not followed"):
            refuse_elsewhere("https://h.example/r4", url)


def test_redirects_in_a_circle_come_to_an_end(wild, raw, fetch):
    wild.answers = [raw.sent(b"", 302, Location="/fhir/file")]
    with pytest.raises(SourceError, match="redirects too often"):
        fetch()
    assert len(wild.asked) == 5


def test_a_line_without_an_end_is_refused(wild, raw, fetch, landed, monkeypatch):
    monkeypatch.setattr("abate.http.download.LARGEST_ANSWER", 1000)
    wild.answers = [raw.sent(b"[" * 1001, kind=NDJSON)]
    with pytest.raises(TooLarge, match="a line of the file is longer than"):
        fetch()
    assert landed() == {}


def test_a_large_file_is_no_large_answer(wild, raw, tmp_path):
    body = json.dumps({"id": "x" * 5000}).encode() + b"\n"
    wild.answers = [raw.sent(body, kind=NDJSON)]
    with FhirServer(wild.base, limits=Limits(largest_answer=1000)) as server:
        assert server.download("file", tmp_path / "x", authorised=True).bytes == len(body)


def test_a_disk_that_refuses_is_told(wild, raw, tmp_path):
    wild.answers = [raw.sent(LINES, kind=NDJSON)]
    with FhirServer(wild.base) as server, pytest.raises(StoreError, match="cannot be written"):
        server.download("file", tmp_path / "none" / "file", authorised=True)
