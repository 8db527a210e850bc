"""A transaction that is refused: what is known of what was written, and of its size."""

import json
import re
import socket
import threading
from struct import pack

import pytest
from werkzeug import Response

from abate.errors import PublishRefused
from abate.fhir.client import FhirServer
from abate.publish import transaction
from abate.publish.change import Change
from asked import is_transaction

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "structure", "diagnostics": "CANARY-4711"}],
}


@pytest.fixture
def refusing(ran, keep, proxy):
    """Publish to a server that answers each transaction as told: gives what stands there."""

    def start(answer, sent):
        def act(request, forward):
            if is_transaction(request):
                sent.append(request.get_data())
                return answer(request, forward)
            return forward(request)

        behind, url = proxy(act)
        text = ran.read_text("utf-8")
        ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
        keep(ran)
        return behind

    return start


def refused(*_):
    return Response(json.dumps(OUTCOME), 400, content_type="application/fhir+json")


def committed_and_refused(request, forward):
    assert forward(request).status_code == 200
    return refused()


def test_what_was_committed_and_then_refused_is_told_as_written(abate, ran, refusing, around):
    sent = []
    behind = refusing(committed_and_refused, sent)
    shown = abate("publish", ran, "--json")
    assert shown.exit_code == 0, shown.err
    assert shown.json["create"] == 4 + around == len(behind.ours())
    assert len(sent) == 1
    [warning] = shown.json["run"]["warnings"]
    assert "refused the transaction: 400 (structure), but all of it was written" in warning


def test_what_was_not_written_is_said_to_be_so_after_a_second_look(abate, ran, refusing, around):
    sent = []
    behind = refusing(refused, sent)
    told = abate("publish", ran)
    assert told.exit_code == 5
    assert "Nothing was written: all resources were read again and are unchanged." in told.err
    assert f"The Bundle of {4 + around} resources and {len(sent[0])} bytes is in" in told.err
    assert "CANARY" not in told.err
    assert len(sent) == 1
    assert behind.ours() == {}


@pytest.mark.parametrize(
    "said",
    [
        (413, "<html><title>413 Request Entity Too Large</title></html>", "text/html"),
        (400, '{"error": {"message": "Request payload size exceeds the limit: 9"}}', "text/json"),
        (413, '{"message": "Request Too Long"}', "application/json"),
        (404, "denies a request that exceeds the request content length", "text/html"),
        (
            400,
            json.dumps({**OUTCOME, "issue": [{"severity": "error", "code": "too-long"}]}),
            "application/fhir+json",
        ),
    ],
    ids=["nginx", "google", "gateway", "iis", "by code"],
)
def test_a_limit_of_size_is_named_with_the_size(abate, ran, refusing, said):
    sent, (status, body, kind) = [], said
    refusing(lambda *_: Response(body, status, content_type=kind), sent)
    told = abate("publish", ran)
    assert told.exit_code == 5
    assert f"and {len(sent[0])} bytes" in told.err
    assert "The Bundle is too large for it" in told.err
    assert "$validate" not in told.err


def test_a_value_that_is_too_long_is_no_limit_of_the_bundle(abate, ran, refusing):
    text = '{"message": "element text: value is too long"}'
    refusing(lambda *_: Response(text, 400, content_type="application/json"), [])
    told = abate("publish", ran)
    assert "send a resource of the Bundle to its $validate" in told.err


def test_a_connection_that_breaks_while_the_bundle_is_sent_names_its_size(tmp_path):
    big = {"resourceType": "List", "id": "a", "title": "x" * 8_000_000}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=break_off, args=(listening,), daemon=True).start()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        with FhirServer(base) as server, pytest.raises(PublishRefused) as told:
            transaction.write(server, [Change(resource=big, action="create")], tmp_path)
    size = (tmp_path / "bundle.json").stat().st_size
    assert f"The Bundle of 1 resources and {size} bytes" in str(told.value)
    assert "limit on the size of a request may close the connection" in str(told.value)
    assert re.search(r"cannot be reached .*connection broke", str(told.value))


def break_off(listening):
    """Read the head of one request, and reset the connection while its body is sent."""
    connection, _ = listening.accept()
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
    connection.close()
