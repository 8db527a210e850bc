"""The treated lesions: index procedures with their own lesion, analysed or not."""

import polars as pl

from abate import Cohort
from abate.cohort.attrition import is_treated

TREATED_LESIONS = "lesions treated"
TREATED_PATIENTS = "patients treated"


def select_treated(cohort: Cohort) -> pl.DataFrame:
    """Return the rows of `Cohort.lesions` that the attrition counts as treated."""
    return cohort.lesions.filter(is_treated())
