"""Responses of the wrong kind: status 200, but not a page, a row or a manifest."""

from case import Case, everywhere
from fault import always, anything, counts, edited, later_scores, meets, once, says, scores
from faults_export import files, having, polls
from faults_search import has, no_count, without_total
from ways import BULK_NIGHTLY, EXPORT, NIGHTLY, PATIENT

NO_PAGE = "not with a searchset"
GATEWAY = '{"message": "Endpoint request timed out"}'
BODIES = {
    "message": (GATEWAY, "a gateway's time-out message"),
    "error": ('{"error": "internal"}', "an error object of the server"),
    "object": ("{}", "an empty object"),
    "list": ("[]", "an empty list"),
    "null": ("null", "null"),
    "text": ('"done"', "a text"),
}


def in_json(body):
    return says(200, body, "application/json")


def conditions(asked):
    return asked.kind == "Condition" and asked.is_page


def of_b(asked):
    """Return whether the scores of patient b are requested, alone or with others."""
    return scores(asked) and "b" in asked.parameters.get("patient", "").split(",")


def history(asked):
    return asked.is_history


def uncounted(*more):
    """Return a server without totals and counts, with further faults that apply first."""
    return meets(*more, (lambda asked: scores(asked) or counts(asked), no_count))


def shortened(page, _):
    """Keep only the first entry of a history and no next link; keep the total."""
    page["entry"] = page["entry"][:1]
    page["link"] = [one for one in page["link"] if one["relation"] == "self"]


def empty_rows(page, _):
    for entry in page.get("entry", []):
        entry.pop("resource")


def null_rows(page, _):
    for entry in page.get("entry", []):
        entry["resource"] = None


def named_rows(page, _):
    for entry in page.get("entry", []):
        entry.pop("search")
        entry["resource"]["resourceType"] = "error"


def of_type(kind):
    return lambda page, _: page.update(type=kind)


CASES = [
    *(
        Case(
            id=f"page-is-{name}",
            says=f"The first page is answered 200 with {words}.",
            seen="observed" if name == "message" else "assumed",
            fault=always(scores, in_json(body)),
            fails=everywhere(NO_PAGE),
        )
        for name, (body, words) in BODIES.items()
    ),
    *(
        Case(
            id=f"later-page-is-{name}",
            says=f"The server counts nothing, and later pages are answered 200 with {words}.",
            seen="observed" if name == "message" else "assumed",
            fault=uncounted((later_scores, in_json(body))),
            fails=everywhere(NO_PAGE),
        )
        for name, (body, words) in BODIES.items()
    ),
    Case(
        id="page-of-one-patient-is-a-message",
        says="The server counts nothing, and a search for one patient's scores is answered 200 "
        "with a message.",
        ways=(PATIENT,),
        fault=uncounted((of_b, in_json(GATEWAY))),
        fails=everywhere(NO_PAGE),
    ),
    Case(
        id="page-of-conditions-is-a-message",
        says="The server counts nothing, and a search for Conditions is answered 200 with a "
        "message.",
        fault=uncounted((conditions, in_json(GATEWAY))),
        fails=everywhere("(Condition, page 1)"),
    ),
    Case(
        id="message-once",
        says="Each request is answered 200 with a gateway's message, once.",
        fault=once(anything, in_json(GATEWAY)),
    ),
    Case(
        id="count-is-a-message",
        says="Pages have no total, and a count is answered 200 with a message.",
        fault=meets((counts, in_json(GATEWAY)), (scores, edited(without_total))),
        fails=everywhere(NO_PAGE),
    ),
    Case(
        id="listing-is-a-message",
        says="The server counts nothing; in a pull that compares all ids, later pages of the list "
        "of ids are "
        "answered 200 with a message (`abate reconcile`).",
        ways=(NIGHTLY,),
        is_compared=True,
        fault=uncounted((later_scores, in_json(GATEWAY))),
        fails=everywhere(NO_PAGE, (NIGHTLY,)),
    ),
    Case(
        id="history-is-a-message",
        says="The history of Patients is answered 200 with a message.",
        ways=(NIGHTLY,),
        fault=always(history, in_json(GATEWAY)),
        fails=everywhere("not with a history", (NIGHTLY,)),
    ),
    Case(
        id="history-shorter-than-its-total",
        says="The history of Patients has one entry, no next link, and a larger total.",
        ways=(NIGHTLY,),
        fault=always(history, edited(shortened)),
        warns="Each is asked for by its id",
    ),
    Case(
        id="patients-by-id-are-a-message",
        says="A search for Patients by their ids is answered 200 with a message.",
        fault=always(has("_id", "Patient"), in_json(GATEWAY)),
        ways=(PATIENT, NIGHTLY),
        fails=everywhere(NO_PAGE, (PATIENT, NIGHTLY)),
    ),
    Case(
        id="bundle-of-another-type",
        says="A page is a Bundle of type collection.",
        fault=always(scores, edited(of_type("collection"))),
        fails=everywhere("is not of type searchset"),
    ),
    Case(
        id="entries-without-resources",
        says="The server counts nothing, and entries have no resource.",
        fault=uncounted((scores, edited(empty_rows))),
        fails=everywhere("not a resource with a type"),
    ),
    Case(
        id="entries-of-null",
        says="The server counts nothing, and the resource of each entry is null.",
        fault=uncounted((scores, edited(null_rows))),
        fails=everywhere("not a resource with a type"),
    ),
    Case(
        id="entries-of-no-type",
        says="The server counts nothing, and entries have neither a search mode nor a type of "
        "FHIR.",
        fault=uncounted((scores, edited(named_rows))),
        fails=everywhere("not a resource with a type"),
    ),
    Case(
        id="manifest-is-a-message",
        says="The manifest of an export is a gateway's message.",
        ways=EXPORT,
        fault=always(polls, in_json(GATEWAY)),
        fails=everywhere("without an export manifest", EXPORT),
    ),
    Case(
        id="manifest-says-nothing",
        says="The manifest names neither a file nor its transactionTime.",
        seen="assumed",
        ways=EXPORT,
        fault=always(polls, in_json('{"output": []}')),
        fails=everywhere("without an export manifest", EXPORT),
    ),
    Case(
        id="file-is-a-message",
        says="The file of pain scores is a gateway's message.",
        ways=EXPORT,
        fault=always(lambda asked: files(asked) and scores(asked), says(200, GATEWAY)),
        fails=everywhere("none of them is a FHIR resource", EXPORT),
    ),
    Case(
        id="deletions-are-a-message",
        says="The file of deletions is a gateway's message.",
        seen="assumed",
        ways=(BULK_NIGHTLY,),
        fault=having("deleted", GATEWAY.encode()),
        fails=everywhere("not a Bundle of deletions", (BULK_NIGHTLY,)),
    ),
]
