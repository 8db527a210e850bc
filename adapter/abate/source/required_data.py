"""Check that the landed resources suffice for a study if the source is not searched by code."""

from collections.abc import Iterator

from abate.errors import NothingFound, SourceError
from abate.fhir.bundle import Head, head_of
from abate.source.plan import Plan
from abate.source.query import bare
from abate.store.landing import Landing


def refuse_insufficient(landing: Landing, plan: Plan, server: str) -> None:
    """Stop if no index procedure or no pain score landed.

    Raises:
        NothingFound: names what is missing.
    """
    wanted = {
        "Procedure": ("procedure with one of the {} codes of [index]", plan.tokens("index")),
        "Observation": ("pain score with one of the {} codes of [scores]", plan.tokens("scores")),
    }
    for kind, (what, tokens) in wanted.items():
        codes = {bare(token) for token in tokens}
        if not any(not codes.isdisjoint(head.codes) for head in heads(landing, kind)):
            raise NothingFound(
                f"none of the resources from {server} is a {what.format(len(tokens))}. Check the "
                "codes, and the resources that were sent."
            )


def heads(landing: Landing, kind: str) -> Iterator[Head]:
    """Yield the heads of the landed resources of a type; invalid lines are skipped."""
    for path in landing.paths(kind):
        with path.open("rb") as file:
            for line in file:
                try:
                    yield head_of(line)
                except SourceError:
                    continue
