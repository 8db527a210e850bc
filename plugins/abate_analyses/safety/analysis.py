"""Safety: complications by grade and by adjunct, and exact upper limits if there are none."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from abate import Cohort, Estimate, Ref, Result, Table
from abate_analyses.safety.units import (
    NOT_NAMED,
    NOT_STATED,
    apart_units,
    grade_name,
    safety_units,
)
from abate_analyses.shared.adjuncts import WITHOUT, by_adjunct, having
from abate_analyses.shared.counts import LESIONS, Whole, count, lesions, patients, share
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.slugs import slug
from abate_analyses.shared.treated import TREATED_LESIONS, TREATED_PATIENTS, select_treated
from abate_analyses.shared.units import find_analysed, of_estimates

UNLINKED = "An event that belongs to no lesion counts for its patient, and for no lesion."
GRADES = "A grade is as people entered it; none is derived."
OTHER = ("death", "re-treatment")
TITLES = {"complication": "with a complication", "lasting": "with a lasting complication"}

NOT_SOUGHT = "complications were not looked for"
NOT_ASSESSABLE = "complications are not assessable"
UNNAMED = "the study file names no [event.NAME]: give the codes of complications"


def analyse(cohort: Cohort) -> Result:
    """Count over analysed lesions, by adjunct, over treated lesions, and over patients."""
    if not cohort.analysed.height:
        return Result.not_estimable(f"there are no {LESIONS}")
    if reasons := _reasons(cohort):
        return _without(cohort, NOT_ASSESSABLE, "; ".join(reasons))
    if not cohort.event_kinds:
        return _without(cohort, NOT_SOUGHT, UNNAMED)
    events = cohort.events.filter(~pl.col("kind").is_in(OTHER))
    by_lesion = list(_by_lesion(cohort, events))
    kinds = list(_kinds(cohort, events))
    by_patient = list(_by_patient(cohort, events))
    listed = [*by_lesion, *kinds, *by_patient, *_apart(cohort)]
    shares = mark_key(listed, "complication-lesions")
    estimates = [*shares, _number(cohort, events), _count_unlinked(cohort, events)]
    return Result(
        estimates=estimates,
        tables=[_table(shares)],
        notes=[UNLINKED, GRADES],
        units=of_estimates(estimates, safety_units(cohort, events)),
    )


def _reasons(cohort: Cohort) -> list[str]:
    """Return why events of the study are not assessable, each reason once."""
    named = {kind: why for kind, why in cohort.not_assessable.items() if kind.startswith("event.")}
    return sorted(set(named.values()))


def _without(cohort: Cohort, method: str, why: str) -> Result:
    """Return deaths and re-treatments only: no count of complications is possible."""
    apart = list(_apart(cohort))
    missing = Estimate(
        name="complication-lesions",
        label=f"{LESIONS}, {TITLES['complication']}",
        value=None,
        n=cohort.analysed.height,
        method=method,
        population=LESIONS,
        note=why,
        key=True,
    )
    return Result(
        estimates=[missing, *apart],
        tables=[_table(apart)],
        notes=[f"{method}: that none is shown says nothing."],
        units=of_estimates(
            [missing, *apart],
            {"complication-lesions": find_analysed(cohort, "complication"), **apart_units(cohort)},
        ),
    )


def _by_lesion(cohort: Cohort, events: pl.DataFrame) -> Iterator[Estimate]:
    """Return any and lasting complications over analysed lesions, by adjunct, and treated ones."""
    marked = by_adjunct(cohort).select("lesion_id", "kind")
    groups = [("-lesions", lesions(cohort.analysed), cohort.analysed["lesion_id"])]
    for kind in sorted(marked["kind"].drop_nulls().unique()):
        ids = marked.filter(pl.col("kind") == kind)["lesion_id"]
        groups.append((f"-adjunct-{slug(kind)}", Whole(n=len(ids), population=having(kind)), ids))
    ids = marked.filter(pl.col("kind").is_null())["lesion_id"]
    groups.append(("-without-adjunct", Whole(n=len(ids), population=WITHOUT), ids))
    ids = select_treated(cohort)["lesion_id"]
    groups.append(("-treated-lesions", Whole(n=len(ids), population=TREATED_LESIONS), ids))
    for what, rows in _any_and_lasting(events):
        hit = rows["lesion_id"]
        for suffix, whole, ids in groups:
            number = _among(ids, hit)
            yield share(f"{what}{suffix}", number, whole, f"{whole.population}, {TITLES[what]}")


def _any_and_lasting(events: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    return [("complication", events), ("lasting", events.filter("lasting"))]


def _kinds(cohort: Cohort, events: pl.DataFrame) -> Iterator[Estimate]:
    """Return each grade and each complication by its name, over the analysed lesions."""
    whole = lesions(cohort.analysed)
    linked = events.join(cohort.analysed.select("lesion_id"), on="lesion_id", how="semi")
    graded = linked.with_columns(pl.col("grade").fill_null(NOT_STATED))
    for (grade,), rows in graded.group_by("grade", maintain_order=True):
        number = rows["lesion_id"].n_unique()
        words = f"lesions with a complication, grade: {grade}"
        yield replace(share(grade_name(str(grade)), number, whole, words), from_data=True)
    named = linked.with_columns(pl.col("name").fill_null(NOT_NAMED))
    for (label,), rows in named.group_by("name", maintain_order=True):
        number = rows["lesion_id"].n_unique()
        estimate = share(f"name-{slug(str(label))}", number, whole, f"lesions with: {label}")
        yield replace(estimate, from_data=True)


def _by_patient(cohort: Cohort, events: pl.DataFrame) -> Iterator[Estimate]:
    """Return any and lasting complications over patients, also events without a lesion."""
    ids = select_treated(cohort)["patient_id"].unique()
    groups = [
        ("-patients", patients(cohort.analysed), cohort.analysed["patient_id"].unique()),
        (
            "-treated-patients",
            Whole(n=len(ids), population=TREATED_PATIENTS, basis="patient"),
            ids,
        ),
    ]
    for what, rows in _any_and_lasting(events):
        hit = rows["patient_id"]
        for suffix, whole, members in groups:
            number = _among(members, hit)
            yield share(f"{what}{suffix}", number, whole, f"{whole.population}, {TITLES[what]}")


def _apart(cohort: Cohort) -> Iterator[Estimate]:
    """Return deaths by patient and re-treatments by lesion."""
    events = cohort.events
    dead = events.filter(pl.col("kind") == "death")["patient_id"]
    again = events.filter(pl.col("kind") == "re-treatment")["lesion_id"]
    members = cohort.analysed["patient_id"].unique()
    number = _among(members, dead)
    yield share("deaths", number, patients(cohort.analysed), "patients who died")
    number = _among(cohort.analysed["lesion_id"], again)
    yield share("re-treatments", number, lesions(cohort.analysed), "lesions that were re-treated")


def _number(cohort: Cohort, events: pl.DataFrame) -> Estimate:
    """Return the number of complications, not of lesions: a lesion may have several."""
    ids = cohort.analysed.select("lesion_id")
    linked = events.join(ids, on="lesion_id", how="semi")
    return Estimate(
        name="complications",
        label="complications of analysed lesions",
        value=linked.height,
        n=cohort.analysed.height,
        unit="{event}",
        method="count of events; a lesion may have several",
        population=LESIONS,
        statistic="count",
        counts=_of_events(linked.height, linked["lesion_id"].n_unique(), cohort.analysed.height),
        depends_on=["complication-lesions"],
    )


def _of_events(events: int, hit: int, lesions: int) -> dict[str, int]:
    """Count the first complication of each lesion, and the further ones; few of these are hidden.

    More complications than lesions are not a part of the lesions.
    """
    further = {"further complications": events - hit} if events - hit <= lesions else {}
    return {"complication-lesions": hit, **further}


def _count_unlinked(cohort: Cohort, events: pl.DataFrame) -> Estimate:
    loose = events.filter(pl.col("lesion_id").is_null())
    number = _among(cohort.analysed["patient_id"].unique(), loose["patient_id"])
    return count(
        "patient-level-complications",
        number,
        patients(cohort.analysed),
        "patients with a complication that belongs to no lesion",
    )


def _among(ids: pl.Series, hit: pl.Series) -> int:
    """Return how many of the ids had an event; a null is nobody's id."""
    return int(ids.is_in(hit.drop_nulls().unique().to_list()).sum())


def _table(shares: Sequence[Estimate]) -> Table:
    return Table(
        name="safety",
        title="Complications, deaths and re-treatments",
        columns=("what", "number", "of", "share", "low", "high"),
        rows=[
            (
                estimate.label,
                Ref(estimate.name, "count:numerator"),
                Ref(estimate.name, "n"),
                Ref(estimate.name),
                Ref(estimate.name, "low"),
                Ref(estimate.name, "high"),
            )
            for estimate in shares
        ],
    )
