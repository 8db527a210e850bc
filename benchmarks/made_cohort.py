"""A made Cohort of any size: frames as `assemble` gives them, the same each time."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from abate.cohort.tables import Cohort, Window

START = datetime(2015, 1, 1, tzinfo=UTC)
CUTOFF = date(2026, 1, 1)
DAY = 86_400_000_000  # microseconds
WINDOWS = {
    "D1": Window(1, 1, 1),
    "Wk1": Window(5, 7, 10),
    "Wk2": Window(11, 14, 18),
    "M1": Window(25, 28, 41),
    "M2": Window(50, 60, 70),
    "M3": Window(76, 90, 104),
    "M6": Window(160, 180, 210),
    "M9": Window(250, 270, 290),
}
SITES = ("acetabulum", "ilium", "scapula", "L1", "T1")
GROUPS = ("pelvis", "pelvis", "scapula", "lumbar vertebra", "thoracic vertebra")


def make(lesions: int) -> Cohort:
    """A cohort of so many index procedures, of two thirds as many patients, with 10 scores each."""
    random = np.random.default_rng(20260101)
    frame = _lesions(lesions, random)
    return Cohort(
        lesions=frame,
        scores=_scores(frame, random),
        adjuncts=_adjuncts(frame),
        characteristics=_characteristics(frame, random),
        events=_events(frame),
        attrition=_attrition(lesions),
        visits=("baseline", *WINDOWS),
        windows=WINDOWS,
        cutoff=CUTOFF,
        event_kinds=("complication",),
    )


def _lesions(n: int, random: np.random.Generator) -> pl.DataFrame:
    numbers = np.arange(n)
    site = random.integers(len(SITES), size=n)
    starts = np.sort(random.integers(0, 3800, size=n)) * DAY
    followed = random.integers(10, 300, size=n)
    dies = random.random(n) < 0.3
    return (
        pl.DataFrame(
            {
                "lesion_id": [f"l{number:015}" for number in numbers],
                "label": [f"lesion {number + 1}" for number in numbers],
                "patient_id": [f"p{number:015}" for number in random.integers(n * 2 // 3, size=n)],
                "excluded_by": pl.Series([None] * n, dtype=pl.String),
                "since": starts,
                "precision": "instant",
                "site": np.take(SITES, site).tolist(),
                "side": np.take(("left", "right"), random.integers(2, size=n)).tolist(),
                "site_group": np.take(GROUPS, site).tolist(),
                "sex": np.take(("female", "male"), random.integers(2, size=n)).tolist(),
                "age": random.integers(40, 90, size=n),
                "follow_up_days": followed,
                "end_reason": np.where(dies, "death", "last-score").tolist(),
            }
        )
        .with_columns(
            (pl.lit(START) + pl.duration(microseconds="since")).alias("index_start"),
        )
        .drop("since")
        .with_columns(
            pl.col("index_start").dt.date().alias("index_day"),
            (pl.col("index_start") + pl.duration(hours=1)).alias("index_end"),
            (pl.col("index_start") + pl.duration(days="follow_up_days")).alias("follow_up_end"),
            pl.when(pl.col("end_reason") == "death")
            .then(pl.col("index_start").dt.date() + pl.duration(days="follow_up_days"))
            .alias("death"),
        )
    )


def _scores(lesions: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A baseline, one score a visit, and one between the visits; pain falls, and comes back."""
    days = (-1, *(window.day for window in WINDOWS.values()), 45)
    visits = ("baseline", *WINDOWS, None)
    n, each = lesions.height, len(days)
    before = random.integers(4, 11, size=n).repeat(each)
    falls = np.where(np.tile(np.arange(each), n) > 0, random.integers(-1, 6, size=n * each), 0)
    visit = pl.Series(list(visits) * n, dtype=pl.String)
    return pl.DataFrame(
        {
            "score_id": [f"s{number:015}" for number in range(n * each)],
            "lesion_id": lesions["lesion_id"].gather(np.arange(n).repeat(each)),
            "start": lesions["index_start"].gather(np.arange(n).repeat(each)),
            "precision": "instant",
            "day": np.tile(days, n),
            "value": np.clip(before - falls, 0, 10).astype(float),
            "unit": "{score}",
            "scale": 10.0,
            "instrument": "NRS",
            "context": pl.Series([None] * (n * each), dtype=pl.String),
            "link_rule": "focus",
            "visit": visit,
            "chosen": visit.is_not_null(),
        }
    ).select(
        "score_id",
        "lesion_id",
        (pl.col("start") + pl.duration(days="day")).alias("at"),
        pl.all().exclude("score_id", "lesion_id", "start"),
        pl.col("value").cast(pl.String).alias("raw"),
        pl.when(pl.col("visit").is_null()).then(pl.lit("between-visits")).alias("left_out_by"),
    )


def _adjuncts(lesions: pl.DataFrame) -> pl.DataFrame:
    return lesions.gather_every(4).select(
        "lesion_id", pl.lit("rfa").alias("kind"), pl.col("index_start").alias("at")
    )


def _characteristics(lesions: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    patients = lesions.select(pl.col("patient_id").unique(maintain_order=True))
    tumours = ("lung", "breast", "kidney", "prostate")
    names = np.take(tumours, random.integers(len(tumours), size=patients.height)).tolist()
    return patients.with_columns(
        pl.lit("primary").alias("kind"),
        pl.Series("name", names),
        pl.lit(None, dtype=pl.Date).alias("at"),
    )


def _events(lesions: pl.DataFrame) -> pl.DataFrame:
    dead = lesions.filter(pl.col("death").is_not_null()).unique("patient_id", maintain_order=True)
    complicated = lesions.gather_every(50)
    return pl.concat(
        [
            _event(complicated, "complication", "cement leakage", "lesion_id", "index_day"),
            _event(dead, "death", "death", None, "death"),
        ]
    )


def _event(
    lesions: pl.DataFrame, kind: str, name: str, lesion: str | None, at: str
) -> pl.DataFrame:
    return lesions.select(
        (pl.col(lesion) if lesion else pl.lit(None, dtype=pl.String)).alias("lesion_id"),
        "patient_id",
        pl.lit(kind).alias("kind"),
        pl.lit(name).alias("name"),
        pl.lit("1" if lesion else None, dtype=pl.String).alias("grade"),
        pl.col(at).alias("at"),
        pl.lit(lesion is None).alias("lasting"),
    )


def _attrition(lesions: int) -> pl.DataFrame:
    steps = [
        ("index procedures", "", "procedure"),
        ("treated", "", "lesion"),
        ("analysed", "", "lesion"),
    ]
    return pl.DataFrame(
        [(*step, lesions) for step in steps],
        schema={"stage": pl.String, "reason": pl.String, "unit": pl.String, "n": pl.Int64},
        orient="row",
    )
