"""Doubtful responses: lists of ids, searches for several ids, histories, counts."""

from datetime import timedelta
from wsgiref.handlers import format_date_time

from case import Case, everywhere
from fault import always, anything, edited, meets, says
from faults_search import has, ignored, no_count, nothing
from ways import BULK, BULK_NIGHTLY, NIGHTLY, PATIENT, POPULATION

RECORDS = ("Procedure", "Observation", "Condition")
ALL = (POPULATION, PATIENT, NIGHTLY)


def by_list(asked):
    """Return whether several resources are requested by their ids."""
    return has("_id")(asked) and "," in asked.parameters["_id"]


def only_the_first(asked):
    """Find only the first of several ids."""
    first = asked.parameters["_id"].partition(",")[0]
    return asked.asking([(name, first if name == "_id" else one) for name, one in asked.pairs])


def records(asked):
    """Return whether pages of the patients' records are requested."""
    return asked.kind in RECORDS and asked.is_page


def scores(asked):
    """Return whether pain scores are requested or counted."""
    return asked.kind == "Observation" and (asked.is_page or asked.is_count)


def searches(asked):
    return (asked.is_page or asked.is_count) and not asked.is_history


def history(asked):
    return asked.is_history


def emptied(page, _):
    page.pop("total", None)
    page["entry"] = []
    page["link"] = [one for one in page.get("link", []) if one["relation"] == "self"]


def unsaid(page, _):
    """Remove the total, and the self link that shows the applied parameters."""
    page.pop("total", None)
    page["link"] = [one for one in page.get("link", []) if one["relation"] != "self"]


def mute(asked):
    return no_count(asked) if asked.is_count else edited(unsaid)(asked)


def going_on(page, asked):
    """Give each page of a history a next link that is new."""
    again = int(asked.parameters.get("again", 0)) + 1
    page["link"] = [{"relation": "next", "url": f"/fhir/Patient/_history?again={again}"}]


def page_again(asked):
    """Return the first page of the history, whatever the link."""
    return edited(going_on)(asked)


def expired(asked):
    return says(410)(asked) if "again" in asked.parameters else edited(going_on)(asked)


def counted_by_page(page, _):
    """Set the total to the number of entries on the page."""
    page["total"] = len(page.get("entry", []))


def three(page, _):
    page["total"] = 3


def miscounting():
    """Leave a row out of the first response with its page; no count shows it."""
    missed = []

    def answer(asked):
        said = asked.honest
        if not scores(asked):
            return said
        page = said.json
        found = [one for one in page.get("entry", []) if one["resource"]["id"] == "a1"]
        if found and not missed:
            page["entry"].remove(*found)
            missed.append(found)
        (three if asked.is_count else counted_by_page)(page, asked)
        return said.of(page)

    return answer


def in_brackets(page, _):
    for one in page.get("link", []):
        if one["relation"] == "self":
            one["url"] = "http://[server]/fhir"


def ahead(asked):
    """Set Date two hours ahead of the server's clock, as a gateway may."""
    date = format_date_time((asked.server.now + timedelta(hours=2)).timestamp())
    return asked.honest.having(Date=date)


def by_date(asked):
    """Return whether only changes are requested."""
    return has("_lastUpdated")(asked)


def uncorrected(page, _):
    """Leave the corrected score out of the changes."""
    page["entry"] = [one for one in page.get("entry", []) if one["resource"]["id"] != "a1"]
    page.pop("total", None)


CASES = (
    Case(
        id="date-two-hours-ahead",
        says="Date is two hours ahead of lastUpdated for one night; a day and a night follow.",
        seen="assumed",
        ways=(POPULATION, NIGHTLY, BULK, BULK_NIGHTLY),
        fault=always(anything, ahead),
        is_followed=True,
    ),
    Case(
        id="clock-two-hours-ahead",
        says="The server's clock is two hours ahead for one night, on which it writes; a day and a "
        "night follow.",
        seen="assumed",
        ways=(POPULATION, NIGHTLY, BULK, BULK_NIGHTLY),
        ahead=timedelta(hours=2),
        is_followed=True,
        warns="ahead of this machine",
    ),
    Case(
        id="correction-without-a-date",
        says="A corrected score is not found by _lastUpdated (`abate reconcile`).",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(by_date, edited(uncorrected)),
        is_compared=True,
    ),
    Case(
        id="correction-without-a-version",
        says="The same for a score that has neither versionId nor lastUpdated (`abate reconcile`).",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(by_date, edited(uncorrected)),
        disguised={"a1": {"meta": {}}},
        is_compared=True,
        warns="gives no version",
    ),
    Case(
        id="elements-find-nothing",
        says="A search with _elements finds nothing.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(has("_elements"), nothing),
    ),
    Case(
        id="elements-refused",
        says="A search with _elements is answered 400.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(has("_elements"), says(400)),
    ),
    Case(
        id="nothing-for-a-night",
        says="The server counts nothing, and for one night it finds nothing (`abate reconcile`).",
        seen="assumed",
        ways=(NIGHTLY,),
        is_compared=True,
        fault=meets((records, edited(emptied)), (searches, no_count)),
        fails=everywhere("no longer has any procedures", (NIGHTLY,)),
    ),
    Case(
        id="list-of-ids-finds-nothing",
        says="A search for several ids finds nothing; a search for each id works.",
        seen="assumed",
        ways=ALL,
        fault=always(by_list, nothing),
    ),
    Case(
        id="list-of-ids-finds-the-first",
        says="A search for several ids finds only the first.",
        seen="assumed",
        ways=ALL,
        fault=always(by_list, only_the_first),
    ),
    Case(
        id="link-ignored",
        says="A search of Patients by link finds all Patients.",
        seen="assumed",
        ways=ALL,
        fault=always(has("link"), ignored("link")),
        warns="does not honour link",
    ),
    Case(
        id="link-refused",
        says="A search of Patients by link is answered 400.",
        seen="observed",
        ways=ALL,
        fault=always(has("link"), says(400)),
        warns="refuses link",
    ),
    Case(
        id="nothing-is-said",
        says="The server counts nothing, no self link shows which parameters were applied, and "
        "_lastUpdated finds "
        "nothing.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=meets((has("_lastUpdated"), nothing), (searches, mute)),
        warns="finds nothing by _lastUpdated",
    ),
    Case(
        id="total-of-the-page-and-a-row-missing",
        says="Each total is that of the page, each count is 3, and a row is missing once.",
        seen="assumed",
        ways=(POPULATION, PATIENT),
        fault=miscounting,
    ),
    Case(
        id="count-501",
        says="A count is answered 501; pages have totals.",
        seen="assumed",
        ways=(POPULATION, PATIENT),
        fault=always(lambda asked: asked.is_count, says(501)),
    ),
    Case(
        id="self-link-in-brackets",
        says="The self link is not a URL, but an unfilled placeholder.",
        seen="assumed",
        ways=ALL,
        fault=always(lambda asked: asked.is_page, edited(in_brackets)),
    ),
    *(
        Case(
            id=f"history-{status}",
            says=f"The history of Patients is declared, but answered {status}.",
            seen="assumed",
            ways=(NIGHTLY,),
            fault=always(history, says(status)),
            warns="Each is asked for by its id",
        )
        for status in (403, 404, 501)
    ),
    Case(
        id="history-without-end",
        says="Each page of the history has a next link and the same content.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(history, page_again),
        fails=everywhere("held nothing new", (NIGHTLY,)),
    ),
    Case(
        id="history-link-expired",
        says="The next link of the history has expired.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=always(history, expired),
        warns="Each is asked for by its id",
    ),
)
