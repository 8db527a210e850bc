"""Cohorts small enough to check by head, and the published one."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from abate import Cohort
from abate.cohort.tables import Window

START = datetime(2020, 1, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "examples" / "cementoplasty"
FIRST_WEEK = ("baseline", "D1", "D2", "Wk1")
WINDOWS = {
    "D1": Window(1, 1, 1), "D2": Window(2, 2, 2), "Wk1": Window(5, 7, 10),
    "Wk2": Window(11, 14, 17), "Wk3": Window(18, 21, 24), "M1": Window(25, 28, 41),
    **{f"M{k}": Window(28 * k - 14, 28 * k, 28 * k + 13) for k in range(2, 10)},
}  # fmt: skip
ALL_VISITS = ("baseline", *WINDOWS)
DAYS = {"baseline": 0, **{visit: window.day for visit, window in WINDOWS.items()}}
SEEN = {
    "age": pl.Int64, "sex": pl.String, "site": pl.String, "site_group": pl.String,
    "excluded_by": pl.String, "follow_up_days": pl.Int64, "end_reason": pl.String,
    "death": pl.Date,
}  # fmt: skip
EVENT = {
    "lesion_id": pl.String, "patient_id": pl.String, "kind": pl.String, "name": pl.String,
    "grade": pl.String, "at": pl.Date, "lasting": pl.Boolean,
}  # fmt: skip


@pytest.fixture
def cohort_of():
    """Make a cohort: each lesion's patient, scores by visit, and other columns."""
    return cohort


def rows_of(name):
    with (EXAMPLE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def published_study():
    """The whole paper: tables 1 and 2, the two excluded patients, the complication."""
    scores = {row["lesion"]: row for row in rows_of("table2_pain_scores.csv")}
    people = [*rows_of("table1_lesions.csv"), *rows_of("excluded_lesions.csv")]
    radiated = [row["patient"] for row in people if row["patient"] not in ("P08", "P12")]
    return cohort(
        *(published_lesion(row, scores.get(row["lesion"])) for row in people),
        adjuncts=[(f"L{row['lesion']}", "rfa") for row in people if row[RFA] == "yes"],
        facts=[
            *((row["patient"], "primary", row["primary_site"]) for row in people),
            *((patient, "radiotherapy", "radiotherapy") for patient in radiated),
        ],
        events=[("L5", "P05", "complication", "left leg paralysis", None, None, True)],
        attrition=[
            ("treated", "", "patient", 12), ("treated", "", "lesion", 13),
            ("excluded", "no-score", "lesion", 1), ("excluded", "minimum-after", "lesion", 1),
            ("excluded", "", "patient", 2),
            ("analysed", "", "patient", 10), ("analysed", "", "lesion", 11),
        ],
        visits=ALL_VISITS,
    )  # fmt: skip


RFA = "rfa_before_cementoplasty"


def published_lesion(row, scored):
    columns = {
        "age": int(row["age_years"]), "sex": row["sex"], "site": row["lesion_site"],
        "site_group": row["lesion_site_group"],
        "excluded_by": None if scored else "minimum-after",
    }  # fmt: skip
    values = scored or {"D0": row["D0"]}
    visits = {"baseline" if visit == "D0" else visit: value for visit, value in values.items()}
    kept = {visit: float(visits[visit]) for visit in ALL_VISITS if visits.get(visit)}
    return row["patient"], kept, columns


def ended(scores, more):
    """By default a lesion is followed to its last score."""
    last = max((DAYS[visit] for visit in scores), default=0)
    return {"follow_up_days": last, "end_reason": "last-score", **more}


def cohort(
    *lesions, adjuncts=(), facts=(), attrition=(), events=(), visits=FIRST_WEEK, cutoff=date.max
):
    """Each lesion is (patient, {visit: score}) or (patient, {visit: score}, {column: value}).

    Its index procedure is 30 days after the one before, its scores are on their target days.
    """
    whole = [(patient, scores, ended(scores, dict(*more))) for patient, scores, *more in lesions]
    rows = [
        {
            "lesion_id": f"L{place}",
            "label": f"lesion {place}",
            "patient_id": patient,
            "index_start": START + timedelta(days=30 * place),
            "index_day": (START + timedelta(days=30 * place)).date(),
            **{column: more.get(column) for column in SEEN},
        }
        for place, (patient, _, more) in enumerate(whole, start=1)
    ]
    scores = [
        {
            "score_id": f"S{place}-{visit}",
            "lesion_id": f"L{place}",
            "at": START + timedelta(days=30 * place + DAYS[visit]),
            "day": DAYS[visit],
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
                "index_day": pl.Date, **SEEN,
            },
        ),
        scores=pl.DataFrame(
            scores,
            schema={
                "score_id": text, "lesion_id": text, "at": instant, "day": pl.Int64,
                "value": pl.Float64, "visit": text, "chosen": pl.Boolean, "left_out_by": text,
            },
        ),
        adjuncts=pl.DataFrame(adjuncts, schema={"lesion_id": text, "kind": text}, orient="row"),
        characteristics=pl.DataFrame(
            facts, schema={"patient_id": text, "kind": text, "name": text}, orient="row"
        ),
        events=pl.DataFrame(events, schema=EVENT, orient="row"),
        attrition=pl.DataFrame(
            attrition,
            schema={"stage": text, "reason": text, "unit": text, "n": pl.Int64},
            orient="row",
        ),
        visits=visits,
        windows={visit: WINDOWS[visit] for visit in visits if visit in WINDOWS},
        cutoff=cutoff,
        event_kinds=("complication",),
    )  # fmt: skip
