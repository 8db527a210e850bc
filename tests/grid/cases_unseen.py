"""Undetectable faults: to a client, the server looks like one that has fewer rows."""

from case import Case
from cases_said import uncounted
from cases_search import FILED
from cases_uncounted import leaves_out, uncounted_after
from fault import always, meets, says, scores
from faults_export import polls
from faults_search import of, wants_category
from ways import BULK, FILES, NIGHTLY, PATIENT, POPULATION, SEARCH


def hides(*ids):
    """Return a server that leaves rows out of its pages, its totals and its counts."""

    def answer(asked):
        if not of("Observation", asked):
            return asked.honest
        pairs = [pair for pair in asked.pairs if pair[0] not in ("_count", "_summary")]
        everything = asked.asking([*pairs, ("_count", "1000")])
        rows = [one for one in everything.json.get("entry", []) if one["resource"]["id"] not in ids]
        shown = [] if asked.is_count else rows
        return everything.of(everything.json | {"total": len(rows), "entry": shown, "link": []})

    return lambda: answer


def without_line(identifier):
    """Remove a line from a file of an export."""

    def answer(asked):
        lines = asked.honest.body.splitlines(keepends=True)
        kept = [one for one in lines if f'"{identifier}"'.encode() not in one]
        return asked.honest.of(body=b"".join(kept))

    return answer


def uncounted_files(asked):
    """Remove the counts from a manifest."""
    content = asked.honest.json
    for one in content["output"]:
        one.pop("count")
    return asked.honest.of(content)


CASES = [
    Case(
        id="row-hidden-everywhere",
        says="Rows are missing from pages, totals and counts alike, for example because an index "
        "is not up to date, "
        "or the login may not see them.",
        ways=SEARCH,
        fault=hides("c1", "new1"),
        unseen={POPULATION: ("c1",), PATIENT: ("c1",), NIGHTLY: ("c1", "new1")},
    ),
    Case(
        id="category-of-the-site",
        says="Observations are refused without a category, and one score has only a "
        "site-specific category, which the study file does not name.",
        seen="Epic's and Oracle Health's documentation",
        ways=(PATIENT,),
        settings=("source.patients=['a', 'b', 'c']",),
        resources=FILED,
        fault=always(wants_category, says(400)),
        unseen={PATIENT: ("c1",)},
        warns="of its own, add it to",
    ),
    Case(
        id="uncounted-row-left-out",
        says="The server counts nothing, and a row is left out each time that its page is "
        "requested.",
        ways=(POPULATION, PATIENT),
        fault=uncounted((scores, leaves_out("c1"))),
        unseen={POPULATION: ("c1",), PATIENT: ("c1",)},
    ),
    Case(
        id="uncounted-links-end-early-in-one-second",
        says="The server counts nothing, a search returns at most four rows, and more rows were "
        "changed in "
        "the same second.",
        ways=(NIGHTLY,),
        fault=uncounted((scores, uncounted_after(4))),
        unseen={NIGHTLY: ("new3",)},
        warns="nothing confirms that all",
    ),
    Case(
        id="uncounted-file-without-a-line",
        says="The manifest of an export counts nothing, and a line is missing from a file.",
        ways=(BULK,),
        fault=meets((polls, uncounted_files), (scores, without_line("c1"))),
        unseen={BULK: ("c1",)},
    ),
    Case(
        id="file-without-a-line",
        says="A line is missing from a file in the folder.",
        seen="assumed",
        ways=(FILES,),
        fault=always(scores, without_line("c1")),
        unseen={FILES: ("c1",)},
    ),
]
