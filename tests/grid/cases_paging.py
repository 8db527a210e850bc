"""Faults of paging: links, cursors, pages, totals, and rows that come and go."""

from itertools import count

import data
from fault import (
    WAYS,
    Case,
    always,
    anything,
    edited,
    everywhere,
    first,
    later_scores,
    linked,
    says,
    scores,
    without_rows,
)

POPULATION, PATIENT, NIGHTLY = WAYS
HAS = "the server says it has"
NEW = "brought nothing new"


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
            says=f"Next links are answered {status}, however often the search is begun.",
            seen=seen,
            fault=always(later_scores, says(status)),
            fails=everywhere(f"answered {status}"),
        ),
    )


def _elsewhere(url, asked):
    return url.replace(asked.server.base, "http://other.example/r4")


def _internal(url, asked):
    return url.replace(asked.server.root, "http://fhir-backend:8080")


def _port_twice(url, asked):
    port = asked.server.server_address[1]
    return url.replace(f":{port}/", f":{port}:{port}/")


def _from_root(url, asked):
    return url.replace(asked.server.root, "")


def _from_base(url, asked):
    return url.replace(f"{asked.server.base}/", "")


def _loop(page, asked):
    page["link"] = [{"relation": "next", "url": f"{asked.server.root}{asked.target}"}]


def _long(url, _):
    return url if len(url) > 4096 else f"{url}&padding={'x' * 4096}"


def _refuses_long(asked):
    if len(asked.target) > 4096:
        return says(404)(asked)
    return linked(_long)(asked)


def _one_more(page, asked):
    """The last page has a next link, which the server cannot answer."""
    if not any(link["relation"] == "next" for link in page.get("link", [])):
        page["link"].append({"relation": "next", "url": f"{asked.server.base}/Observation?_page=x"})


def _last_fails(asked):
    return says(504)(asked) if asked.parameters.get("_page") == "x" else edited(_one_more)(asked)


def _empty(asked):
    """A page of no rows, whose next link leads to the page that was asked for."""
    page = asked.honest.json
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return asked.honest.of({**page, "entry": [], "link": [{"relation": "next", "url": url}]})


TURNS = count()


def _filled(asked):
    return later_scores(asked) and "again" not in asked.parameters


def _earlier(asked):
    """The page before the one that was asked for, and then that one."""
    start = int(asked.parameters["_offset"])
    before = asked.server.ask("GET", asked.target.replace(f"={start}", f"={max(0, start - 2)}"))
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return before.of(before.json | {"link": [{"relation": "next", "url": url}]})


def _from_the_first(asked):
    """Each page is the first one, with another next link."""
    start = int(asked.parameters["_offset"])
    page = asked.server.ask("GET", asked.target.replace(f"_offset={start}", "_offset=0")).json
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return asked.honest.of(page | {"link": [{"relation": "next", "url": url}]})


def _overlapping(page, asked):
    start = int(asked.parameters["_offset"])
    before = asked.server.ask("GET", asked.target.replace(f"={start}", f"={max(0, start - 2)}"))
    page["entry"] = before.json["entry"][-1:] + page["entry"]


def _doubled(page, _):
    page["entry"] = [entry for entry in page.get("entry", []) for _ in range(2)]


def _swapped(page, _):
    """In place of one row another stands twice."""
    rows = page.get("entry", [])
    ids = [row["resource"]["id"] for row in rows]
    for missing in {"new1", "c1"}.intersection(ids):
        rows[ids.index(missing)] = rows[ids.index(missing) - 1]


def _shows(*ids):
    """Whether a page has one of these rows."""

    def shows(asked):
        return scores(asked) and any(f'"{one}"' in asked.honest.body.decode() for one in ids)

    return shows


def _no_next_after(rows):
    def edit(page, asked):
        if int(asked.parameters.get("_offset", 0)) + 2 >= rows:
            page["link"] = [link for link in page["link"] if link["relation"] != "next"]

    return edited(edit)


def _refuses_after(rows):
    def answer(asked):
        is_far = int(asked.parameters.get("_offset", 0)) >= rows
        return says(400)(asked) if is_far else asked.honest

    return answer


def _drops_filter(asked):
    """The next link has no filter: what follows is all that there is of the type."""
    start = int(asked.parameters.get("_from", 0))
    if not asked.is_next and not start:
        return linked(lambda *_: f"{asked.server.base}/Observation?_from=2")(asked)
    everything = asked.asking([("_count", "1000")])
    page, url = everything.json, f"{asked.server.base}/Observation?_from={start + 2}"
    rows = page["entry"]
    link = [{"relation": "next", "url": url}] if start + 2 < len(rows) else []
    return everything.of(page | {"entry": rows[start : start + 2], "link": link})


def _comes(asked):
    asked.server.put(data.score("comes", "c"))
    return asked.honest


def _vanishes(asked):
    asked.server.delete("Observation", "c2")
    return asked.honest


def _is_replaced(asked):
    asked.server.delete("Observation", "c2")
    asked.server.put(data.score("comes", "c"))
    return asked.honest


def _pad(page, _):
    page["note"] = "x" * 3_000_000


def _deep(asked):
    return asked.honest.of(body=b'{"resourceType":"Bundle","x":' + b"[" * 5000)


def _nested(depth):
    nested = []
    for _ in range(depth):
        nested = [nested]
    return nested


CASES = [
    *_expired(410, "hapi-fhir#7220, fhir-data-pipes#845"),
    *_expired(404, "observed"),
    *_expired(400, "observed"),
    Case(
        id="next-on-another-host",
        says="The next link leads to another host and path.",
        seen="metriport#4974, microsoft/fhir-server#1317",
        fault=always(scores, linked(_elsewhere)),
        fails=everywhere("sends us on to http://other.example"),
    ),
    Case(
        id="next-by-an-internal-name",
        says="The next link has the server's name behind its proxy.",
        seen="blaze#330, microsoft/fhir-server#1080",
        fault=always(anything, linked(_internal)),
        warns="calls itself http://fhir-backend:8080",
    ),
    Case(
        id="next-with-the-port-twice",
        says="The next link has the port twice.",
        seen="fhircore#1714, FhirExtinguisher#13",
        fault=always(anything, linked(_port_twice)),
    ),
    Case(
        id="next-relative-to-the-root",
        says="The next link is relative, and begins with a slash.",
        seen="fhircrackr#110",
        fault=always(anything, linked(_from_root)),
    ),
    Case(
        id="next-relative-to-the-base",
        says="The next link is relative to the base.",
        seen="observed",
        fault=always(anything, linked(_from_base)),
    ),
    Case(
        id="next-drops-the-filter",
        says="The next link has no filter, so that everything comes.",
        seen="observed",
        fault=always(scores, _drops_filter),
        warns="does not heed",
    ),
    Case(
        id="next-in-a-loop",
        says="A later page's next link leads to that page.",
        fault=always(later_scores, edited(_loop)),
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
        says="Next links have over 4 KB, and the server finds none of those.",
        seen="microsoft/fhir-server#2250",
        fault=always(scores, _refuses_long),
        fails=everywhere("answered 404"),
    ),
    Case(
        id="last-page-leads-to-a-timeout",
        says="The last page has a next link, which is answered 504.",
        seen="hapi-fhir#1300",
        fault=always(scores, _last_fails),
        fails=everywhere("answered 504"),
    ),
    Case(
        id="empty-page-in-the-middle",
        says="Before each later page comes an empty one.",
        fault=always(_filled, _empty),
    ),
    Case(
        id="empty-pages-for-good",
        says="Empty pages follow each other without an end.",
        fault=always(later_scores, _empty),
        fails=everywhere(NEW),
    ),
    Case(
        id="repeated-page",
        says="Before each later page comes the one before it once more.",
        seen="medplum#4608",
        fault=always(_filled, _earlier),
    ),
    Case(
        id="first-page-for-good",
        says="Each next link leads to the first page again, with a new next link.",
        seen="OpenELIS#4235",
        fault=always(later_scores, _from_the_first),
        fails=everywhere(NEW),
    ),
    Case(
        id="page-that-overlaps",
        says="A later page begins with the last row of the page before it.",
        seen="hapi-fhir#3608, microsoft/fhir-server#1792",
        fault=always(later_scores, edited(_overlapping)),
    ),
    Case(
        id="row-twice-on-a-page",
        says="Each row stands twice on its page.",
        seen="LinuxForHealth#440",
        fault=always(scores, edited(_doubled)),
    ),
    Case(
        id="row-missing-once",
        says="The total counts a row that its page leaves out, once.",
        seen="medplum#4608",
        fault=first(_shows("new1", "c1"), without_rows("new1", "c1")),
    ),
    Case(
        id="row-missing-for-good",
        says="The total counts a row that its page leaves out, always.",
        seen="fhir-data-pipes#1431",
        fault=always(scores, without_rows("new1", "c1")),
        fails=everywhere(HAS),
    ),
    Case(
        id="row-hidden-by-another-twice",
        says="A row is missing and another stands twice, so that the total seems right.",
        seen="microsoft/fhir-server#1792",
        fault=always(scores, edited(_swapped)),
        fails=everywhere(HAS),
    ),
    Case(
        id="row-comes-while-one-pages",
        says="A row comes between two pages.",
        seen="observed",
        fault=first(later_scores, _comes),
        is_moving=True,
    ),
    Case(
        id="row-vanishes-while-one-pages",
        says="A row is deleted between two pages.",
        seen="observed",
        fault=first(later_scores, _vanishes),
        is_moving=True,
    ),
    Case(
        id="row-replaced-while-one-pages",
        says="Between two pages a row is deleted, and another comes: the count stays.",
        seen="observed",
        fault=first(later_scores, _is_replaced),
        is_moving=True,
    ),
    Case(
        id="no-next-after-four-rows",
        says="A search gives four rows at most, and then no next link, whatever its total.",
        seen="hapi-fhir#3599",
        fault=always(scores, _no_next_after(4)),
        fails={PATIENT: HAS, NIGHTLY: HAS},
    ),
    Case(
        id="refused-after-four-rows",
        says="A page after the fourth row is answered 400.",
        seen="observed",
        fault=always(scores, _refuses_after(4)),
        fails={PATIENT: "answered 400", NIGHTLY: "answered 400"},
    ),
    Case(
        id="page-of-3-mb",
        says="Each page has 3 MB.",
        fault=always(scores, edited(_pad)),
    ),
    Case(
        id="page-nested-too-deep",
        says="A page is nested 5,000 levels deep.",
        fault=always(scores, _deep),
        fails=everywhere("broken JSON"),
    ),
    Case(
        id="rows-nested-deep",
        says="A row has an element that is nested 60 levels deep.",
        disguised={"new1": {"x": _nested(60)}, "c1": {"x": _nested(60)}},
    ),
]  # fmt: skip
