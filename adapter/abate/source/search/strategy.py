"""The strategy `auto`: the whole population by code, or patient by patient.

The index procedures have landed, so that the study's patients are known. The server counts what it
has by code, and what these patients have of it: a search by code that would bring mostly what other
people have is not used.
"""

from collections.abc import Sequence
from math import ceil

from abate.source.query import Query, in_pieces
from abate.source.search.pull import Pull

# So many resources may come for each one of the study's patients.
MOST_A_RESOURCE = 1.2
# What so many patients have is counted; of more, the rest is estimated.
COUNTED = 20

Choice = tuple[str, str]


def choose(pull: Pull) -> Choice:
    """The strategy that brings the least, and why.

    `population` where all that it brings is at most 1.2 times what the study's patients have: from
    the second night on it asks only for what changed.
    """
    people = pull.index_patients()
    in_both = pull.index_procedures() + len(people)
    there = studied = 0
    for query in pull.plan.besides:
        total = pull.fetcher.count(query)
        if total is None:
            return "patient", "the server does not count a search over all patients"
        share = _share(pull, query, people) if total else 0
        if share is None:
            return "patient", "the server does not count what a patient has"
        there, studied = there + total, studied + min(total, share)
    why = (
        f"of {there} resources that a search by code finds, about {studied} are of the study's "
        f"{len(people)} patients"
    )
    is_mostly_ours = in_both + there <= MOST_A_RESOURCE * (in_both + studied)
    return "population" if is_mostly_ours else "patient", why


def _share(pull: Pull, query: Query, people: Sequence[str]) -> int | None:
    """How many resources the study's patients have; None where the server does not count them."""
    counted = people[:: ceil(len(people) / COUNTED)]
    total = 0
    for some in in_pieces(counted, pull.patients_a_query):
        count = pull.fetcher.count(query.of(patients=some))
        if count is None:
            return None
        total += count
    return round(total * len(people) / len(counted))
