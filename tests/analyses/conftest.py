"""Cohorts small enough to check by head, and the published one."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from abate import Cohort

START = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = {"baseline": 0, "D1": 1, "D2": 2, "Wk1": 7}
SEEN = {
    "age": pl.Int64, "sex": pl.String, "site": pl.String, "site_group": pl.String,
    "excluded_by": pl.String,
}  # fmt: skip


@pytest.fixture
def cohort_of():
    """Make a cohort: each lesion's patient, scores by visit, and other columns."""
    return cohort


def cohort(*lesions, adjuncts=(), facts=(), attrition=()):
    """Each lesion is (patient, {visit: score}) or (patient, {visit: score}, {column: value})."""
    whole = [(patient, scores, dict(*more)) for patient, scores, *more in lesions]
    rows = [
        {
            "lesion_id": f"L{place}",
            "label": f"lesion {place}",
            "patient_id": patient,
            "index_start": START + timedelta(days=30 * place),
            **{column: more.get(column) for column in SEEN},
        }
        for place, (patient, _, more) in enumerate(whole, start=1)
    ]
    scores = [
        {
            "score_id": f"S{place}-{visit}",
            "lesion_id": f"L{place}",
            "at": START + timedelta(days=30 * place + DAYS[visit]),
            "value": float(value),
            "visit": visit,
            "chosen": True,
        }
        for place, (_, by_visit, _) in enumerate(whole, start=1)
        for visit, value in by_visit.items()
    ]
    instant = pl.Datetime("us", "UTC")
    text = pl.String
    return Cohort(
        lesions=pl.DataFrame(
            rows,
            schema={
                "lesion_id": text, "label": text, "patient_id": text, "index_start": instant,
                **SEEN,
            },
        ),
        scores=pl.DataFrame(
            scores,
            schema={
                "score_id": text, "lesion_id": text, "at": instant, "value": pl.Float64,
                "visit": text, "chosen": pl.Boolean,
            },
        ),
        adjuncts=pl.DataFrame(adjuncts, schema={"lesion_id": text, "kind": text}, orient="row"),
        characteristics=pl.DataFrame(
            facts, schema={"patient_id": text, "kind": text, "name": text}, orient="row"
        ),
        events=pl.DataFrame(),
        attrition=pl.DataFrame(
            attrition,
            schema={"stage": text, "reason": text, "unit": text, "n": pl.Int64},
            orient="row",
        ),
        visits=tuple(DAYS),
    )  # fmt: skip
