"""Faults while a report is written: refusals, lost responses, servers that process a part."""

import json

from case import Case
from fault import RESET, Said, always, first, says
from ways import WRITE

BUSY = {
    408: "observed",
    500: "hapi-fhir#1300",
    502: "fhircrackr#147",
    503: "fhircrackr#147",
    504: "hapi-fhir#1300",
}
OPEN = "All or none of it may have been written"
NOTHING = "Nothing was written: all resources"
UNKNOWN = "It is not known whether any of it was written"
TOO_LARGE = "The Bundle is too large for it"
ELSE = "accepted the report but returns something else"


def everywhere(words):
    return dict.fromkeys(WRITE, words)


def writes(asked):
    """Return whether a transaction is sent."""
    return asked.method == "POST" and not asked.is_batch


def reads(asked):
    """Return whether a single resource is read."""
    return asked.method == "GET" and asked.kind != "metadata"


def written(answer):
    """Return a fault that happens after the server has committed."""

    def answer_late(asked):
        assert asked.honest.status == 200, asked.honest.body
        return answer(asked)

    return answer_late


def reset(_):
    return [RESET]


def half(asked):
    return asked.honest.raw[:-40]


def only_headers(asked):
    return [asked.honest.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", RESET]


def outcome(status, code, **headers):
    """Return a refusal with an OperationOutcome whose text must not be shown."""
    issue = {"severity": "error", "code": code, "diagnostics": "CANARY-4711"}
    text = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    return says(status, text, "application/fhir+json", **headers)


def late():
    """Commit the first transaction only when the second one arrives."""
    kept = []

    def answer(asked):
        if not writes(asked):
            return asked.honest
        if not kept:
            kept.append(asked)
            return Said(status=504)
        if len(kept) == 1:
            kept.append(kept[0].honest)
        return asked.honest

    return answer


def overtaken():
    """Commit the first transaction, lose its response, and refuse the second as a conflict."""
    tries = []

    def answer(asked):
        if not writes(asked):
            return asked.honest
        tries.append(asked.honest)
        return Said(status=504) if len(tries) == 1 else Said(status=409)

    return answer


def stale(times):
    """Return the previous content for a while; answer no read in a batch."""

    def begin():
        before, left = {}, []

        def answer(asked):
            if asked.is_batch:
                return Said(status=400)
            if writes(asked):
                left.append(times)
                return asked.honest
            if not left and reads(asked):
                before[asked.path] = asked.honest
            if left and asked.path in before and left[-1] > 0:
                left[-1] -= 1
                return before[asked.path]
            return asked.honest

        return answer

    return begin


def unreadable(answered=None):
    """Refuse all reads after a write; the write gets its real response, or the given one."""
    tries = []

    def answer(asked):
        if writes(asked):
            tries.append(asked.honest)
            return answered or tries[-1]
        return Said(status=500) if tries else asked.honest

    return answer


def piecemeal(asked):
    """Process each entry separately, as in a batch, and refuse the first."""
    bundle = json.loads(asked.body)
    refused, *others = bundle["entry"]
    body = json.dumps({**bundle, "entry": others}).encode()
    said = asked.server.ask("POST", asked.target, body)
    answers = [{"response": {"status": "422 Unprocessable"}}, *said.json["entry"]]
    assert refused["request"]["method"] == "PUT"
    return said.of({**said.json, "entry": answers})


def piecemeal_and_refused(asked):
    """Process each entry separately, refuse one, and answer as if all were refused."""
    piecemeal(asked)
    return Said(status=400)


def own_ids(asked):
    """Store each resource with an id that the server chooses."""
    bundle = json.loads(asked.body)
    for number, entry in enumerate(bundle["entry"]):
        kind = entry["resource"]["resourceType"]
        entry["resource"]["id"] = f"own-{number}"
        entry["request"] = {"method": "PUT", "url": f"{kind}/own-{number}"}
        entry.pop("fullUrl")
    return asked.server.ask("POST", asked.target, json.dumps(bundle).encode())


def unlisted(asked):
    """Remove the transactions from the CapabilityStatement."""
    said = asked.honest
    statement = said.json
    statement["rest"][0]["interaction"] = []
    return said.of(statement)


def statement(asked):
    return asked.kind == "metadata"


def case(name, says_, fault, fails="", **more):
    return Case(
        id=name, says=f"The server {says_}.", fault=fault, fails=everywhere(fails) if fails else {},
        **{"ways": WRITE, **more},
    )  # fmt: skip


CASES = (
    *(
        case(
            f"write-{status}-{name}",
            f"answers {status} to the transaction, {when}",
            fault,
            fails,
            seen=seen,
        )
        for status, seen in BUSY.items()
        for name, when, fault, fails in (
            ("once", "once, and has not done it", first(writes, says(status)), ""),
            ("done", "and has done it", first(writes, written(says(status))), ""),
            ("always", "each time, and does nothing", always(writes, says(status)), OPEN),
        )
    ),
    case("write-429", "asks twice to wait before the transaction",
         first(writes, says(429, Retry_After=7), 2)),
    case("write-429-always", "is always too busy for the transaction",
         always(writes, says(429, Retry_After=7)), NOTHING),
    case("write-425", "answers 425 (too early), once", first(writes, says(425))),
    case("write-409", "reports a conflict, once", first(writes, outcome(409, "conflict"))),
    case("write-409-always", "reports a conflict each time",
         always(writes, outcome(409, "conflict")),
         "Another client wrote to the same resources, 3 times"),
    case("write-412", "reports another version, once", first(writes, outcome(412, "conflict"))),
    *(
        case(f"write-{status}", f"refuses the transaction with {status}",
             always(writes, outcome(status, code)), words)
        for status, code, words in (
            (400, "structure", "send a resource of the Bundle to its $validate"),
            (403, "forbidden", "refused the transaction: 403"),
            (404, "not-found", "It does not accept transactions at this URL"),
            (405, "not-supported", "It does not accept transactions at this URL"),
            (413, "too-long", "raise the limit"),
            (422, "business-rule", "send a resource of the Bundle to its $validate"),
            (501, "not-supported", "It does not accept transactions at this URL"),
        )
    ),
    *(
        case(f"write-{status}-done", f"answers {status} to the transaction, and has committed it",
             first(writes, written(outcome(status, code))))
        for status, code in (
            (400, "structure"), (403, "forbidden"),
            (413, "too-long"), (422, "business-rule"), (501, "not-supported"),
        )
    ),
    case("write-400-piecemeal", "processes each entry separately, refuses one, and answers 400",
         always(writes, piecemeal_and_refused), "resources were written nevertheless",
         ways=("create", "update")),
    case("write-400-unreadable", "answers 400, and then no resource can be read",
         lambda: unreadable(Said(status=400)), UNKNOWN),
    *(
        case(f"write-too-large-{name}", f"does not accept a Bundle of this size, and says so {how}",
             always(writes, fault), TOO_LARGE)
        for name, how, fault in (
            ("code", "by the code of a 400", outcome(400, "too-long")),
            ("words", "in the text of a 400", says(400, "Request payload size exceeds the limit: "
                                                        "99")),
            ("404", "in the text of a 404", says(404, "denied: exceeds the request content "
                                                      "length")),
            ("500", "in the text of a 500", says(500, "Transaction Bundle Too large. It contains "
                                                      "9")),
        )
    ),
    case("write-cut-before", "closes the connection before it commits", first(writes, reset)),
    case("write-cut-after", "closes the connection after it has committed",
         first(writes, written(reset))),
    case("write-cut-answer", "closes the connection in the middle of its response, after it has "
                             "committed",
         first(writes, written(half))),
    case("write-cut-body", "sends the headers of its response and then closes the connection",
         first(writes, written(only_headers))),
    case("write-cut-always", "closes each connection, and does nothing", always(writes, reset),
         OPEN),
    case("write-late", "answers 504, and commits when it receives the second try", late),
    case("write-late-conflict", "commits, answers 504, and answers the second try with a conflict",
         overtaken),
    case("write-minimal", "answers with an empty body", first(writes, written(says(200, "")))),
    case("write-204", "answers 204", first(writes, written(says(204, "")))),
    case("write-page", "commits and answers with an HTML page",
         first(writes, written(says(200, "<html>", "text/html")))),
    case("write-slash", "accepts transactions only at its base URL with a trailing slash",
         always(lambda asked: writes(asked) and not asked.path.endswith("/"), says(404))),
    case("write-packed", "commits and answers with an encoding that was not requested",
         first(writes, written(lambda asked: asked.honest.having(Content_Encoding="br")))),
    case("write-redirect", "redirects to another address",
         always(writes, says(307, Location="http://other.invalid/fhir")), "refers to"),
    case("write-no-work", "answers 200 and does nothing", always(writes, says(200, "")), ELSE),
    case("write-202", "answers 202 and does nothing", always(writes, says(202, "")), ELSE),
    case("write-stale", "shows the previous content for a while", stale(5)),
    case("write-unreadable", "accepts the report, and then no resource can be read",
         unreadable,
         "accepted the report, but it could not be read back"),
    case("write-piecemeal", "processes each entry separately, and refuses one",
         always(writes, piecemeal), "did not write all or nothing"),
    case("write-own-ids", "assigns other ids to the resources", always(writes, own_ids),
         "it chose other ids", ways=("create",)),
    case("write-no-transactions", "does not support transactions", always(statement, unlisted),
         "does not offer transactions"),
)  # fmt: skip
