"""Change in pain by sex."""

from dataclasses import dataclass
from typing import ClassVar

from scipy.stats import mannwhitneyu

from abate import Analysis, Cohort, Estimate, Result, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBySex:
    """Mann-Whitney U of the change from baseline to `endpoint`, women against men."""

    name: ClassVar[str] = "change-by-sex"
    endpoint: str = "Wk1"

    def run(self, cohort: Cohort) -> Result:
        pairs = cohort.pairs(endpoint=self.endpoint)
        women, men = pairs.split("sex", "female", "male")
        if not (women and men):
            return Result.not_estimable("one group is empty")
        test = mannwhitneyu(women, men)
        estimate = Estimate(
            name="u",
            value=float(test.statistic),
            p=float(test.pvalue),
            n=len(women) + len(men),
            method="Mann-Whitney U, two-sided",
            population=pairs.population,
        )
        return Result(estimates=[estimate])


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    return [ChangeBySex]
