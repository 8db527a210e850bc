"""What stands on a target is read in batches; a batch that is not plain is not believed."""

import json

import pytest
from werkzeug import Response

from abate.errors import SourceError
from abate.fhir.client import FhirServer
from abate.publish.existing import AT_ONCE, read_all_existing
from asked import is_batch, is_read, is_transaction

FHIR = "application/fhir+json"
ABSENT = {"response": {"status": "404 Not Found"}}


def page(_):
    return Response("<html>", 200, content_type="text/html")


def as_absent(entries):
    return [ABSENT for _ in entries]


def in_turn(entries):
    return entries[1:] + entries[:1]


def unsaid(entries):
    return [{**one, "response": {"status": "500 Internal Server Error"}} for one in entries]


def bare(entries):
    return [{"resource": one["resource"]} if "resource" in one else one for one in entries]


@pytest.fixture
def aimed(ran, keep, proxy):
    """Publish to a target that answers batches by `act`: gives what stands there and its URL."""

    def start(act, seen=None):
        def answer(request, forward):
            if seen is not None:
                seen.append(request)
            return act(request, forward) if is_batch(request) else forward(request)

        behind, url = proxy(answer)
        text = ran.read_text("utf-8")
        ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
        keep(ran)
        return behind, url

    return start


def changed(change, **head):
    """A batch that is answered with other entries."""

    def act(request, forward):
        said = json.loads(forward(request).get_data())
        body = json.dumps({**said, **head, "entry": change(said["entry"])})
        return Response(body, 200, content_type=FHIR)

    return act


@pytest.mark.parametrize(
    "act",
    [
        lambda *_: Response("no", 400),
        lambda *_: Response("no", 405),
        lambda *_: Response("no", 500),
        lambda *_: page(None),
        lambda *_: Response('{"resourceType": "Bundle"}', 200, content_type=FHIR),
        changed(list, type="transaction-response"),
        changed(lambda entries: entries[:-1]),
        changed(as_absent),
        changed(in_turn),
        changed(unsaid),
        changed(bare),
    ],
    ids=[
        "400", "405", "500", "a page", "no type", "another type", "an entry less",
        "404 for all", "another order", "500 for each", "no status",
    ],
)  # fmt: skip
def test_what_a_batch_does_not_tell_plainly_is_read_alone(abate, ran, aimed, act, around):
    behind, _ = aimed(act)
    assert abate("publish", ran, "--json").json["create"] == 4 + around
    before = behind.ours()
    again = abate("publish", ran, "--json").json
    assert (again["unchanged"], again["create"], again["update"]) == (4 + around, 0, 0)
    assert behind.ours() == before


def test_a_report_is_read_in_few_requests(abate, ran, aimed, around):
    seen = []
    behind, url = aimed(lambda request, forward: forward(request), seen)
    assert abate("publish", ran).exit_code == 0
    reads = [one for one in seen if is_read(one) and not one.path.endswith("/metadata")]
    # Compared and read back by a batch each; alone, the first that is absent. Two searches for
    # the study's identifiers.
    assert len([one for one in seen if is_batch(one)]) == 2
    assert len(reads) == 5 < 4 + around
    assert len([one for one in seen if is_transaction(one)]) == 1
    names = [*behind.ours(), "List/none"] * 20
    many = [f"List/none-{number}" for number in range(AT_ONCE)]
    with FhirServer(url) as server:
        found = read_all_existing(server, [*names, *many])
    assert {name for name, one in found.items() if one} == set(behind.ours())
    assert list(found) == [*dict.fromkeys(names), *many]


def test_a_server_that_is_gone_is_not_asked_twice():
    with FhirServer("http://127.0.0.1:9/fhir") as server:
        with pytest.raises(SourceError, match="cannot be reached"):
            read_all_existing(server, ["List/a", "List/b"])
        assert server.budget.requests == server.limits.tries
