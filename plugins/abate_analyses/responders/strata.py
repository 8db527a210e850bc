"""Responders by adjunct and by site group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from abate import Estimate
from abate_analyses.responders.endpoints import RESPONSES, Response
from abate_analyses.responders.estimates import proportion
from abate_analyses.responders.units import JudgedPairs
from abate_analyses.shared.slugs import slug

NO_ADJUNCT = "none"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """The lesions by one stratifier; each lesion is in one stratum.

    Attributes:
        stratifier: `adjunct` or `site-group`.
        parts: the lesions of each stratum.
    """

    stratifier: str
    parts: Mapping[str, JudgedPairs]

    def suffix(self, stratum: str) -> str:
        """Return the suffix of the names of a stratum's estimates."""
        return f"{self.stratifier}-{slug(stratum)}"

    def estimates(self) -> list[Estimate]:
        """Return each response in each stratum."""
        return [
            proportion(response, part.number(response), part.whole(response), self.suffix(stratum))
            for response in RESPONSES
            for stratum, part in self.parts.items()
        ]

    def names(self, response: Response) -> dict[str, str]:
        """Return the name of the estimate of each stratum."""
        return {stratum: f"{response.name}-{self.suffix(stratum)}" for stratum in self.parts}


def strata(asked: JudgedPairs, adjuncts: pl.DataFrame) -> Sequence[Strata]:
    """Return the strata by adjunct (several kinds are one stratum), and by site group."""
    kinds = (
        adjuncts.select("lesion_id", "kind")
        .unique()
        .group_by("lesion_id")
        .agg(pl.col("kind").sort().str.join(" and ").alias("adjunct"))
    )
    frame = asked.frame.join(kinds, on="lesion_id", how="left", maintain_order="left")
    marked = JudgedPairs(
        frame=frame.with_columns(
            pl.col("adjunct").fill_null(NO_ADJUNCT), pl.col("site_group").fill_null(UNKNOWN)
        ),
        population=asked.population,
    )
    return [
        _by(marked, "adjunct", "adjunct"),
        _by(marked, "site-group", "site_group"),
    ]


def _by(asked: JudgedPairs, stratifier: str, column: str) -> Strata:
    values = asked.frame[column].unique().sort().to_list()
    words = stratifier.replace("-", " ")
    return Strata(
        stratifier=stratifier,
        parts={
            value: asked.where(pl.col(column) == value, f"{words}: {value}") for value in values
        },
    )
