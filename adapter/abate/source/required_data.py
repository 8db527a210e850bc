"""Whether what landed is enough to study: where nothing was asked by code, nothing tells before."""

from collections.abc import Iterator

from abate.errors import NothingFound, SourceError
from abate.fhir.bundle import Head, head_of
from abate.source.plan import Plan
from abate.source.query import bare
from abate.store.landing import Landing


def refuse_insufficient(landing: Landing, plan: Plan, server: str) -> None:
    """Stop where no index procedure landed, or no pain score.

    Raises:
        NothingFound: says which.
    """
    wanted = {
        "Procedure": ("procedure with one of the {} codes of [index]", plan.tokens("index")),
        "Observation": ("pain score with one of the {} codes of [scores]", plan.tokens("scores")),
    }
    for kind, (what, tokens) in wanted.items():
        codes = {bare(token) for token in tokens}
        if not any(not codes.isdisjoint(head.codes) for head in heads(landing, kind)):
            raise NothingFound(
                f"nothing that arrived of {server} is a {what.format(len(tokens))}. Check the "
                "codes, and what was sent."
            )


def heads(landing: Landing, kind: str) -> Iterator[Head]:
    """The heads of the resources of a type that landed; broken lines have none."""
    for path in landing.paths(kind):
        with path.open("rb") as file:
            for line in file:
                try:
                    yield head_of(line)
                except SourceError:
                    continue
