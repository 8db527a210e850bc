"""Seeded cohorts: a ward whose patients are scored here and there, run through the demo's study.

Everything is drawn by chance from the seed: who has two lesions, who was scored when, who died, who
responded. A ward keeps its patients from one night to the next, so that a later release can be
compared with an earlier one.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from abate import Cohort
from abate.analysis import loader
from abate.analysis.results import Gathered, Results, collect
from abate.cohort.inputs import Inputs
from abate.cohort.tables import Window
from abate.config.reader import read
from abate.config.settings import StudyFile
from abate.disclosure import make_release, rule_of
from abate.report.fhir import bundle
from abate.report.page import document

STUDY = Path(__file__).parents[2] / "examples" / "cementoplasty" / "study.toml"
START = datetime(2024, 1, 1, tzinfo=UTC)
SCORES = [0, 0, 1, 2, 2, 3, 4, 5]
BEFORE = [0, 2, 4, 5, 6, 7, 8, 8, 9, 10]


@dataclass(frozen=True)
class Ward:
    """The patients of one seed, of whom the first so many lesions are in the study.

    Attributes:
        seed: all is drawn from it.
        lesions: how many there have been.
        gone: the places of those that were deleted since.
        corrected: the places of those whose scores and complications were corrected since.
    """

    seed: int
    lesions: int = 40
    gone: frozenset[int] = frozenset()
    corrected: frozenset[int] = frozenset()

    @property
    def corrected_units(self) -> set[str]:
        """The lesions of which an answer is another one now, and their patients."""
        rows = [self._lesion(place) for place in self.corrected]
        return {row["id"] for row in rows} | {row["patient"] for row in rows}

    @cached_property
    def study_file(self) -> StudyFile:
        """The demo's study: its visits and its analyses."""
        return read(STUDY, ["report.minimum_cell=5"])

    @cached_property
    def cohort(self) -> Cohort:
        """The tables that the analyses get."""
        left = [place for place in range(self.lesions) if place not in self.gone]
        rows = [self._corrected(place) for place in left]
        return _cohort(rows, self.study_file)

    def _corrected(self, place: int) -> dict[str, Any]:
        """One lesion as it is now: a corrected score is another datum."""
        row = self._lesion(place)
        if place not in self.corrected:
            return {**row, "version": ""}
        scores = {name: (value + 3) % 11 for name, value in row["scores"].items()}
        return {**row, "scores": scores, "hit": not row["hit"], "version": "-corrected"}

    def _lesion(self, place: int) -> dict[str, Any]:
        """One lesion with its scores, the same however many others there are."""
        chance = random.Random(f"{self.seed}/{place}")
        visits = self.study_file.settings.visits.after
        died = chance.choice([*[None] * 5, chance.randrange(20, 200)])
        kept = [name for name, one in visits.items() if died is None or one.day <= died]
        early = [name for name in kept[:3] if chance.random() < 0.7]
        later = [name for name in kept[3:] if chance.random() < 0.5]
        scored = [*(["baseline"] if chance.random() < 0.93 else []), *early, *later]
        shares_patient = place % 6 == 5
        return {
            "id": f"L{place}",
            "place": place,
            "patient": f"P{place - 1 if shares_patient else place}",
            "sex": chance.choice(["female", "male", "male"]),
            "site": chance.choice(["ilium", "acetabulum", "humerus", "scapula"]),
            "age": chance.randrange(40, 80),
            "adjunct": chance.choice([None, None, "rfa"]),
            "hit": chance.random() < 0.2,
            "lasting": chance.random() < 0.4,
            "primary": chance.choice(["lung", "breast", "kidney"]),
            "died": died,
            "excluded": not (early or later),
            "scores": {
                name: chance.choice(BEFORE if name == "baseline" else SCORES) for name in scored
            },
        }


def _cohort(rows: list[dict[str, Any]], study_file: StudyFile) -> Cohort:
    visits = study_file.settings.visits.after
    days = {"baseline": 0, **{name: one.day for name, one in visits.items()}}
    starts = {row["id"]: START + timedelta(days=3 * row["place"]) for row in rows}
    deaths = {row["patient"]: row for row in rows if row["died"]}
    lesions = [
        {
            "lesion_id": row["id"],
            "label": row["id"],
            "patient_id": row["patient"],
            "index_start": starts[row["id"]],
            "index_day": starts[row["id"]].date(),
            "sex": row["sex"],
            "age": row["age"],
            "site": row["site"],
            "site_group": "pelvis" if row["site"] in ("ilium", "acetabulum") else "other bone",
            "excluded_by": "minimum-after" if row["excluded"] else None,
            "follow_up_days": max((days[one] for one in row["scores"]), default=0),
            "follow_up_end": starts[row["id"]] + timedelta(days=200),
            "end_reason": "death" if row["died"] else "last-score",
            "death": (starts[row["id"]] + timedelta(days=row["died"])).date()
            if row["died"]
            else None,
        }
        for row in rows
    ]
    scores = [
        {
            "score_id": f"{row['id']}-{visit}{row['version']}",
            "lesion_id": row["id"],
            "at": starts[row["id"]] + timedelta(days=days[visit]),
            "day": days[visit],
            "value": float(value),
            "visit": visit,
            "chosen": True,
            "left_out_by": None,
        }
        for row in rows
        for visit, value in row["scores"].items()
    ]
    events = [
        (row["id"], row["patient"], "complication", "pain", None, None, row["lasting"])
        for row in rows
        if row["hit"]
    ]
    events += [(None, patient, "death", "death", None, None, True) for patient in sorted(deaths)]
    text = {"excluded_by": pl.String, "death": pl.Date}
    frame = pl.DataFrame(lesions, infer_schema_length=None, schema_overrides=text)
    return Cohort(
        lesions=frame,
        scores=pl.DataFrame(scores, schema_overrides={"left_out_by": pl.String}),
        adjuncts=pl.DataFrame(
            [(row["id"], row["adjunct"]) for row in rows if row["adjunct"]],
            schema={"lesion_id": pl.String, "kind": pl.String}, orient="row",
        ),
        characteristics=pl.DataFrame(
            [(row["patient"], "primary", row["primary"]) for row in rows],
            schema={"patient_id": pl.String, "kind": pl.String, "name": pl.String}, orient="row",
        ),
        events=pl.DataFrame(
            events, orient="row",
            schema={
                "lesion_id": pl.String, "patient_id": pl.String, "kind": pl.String,
                "name": pl.String, "grade": pl.String, "at": pl.Date, "lasting": pl.Boolean,
            },
        ),
        attrition=_attrition(frame),
        visits=("baseline", *visits),
        windows={name: Window(one.from_, one.day, one.to) for name, one in visits.items()},
        cutoff=date(2024, 12, 1),
        event_kinds=("complication",),
    )  # fmt: skip


def _attrition(lesions: pl.DataFrame) -> pl.DataFrame:
    """The flow, as the store counts it."""
    kept = lesions.filter(pl.col("excluded_by").is_null())
    patients = {
        "treated": lesions["patient_id"].n_unique(),
        "analysed": kept["patient_id"].n_unique(),
    }
    rows = [
        ("index procedures", "", "procedure", lesions.height),
        ("treated", "", "patient", patients["treated"]),
        ("treated", "", "lesion", lesions.height),
        ("excluded", "minimum-after", "lesion", lesions.height - kept.height),
        ("excluded", "", "patient", patients["treated"] - patients["analysed"]),
        ("analysed", "", "patient", patients["analysed"]),
        ("analysed", "", "lesion", kept.height),
    ]
    return pl.DataFrame(
        [row for row in rows if row[3]],
        schema={"stage": pl.String, "reason": pl.String, "unit": pl.String, "n": pl.Int64},
        orient="row",
    )


def analysed(cohort: Cohort, study_file: StudyFile) -> Results:
    """The results of the study's analyses of a cohort, whole."""
    host = loader.load()
    outcomes = [host.run(*how, cohort) for how in host.make(study_file.settings)]
    assert not [one.error for one in outcomes if one.error]
    nothing = Inputs(server="http://source.test/fhir", counts={}, digest="0" * 64)
    gathered = Gathered(cohort=cohort, inputs=nothing)
    return replace(collect(study_file, "run", gathered, outcomes), synthetic=False)


def publish(
    results: Results, minimum: int | str, *, with_page: bool = False
) -> list[dict[str, Any]]:
    """The resources of a release under a rule of small cells."""
    shown = make_release(results, rule_of(minimum))
    return bundle.report(shown, loader.load(), page=document.render(shown) if with_page else "")
