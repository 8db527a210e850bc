"""The strategy `auto`: the whole population by code, or patient by patient.

The index procedures have landed, so the study's patients are known. The server is asked how many
resources it has by code, and how many of them belong to these patients. If a search by code would
return mostly resources of other people, it is not used.
"""

from collections.abc import Sequence
from math import ceil

from abate.source.query import Query, in_pieces
from abate.source.search.pull import Pull

# How many resources a search by code may return for each resource of the study's patients.
MOST_A_RESOURCE = 1.2
# The resources of this number of patients are counted; the rest is estimated.
COUNTED = 20

Choice = tuple[str, str]


def choose(pull: Pull) -> Choice:
    """Return the strategy that transfers fewer resources, and the reason.

    `population` is chosen if it returns at most 1.2 times the resources of the study's patients,
    since it requests only changes from the second pull on.
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
            return "patient", "the server does not count the resources of a patient"
        there, studied = there + total, studied + min(total, share)
    why = (
        f"of {there} resources that a search by code finds, about {studied} belong to the study's "
        f"{len(people)} patients"
    )
    is_mostly_ours = in_both + there <= MOST_A_RESOURCE * (in_both + studied)
    return "population" if is_mostly_ours else "patient", why


def _share(pull: Pull, query: Query, people: Sequence[str]) -> int | None:
    """Return how many resources the study's patients have; None if the server gives no count."""
    counted = people[:: ceil(len(people) / COUNTED)]
    total = 0
    for piece in in_pieces(counted, pull.patients_a_query):
        count = pull.fetcher.count(query.of(patients=piece))
        if count is None:
            return None
        total += count
    return round(total * len(people) / len(counted))
