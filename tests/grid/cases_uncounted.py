"""Servers without totals and counts: when a pull is complete, and when it fails."""

from case import Case, everywhere
from cases_said import uncounted
from fault import edited, first, later_scores, scores
from faults_paging import comes, doubled, no_next_after, overlapping, swapped
from faults_search import without_total
from ways import NIGHTLY, PATIENT, POPULATION

TWICE = "ids come twice in each pass"
SCORES = (
    "stranger",
    *(f"{one}{number}" for one in "abc" for number in range(3)),
    "new0",
    "new1",
    "new2",
    "new3",
    "d0",
)


def third_is_second(asked):
    """Send the second page again as the third, and then the fourth."""
    start = int(asked.parameters.get("_offset", 0))
    if start != 4:
        return edited(without_total)(asked)
    second = asked.server.ask("GET", asked.target.replace("_offset=4", "_offset=2")).json
    page = asked.honest.json
    second["link"] = page["link"]
    second.pop("total", None)
    return asked.honest.of(second)


def third_is_second_undated(asked):
    page = third_is_second(asked).json
    for entry in page.get("entry", []):
        entry["resource"].pop("meta", None)
    return asked.honest.of(page)


def uncounted_after(rows):
    """End the links after a number of rows, without a total that would show it."""

    def answer(asked):
        page = no_next_after(rows)(asked).json
        page.pop("total", None)
        return asked.honest.of(page)

    return answer


def uncounted_page(change):
    def edit(page, asked):
        page.pop("total", None)
        change(page, asked)

    return edited(edit)


def leaves_out(*ids):
    """Remove rows from pages without totals."""

    def edit(page, _):
        page.pop("total", None)
        kept = [one for one in page.get("entry", []) if one["resource"]["id"] not in ids]
        page["entry"] = kept

    return edited(edit)


def listings(asked):
    """Return whether scores are requested, but not by their ids."""
    return scores(asked) and "_id" not in asked.parameters


def _moving():
    """Create a row between two pages, once."""
    coming, counting = first(later_scores, comes)(), uncounted()()

    def answer(asked):
        coming(asked)
        return counting(asked)

    return answer


CASES = [
    Case(
        id="uncounted",
        says="There is no total, and a count is answered 400; there is no other fault.",
        fault=uncounted(),
    ),
    Case(
        id="uncounted-undated",
        says="The same, and no row has a lastUpdated.",
        disguised={row: {"meta": {}} for row in SCORES},
        fault=uncounted(),
        warns="nothing confirms that all",
    ),
    Case(
        id="uncounted-page-twice",
        says="The server counts nothing, and the third page is the second one again.",
        fault=uncounted((scores, third_is_second)),
        # All changes of a day of the grid have the same second: the query cannot be divided.
        fails={NIGHTLY: TWICE},
    ),
    Case(
        id="uncounted-page-twice-undated",
        says="The same, and no row has a lastUpdated.",
        ways=(POPULATION, NIGHTLY),
        fault=uncounted((scores, third_is_second_undated)),
        fails=everywhere(TWICE),
    ),
    Case(
        id="uncounted-page-that-overlaps",
        says="The server counts nothing, and a later page begins with the last row of the "
        "previous one.",
        fault=uncounted((later_scores, uncounted_page(overlapping))),
        fails=everywhere(TWICE),
    ),
    Case(
        id="uncounted-row-hidden-by-another",
        says="The server counts nothing, and another row occurs twice in place of a row.",
        fault=uncounted((scores, uncounted_page(swapped))),
        fails=everywhere(TWICE),
    ),
    Case(
        id="uncounted-rows-twice",
        says="The server counts nothing, and each row occurs twice on its page.",
        fault=uncounted((scores, uncounted_page(doubled))),
        fails=everywhere(TWICE),
    ),
    Case(
        id="uncounted-links-end-early",
        says="The server counts nothing, and a search returns at most four rows, and then no next "
        "link.",
        ways=(POPULATION, PATIENT),
        fault=uncounted((scores, uncounted_after(4))),
    ),
    Case(
        id="uncounted-row-comes-while-one-pages",
        says="The server counts nothing, and a row is created between two pages.",
        is_moving=True,
        fault=_moving,
    ),
    Case(
        id="uncounted-listing-leaves-a-row-out",
        says="The server counts nothing; a search leaves out a row that the store has, and a "
        "search by _id "
        "finds it.",
        seen="assumed",
        ways=(NIGHTLY,),
        fault=uncounted((listings, leaves_out("c1"))),
        fails=everywhere("are not listed, but found by _id", (NIGHTLY,)),
    ),
]
