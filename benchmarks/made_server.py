"""A made FHIR server of any size, in a process of its own: search by code and _lastUpdated, paged.

One index procedure of one patient, and so many pain scores, one a minute. Each page waits as long
as it is told to, as a hospital's server does; and one page may be refused.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing import Process, Queue
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
METADATA = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female"}
PROCEDURE = {
    "resourceType": "Procedure",
    "id": "treat",
    "status": "completed",
    "code": {"coding": [{"system": "urn:s", "code": "treat"}]},
    "subject": {"reference": "Patient/p"},
    "performedDateTime": "2024-01-10",
}


class Refusal(NamedTuple):
    """The page that begins with the score `offset` is answered `status`, so many times."""

    offset: int
    status: int
    times: float


NONE = Refusal(-1, 200, 0)


@contextmanager
def serving(scores: int, seconds_a_page: float = 0, refusal: Refusal = NONE) -> Iterator[str]:
    """Serve in a process of its own; gives the base URL."""
    ports: Queue[int] = Queue()
    process = Process(target=_serve, args=(scores, seconds_a_page, refusal, ports), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=30)}/fhir"
    finally:
        process.terminate()
        process.join()


def _serve(scores: int, seconds_a_page: float, refusal: Refusal, ports: "Queue[int]") -> None:
    refused = count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._answer(url.path.rpartition("/")[2], parse_qsl(url.query))

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(self.path.split("/")[2], parse_qsl(form))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there.
            """Keep quiet."""

        def _answer(self, kind: str, pairs: list[tuple[str, str]]) -> None:
            is_refused = ("_offset", str(refusal.offset)) in pairs
            if is_refused and next(refused) <= refusal.times:
                self._send(refusal.status, b"{}")
                return
            body = _page(kind, pairs, scores, f"http://{self.headers['Host']}/fhir")
            if b'"entry":[' in body:
                time.sleep(seconds_a_page)
            self._send(200, body)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports.put(server.server_address[1])
    server.serve_forever()


def _page(kind: str, pairs: list[tuple[str, str]], scores: int, base: str) -> bytes:
    if kind == "metadata":
        return json.dumps(METADATA).encode()
    asked = dict(pairs)
    if kind in ("Patient", "Procedure"):
        only = PATIENT if kind == "Patient" else PROCEDURE
        first, last = _window(pairs, 1)
        found = [json.dumps(only)] if first < last else []
        return _bundle(found, len(found), "")
    first, last = _window(pairs, scores) if kind == "Observation" else (0, 0)
    if asked.get("_summary") == "count":
        return f'{{"resourceType":"Bundle","total":{last - first}}}'.encode()
    start, size = first + int(asked.get("_offset", "0")), int(asked.get("_count", "200"))
    following = ""
    if start + size < last:
        kept = [(name, text) for name, text in pairs if name != "_offset"]
        query = urlencode([*kept, ("_offset", str(start + size - first))])
        following = f"{base}/{kind}?{query}"
    found = [_score(number) for number in range(start, min(start + size, last))]
    return _bundle(found, last - first, following)


def _window(pairs: list[tuple[str, str]], scores: int) -> tuple[int, int]:
    first, last = 0, scores
    for name, text in pairs:
        if name == "_lastUpdated":
            moment = datetime.fromisoformat(text[2:])
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            minutes = -((FIRST - moment) // timedelta(minutes=1))
            if text.startswith("ge"):
                first = max(first, minutes)
            else:
                last = min(last, max(minutes, first))
    return min(first, scores), max(min(last, scores), min(first, scores))


def _score(number: int) -> str:
    moment = (FIRST + timedelta(minutes=number)).isoformat()
    return (
        f'{{"resourceType":"Observation","id":"score-{number:08}","meta":{{"versionId":"1",'
        f'"lastUpdated":"{moment}","profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]}},'
        '"status":"final","category":[{"coding":[{"system":'
        '"http://terminology.hl7.org/CodeSystem/observation-category","code":"survey"}]}],'
        '"code":{"coding":[{"system":"http://loinc.org","code":"72514-3",'
        '"display":"Pain severity"}]},'
        '"subject":{"reference":"Patient/p"},"effectiveDateTime":"2024-01-17",'
        f'"valueQuantity":{{"value":{number % 11},"unit":"{{score}}",'
        '"system":"http://unitsofmeasure.org","code":"{score}"}}'
    )


def _bundle(resources: list[str], total: int, following: str) -> bytes:
    entries = ",".join(f'{{"resource":{one},"search":{{"mode":"match"}}}}' for one in resources)
    link = f'"link":[{{"relation":"next","url":{json.dumps(following)}}}],' if following else ""
    return (
        f'{{"resourceType":"Bundle","type":"searchset","total":{total},{link}"entry":[{entries}]}}'
    ).encode()


if __name__ == "__main__":
    with serving(int(sys.argv[1])) as url:
        print(url)
        time.sleep(3600)
