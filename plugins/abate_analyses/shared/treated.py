"""Who was treated: the index procedures that have a lesion of their own, analysed or not."""

import polars as pl

from abate import Cohort
from abate.cohort.attrition import is_treated

TREATED_LESIONS = "lesions treated"
TREATED_PATIENTS = "patients treated"


def select_treated(cohort: Cohort) -> pl.DataFrame:
    """The rows of `Cohort.lesions` that the attrition counts as treated."""
    return cohort.lesions.filter(is_treated())
