"""The socket: start, stop, connections, and what a proxy in front of it sees."""

import json
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import requests
from werkzeug.wrappers import Response

from abate.errors import AbateError
from abate.sandbox import Sandbox, running


def test_it_is_up_in_under_a_second():
    begin = time.monotonic()
    with running(Sandbox()) as base:
        assert requests.get(f"{base}/metadata", timeout=5).status_code == 200
    assert time.monotonic() - begin < 1


def test_the_base_url_is_loopback_and_ends_in_fhir():
    with running(Sandbox()) as base:
        assert base.startswith("http://127.0.0.1:")
        assert base.endswith("/fhir")


def test_after_the_end_nothing_listens_and_no_thread_is_left():
    before = threading.active_count()
    with requests.Session() as session:
        with running(Sandbox()) as base:
            session.get(f"{base}/Patient", timeout=5)
            assert threading.active_count() > before
        assert threading.active_count() == before
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{base}/Patient", timeout=5)


def test_a_port_that_is_taken_is_an_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(AbateError, match=f"127.0.0.1 port {port}"),
            running(Sandbox(), port=port),
        ):
            pass


def test_one_connection_carries_many_requests(fhir):
    host, port = fhir.base.removeprefix("http://").removesuffix("/fhir").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        answers = connection.makefile("rb")
        for body in (b"", b"not JSON at all", b""):
            method = b"POST" if body else b"GET"
            connection.sendall(
                b"%s /fhir/Patient HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (method, len(body), body)
            )
            status = answers.readline()
            assert status.startswith(b"HTTP/1.1 400" if body else b"HTTP/1.1 200")
            headers = iter(answers.readline, b"\r\n")
            length = next(h for h in headers if h.lower().startswith(b"content-length"))
            for _ in headers:
                pass
            json.loads(answers.read(int(length.split(b":")[1])))
        answers.close()


def test_a_body_may_come_in_chunks(fhir):
    pieces = iter([b'{"resourceType":', b'"Patient","id":"p1"}'])
    headers = {"Content-Type": "application/fhir+json"}
    response = requests.put(f"{fhir.base}/Patient/p1", data=pieces, headers=headers, timeout=5)
    assert response.status_code == 201


def test_what_is_no_http_is_answered_by_an_operation_outcome(fhir):
    host, port = fhir.base.removeprefix("http://").removesuffix("/fhir").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /fhir/Patient?name=Canary HTTP/x.y\r\n\r\n")
        answer = b""
        while received := connection.recv(65536):
            answer += received
    assert b'"resourceType":"OperationOutcome"' in answer
    assert b"Canary" not in answer
    assert b"html" not in answer.lower()


def test_requests_leave_no_trace_on_the_terminal():
    program = (
        "import requests\n"
        "from abate.sandbox import Sandbox, running\n"
        "with running(Sandbox()) as base:\n"
        "    requests.get(base + '/Patient?identifier=canary', timeout=5)\n"
        "    requests.get(base + '/nothing/here/at/all', timeout=5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_behind_a_proxy_the_links_are_those_of_the_proxy(httpserver, sandbox, make):
    def replay(request):
        return Response.from_app(sandbox, request.environ)

    httpserver.expect_request("/fhir/Patient", method="POST").respond_with_handler(replay)
    httpserver.expect_request("/fhir/Patient", method="GET").respond_with_handler(replay)
    base = httpserver.url_for("/fhir")
    for key in ("a", "b"):
        location = requests.post(f"{base}/Patient", json=make.patient(key), timeout=5).headers[
            "Location"
        ]
        assert location.startswith(f"{base}/Patient/")
    bundle = requests.get(f"{base}/Patient?_count=1", timeout=5).json()
    assert bundle["entry"][0]["fullUrl"].startswith(f"{base}/Patient/")
    assert [link["url"].startswith(f"{base}/Patient?_") for link in bundle["link"]] == [True, True]
    next_page = requests.get(bundle["link"][1]["url"], timeout=5).json()
    assert len(next_page["entry"]) == 1


def test_a_fault_of_its_own_is_a_500_that_logs_no_content(serve, caplog, make, outcome):
    words = ["Can", "ary"]
    times = iter([datetime(2026, 3, 1, tzinfo=UTC)])

    def clock_that_breaks():
        for time_of_start in times:
            return time_of_start
        raise RuntimeError("".join(words))

    with serve(Sandbox(clock=clock_that_breaks)) as client:
        response = client.put("Patient/p1", make.patient("p1"))
        assert client.get("Patient").json()["total"] == 0
    assert response.status_code == 500
    assert outcome(response)["code"] == "exception"
    assert "RuntimeError" in caplog.text
    assert "Canary" not in caplog.text + response.text
