"""What a server may do to links, cursors, pages and totals."""

from itertools import count

import made
from fault import (
    edited,
    later_scores,
    linked,
    says,
    scores,
)


def elsewhere(url, asked):
    return url.replace(asked.server.base, "http://other.example/r4")


def internal(url, asked):
    return url.replace(asked.server.root, "http://fhir-backend:8080")


def port_twice(url, asked):
    port = asked.server.server_address[1]
    return url.replace(f":{port}/", f":{port}:{port}/")


def from_root(url, asked):
    return url.replace(asked.server.root, "")


def from_base(url, asked):
    return url.replace(f"{asked.server.base}/", "")


def loop(page, asked):
    page["link"] = [{"relation": "next", "url": f"{asked.server.root}{asked.target}"}]


def long(url, _):
    return url if len(url) > 4096 else f"{url}&padding={'x' * 4096}"


def refuses_long(asked):
    if len(asked.target) > 4096:
        return says(404)(asked)
    return linked(long)(asked)


def one_more(page, asked):
    """The last page has a next link, which the server cannot answer."""
    if not any(link["relation"] == "next" for link in page.get("link", [])):
        page["link"].append({"relation": "next", "url": f"{asked.server.base}/Observation?_page=x"})


def last_fails(asked):
    return says(504)(asked) if asked.parameters.get("_page") == "x" else edited(one_more)(asked)


def empty(asked):
    """A page of no rows, whose next link leads to the page that was asked for."""
    page = asked.honest.json
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return asked.honest.of({**page, "entry": [], "link": [{"relation": "next", "url": url}]})


TURNS = count()


def filled(asked):
    return later_scores(asked) and "again" not in asked.parameters


def earlier(asked):
    """The page before the one that was asked for, and then that one."""
    start = int(asked.parameters["_offset"])
    before = asked.server.ask(
        "GET", asked.target.replace(f"_offset={start}", f"_offset={max(0, start - 2)}")
    )
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return before.of(before.json | {"link": [{"relation": "next", "url": url}]})


def from_the_first(asked):
    """Each page is the first one, with another next link."""
    start = int(asked.parameters["_offset"])
    page = asked.server.ask("GET", asked.target.replace(f"_offset={start}", "_offset=0")).json
    url = f"{asked.server.root}{asked.target}&again={next(TURNS)}"
    return asked.honest.of(page | {"link": [{"relation": "next", "url": url}]})


def overlapping(page, asked):
    start = int(asked.parameters["_offset"])
    before = asked.server.ask(
        "GET", asked.target.replace(f"_offset={start}", f"_offset={max(0, start - 2)}")
    )
    page["entry"] = before.json["entry"][-1:] + page["entry"]


def doubled(page, _):
    page["entry"] = [entry for entry in page.get("entry", []) for _ in range(2)]


def swapped(page, _):
    """In place of one row another stands twice."""
    rows = page.get("entry", [])
    ids = [row["resource"]["id"] for row in rows]
    for missing in {"new1", "c1"}.intersection(ids):
        rows[ids.index(missing)] = rows[ids.index(missing) - 1]


def shows(*ids):
    """Whether a page has one of these rows."""

    def shows(asked):
        return scores(asked) and any(f'"{one}"' in asked.honest.body.decode() for one in ids)

    return shows


def no_next_after(rows):
    def edit(page, asked):
        if int(asked.parameters.get("_offset", 0)) + 2 >= rows:
            page["link"] = [link for link in page["link"] if link["relation"] != "next"]

    return edited(edit)


def refuses_after(rows):
    def answer(asked):
        is_far = int(asked.parameters.get("_offset", 0)) >= rows
        return says(400)(asked) if is_far else asked.honest

    return answer


def drops_filter(asked):
    """The next link has no filter: what follows is all that there is of the type."""
    start = int(asked.parameters.get("_from", 0))
    if not asked.is_next and not start:
        return linked(lambda *_: f"{asked.server.base}/Observation?_from=2")(asked)
    everything = asked.asking([("_count", "1000")])
    page, url = everything.json, f"{asked.server.base}/Observation?_from={start + 2}"
    rows = page["entry"]
    link = [{"relation": "next", "url": url}] if start + 2 < len(rows) else []
    return everything.of(page | {"entry": rows[start : start + 2], "link": link})


def comes(asked):
    asked.server.put(made.score("comes", "c"))
    return asked.honest


def vanishes(asked):
    asked.server.delete("Observation", "c2")
    return asked.honest


def is_replaced(asked):
    asked.server.delete("Observation", "c2")
    asked.server.put(made.score("comes", "c"))
    return asked.honest


def pad(page, _):
    page["note"] = "x" * 3_000_000


def deep(asked):
    return asked.honest.of(body=b'{"resourceType":"Bundle","x":' + b"[" * 5000)


def nested(depth):
    nested = []
    for _ in range(depth):
        nested = [nested]
    return nested
