"""Faults of paging: links, cursors, pages, totals, and rows that are created and deleted."""

from case import Case, everywhere
from fault import (
    always,
    anything,
    edited,
    first,
    later_scores,
    linked,
    says,
    scores,
    without_rows,
)
from faults_paging import (
    comes,
    deep,
    doubled,
    drops_filter,
    earlier,
    elsewhere,
    empty,
    filled,
    from_base,
    from_root,
    from_the_first,
    internal,
    is_replaced,
    last_fails,
    loop,
    nested,
    no_next_after,
    overlapping,
    pad,
    port_twice,
    refuses_after,
    refuses_long,
    shows,
    swapped,
    vanishes,
)
from ways import NIGHTLY, PATIENT

HAS = "the server counts"
NEW = "held nothing new"


def _expired(status, seen):
    return (
        Case(
            id=f"cursor-expired-{status}-once",
            says=f"A next link is answered {status} once: it has expired.",
            seen=seen,
            fault=first(later_scores, says(status)),
        ),
        Case(
            id=f"cursor-expired-{status}-for-good",
            says=f"Next links are answered {status}, however often the search is started.",
            seen=seen,
            fault=always(later_scores, says(status)),
            fails=everywhere(f"answered {status}"),
        ),
    )


CASES = [
    *_expired(410, "hapi-fhir#7220, fhir-data-pipes#845"),
    *_expired(404, "observed"),
    *_expired(400, "observed"),
    Case(
        id="next-on-another-host",
        says="The next link points to another host and path.",
        seen="metriport#4974, microsoft/fhir-server#1317",
        fault=always(scores, linked(elsewhere)),
        fails=everywhere("refers to http://other.example"),
    ),
    Case(
        id="next-by-an-internal-name",
        says="The next link has the internal name of a server behind a proxy.",
        seen="blaze#330, microsoft/fhir-server#1080",
        fault=always(anything, linked(internal)),
        warns="calls itself http://fhir-backend:8080",
    ),
    Case(
        id="next-with-the-port-twice",
        says="The next link has the port twice.",
        seen="fhircore#1714, FhirExtinguisher#13",
        fault=always(anything, linked(port_twice)),
    ),
    Case(
        id="next-relative-to-the-root",
        says="The next link is relative, and begins with a slash.",
        seen="fhircrackr#110",
        fault=always(anything, linked(from_root)),
    ),
    Case(
        id="next-relative-to-the-base",
        says="The next link is relative to the base.",
        seen="observed",
        fault=always(anything, linked(from_base)),
    ),
    Case(
        id="next-drops-the-filter",
        says="The next link lacks the filter, so all rows are returned.",
        seen="observed",
        fault=always(scores, drops_filter),
        warns="does not honour",
    ),
    Case(
        id="next-in-a-loop",
        says="The next link of a later page points to the same page.",
        fault=always(later_scores, edited(loop)),
        fails=everywhere("leads back to an earlier page"),
    ),
    Case(
        id="next-of-a-posted-search-refused",
        says="Next links of a search by POST are answered 405.",
        seen="LinuxForHealth#4235",
        fault=always(later_scores, says(405)),
        fails=everywhere("answered 405"),
    ),
    Case(
        id="next-of-over-4-kb",
        says="Next links have more than 4 KB, and the server does not find them.",
        seen="microsoft/fhir-server#2250",
        fault=always(scores, refuses_long),
        fails=everywhere("answered 404"),
    ),
    Case(
        id="last-page-leads-to-a-timeout",
        says="The last page has a next link, which is answered 504.",
        seen="hapi-fhir#1300",
        fault=always(scores, last_fails),
        fails=everywhere("answered 504"),
    ),
    Case(
        id="empty-page-in-the-middle",
        says="An empty page precedes each later page.",
        fault=always(filled, empty),
    ),
    Case(
        id="empty-pages-for-good",
        says="Empty pages follow each other without end.",
        fault=always(later_scores, empty),
        fails=everywhere(NEW),
    ),
    Case(
        id="repeated-page",
        says="Before each later page, the previous page is sent again.",
        seen="medplum#4608",
        fault=always(filled, earlier),
    ),
    Case(
        id="first-page-for-good",
        says="Each next link points to the first page again, with a new next link.",
        seen="OpenELIS#4235",
        fault=always(later_scores, from_the_first),
        fails=everywhere(NEW),
    ),
    Case(
        id="page-that-overlaps",
        says="A later page begins with the last row of the previous page.",
        seen="hapi-fhir#3608, microsoft/fhir-server#1792",
        fault=always(later_scores, edited(overlapping)),
    ),
    Case(
        id="row-twice-on-a-page",
        says="Each row occurs twice on its page.",
        seen="LinuxForHealth#440",
        fault=always(scores, edited(doubled)),
    ),
    Case(
        id="row-missing-once",
        says="The total counts a row that is missing from its page, once.",
        seen="medplum#4608",
        fault=first(shows("new1", "c1"), without_rows("new1", "c1")),
    ),
    Case(
        id="row-missing-for-good",
        says="The total counts a row that is missing from its page, always.",
        seen="fhir-data-pipes#1431",
        fault=always(scores, without_rows("new1", "c1")),
        fails=everywhere(HAS),
    ),
    Case(
        id="row-hidden-by-another-twice",
        says="A row is missing and another occurs twice, so the total seems right.",
        seen="microsoft/fhir-server#1792",
        fault=always(scores, edited(swapped)),
        fails=everywhere(HAS),
    ),
    Case(
        id="row-comes-while-one-pages",
        says="A row is created between two pages.",
        seen="observed",
        fault=first(later_scores, comes),
        is_moving=True,
    ),
    Case(
        id="row-vanishes-while-one-pages",
        says="A row is deleted between two pages.",
        seen="observed",
        fault=first(later_scores, vanishes),
        is_moving=True,
    ),
    Case(
        id="row-replaced-while-one-pages",
        says="Between two pages a row is deleted and another is created: the count does not "
        "change.",
        seen="observed",
        fault=first(later_scores, is_replaced),
        is_moving=True,
    ),
    Case(
        id="no-next-after-four-rows",
        says="A search returns at most four rows, and then no next link, whatever its total.",
        seen="hapi-fhir#3599",
        fault=always(scores, no_next_after(4)),
        fails={PATIENT: HAS, NIGHTLY: HAS},
    ),
    Case(
        id="refused-after-four-rows",
        says="A page after the fourth row is answered 400.",
        seen="observed",
        fault=always(scores, refuses_after(4)),
        fails={PATIENT: "answered 400", NIGHTLY: "answered 400"},
    ),
    Case(
        id="page-of-3-mb",
        says="Each page has 3 MB.",
        fault=always(scores, edited(pad)),
    ),
    Case(
        id="page-nested-too-deep",
        says="A page is nested 5,000 levels deep.",
        fault=always(scores, deep),
        fails=everywhere("broken JSON"),
    ),
    Case(
        id="rows-nested-deep",
        says="A row has an element that is nested 60 levels deep.",
        disguised={"new1": {"x": nested(60)}, "c1": {"x": nested(60)}},
    ),
]  # fmt: skip
