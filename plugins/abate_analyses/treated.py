"""Who was treated: the index procedures that have a lesion of their own, analysed or not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from abate import Cohort, Split
from abate_analyses.counts import LESIONS, PATIENTS

if TYPE_CHECKING:
    from abate.analysis import Basis

TREATED_LESIONS = "lesions treated"
TREATED_PATIENTS = "patients treated"
# Not completed, or part of another lesion's treatment, as the attrition counts them.
_NO_LESION = ("same-session", "re-treatment")


def treated(cohort: Cohort) -> pl.DataFrame:
    """The rows of `Cohort.lesions` that the attrition counts as treated."""
    why = pl.col("excluded_by")
    no_lesion = why.str.starts_with("status-") | why.is_in(_NO_LESION)
    return cohort.lesions.filter(~no_lesion.fill_null(value=False))


def flow_splits(counts: dict[str, dict[str, int]]) -> Iterator[Split]:
    """Treated are excluded and analysed.

    Args:
        counts: by unit (`patient`, `lesion`) and stage (`treated`, `excluded`, `analysed`).
    """
    bases: tuple[tuple[Basis, str, str], ...] = (
        ("patient", TREATED_PATIENTS, PATIENTS),
        ("lesion", TREATED_LESIONS, LESIONS),
    )
    for basis, whole, analysed in bases:
        excluded = {f"{whole}: {basis}s-excluded": counts[basis]["excluded"]}
        for part in (analysed, f"{whole}: {basis}s-analysed"):
            parts = {part: counts[basis]["analysed"], **excluded}
            yield Split(whole=whole, parts=parts, basis=basis)
