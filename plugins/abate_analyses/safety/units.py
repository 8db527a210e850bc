"""The units of the estimates of safety, and the units with a complication."""

from collections.abc import Iterator

import polars as pl

from abate import Cohort, Units
from abate_analyses.shared.adjuncts import by_adjunct
from abate_analyses.shared.slugs import slug
from abate_analyses.shared.treated import select_treated
from abate_analyses.shared.units import by_value, find_analysed, find_analysed_patients

NOT_STATED = "not stated"
NOT_NAMED = "not named"


def grade_name(grade: str) -> str:
    """Return the name of the share of lesions with a complication of a grade."""
    return f"grade-{slug(grade)}"


def safety_units(cohort: Cohort, events: pl.DataFrame) -> dict[str, Units]:
    """Return the units of each estimate, by its name.

    Args:
        cohort: the cohort.
        events: the complications, without deaths and re-treatments.
    """
    linked = events.join(cohort.analysed.select("lesion_id"), on="lesion_id", how="semi")
    loose = events.filter(pl.col("lesion_id").is_null())["patient_id"]
    return {
        **dict(_shares(cohort, events)),
        **dict(_kinds(cohort, linked)),
        **apart_units(cohort),
        "complications": _events(cohort, linked),
        "patient-level-complications": _hit(
            find_analysed_patients(cohort, "complication of no lesion"),
            "patient-level-complications",
            loose,
        ),
    }


def apart_units(cohort: Cohort) -> dict[str, Units]:
    """Return the units of deaths and re-treatments."""
    dead = cohort.events.filter(pl.col("kind") == "death")["patient_id"]
    again = cohort.events.filter(pl.col("kind") == "re-treatment")["lesion_id"]
    return {
        "deaths": _hit(find_analysed_patients(cohort, "death"), "numerator", dead),
        "re-treatments": _hit(find_analysed(cohort, "re-treatment"), "numerator", again),
    }


def _shares(cohort: Cohort, events: pl.DataFrame) -> Iterator[tuple[str, Units]]:
    """Return the units of any and lasting complications, over each population."""
    kinds = by_adjunct(cohort)
    lesions = {
        "lesions": cohort.analysed["lesion_id"],
        "without-adjunct": kinds.filter(pl.col("kind").is_null())["lesion_id"],
        "treated-lesions": select_treated(cohort)["lesion_id"],
    }
    adjuncts = by_value(kinds.drop_nulls("kind"), "lesion_id", "kind")
    lesions |= {f"adjunct-{slug(kind)}": pl.Series(ids) for kind, ids in adjuncts.items()}
    patients = {
        "patients": cohort.analysed["patient_id"],
        "treated-patients": select_treated(cohort)["patient_id"],
    }
    for what, rows in (("complication", events), ("lasting", events.filter("lasting"))):
        for unit, wholes in (("lesion_id", lesions), ("patient_id", patients)):
            for suffix, ids in wholes.items():
                yield (
                    f"{what}-{suffix}",
                    _hit(Units.of(ids, "complication"), "numerator", rows[unit]),
                )


def _kinds(cohort: Cohort, linked: pl.DataFrame) -> Iterator[tuple[str, Units]]:
    """Return the units of each grade and of each complication by its name."""
    graded = linked.with_columns(pl.col("grade").fill_null(NOT_STATED))
    named = linked.with_columns(pl.col("name").fill_null(NOT_NAMED))
    whole = find_analysed(cohort, "complication")
    for grade, ids in by_value(graded, "lesion_id", "grade").items():
        yield grade_name(grade), whole.counting({"numerator": ids})
    for name, ids in by_value(named, "lesion_id", "name").items():
        yield f"name-{slug(name)}", whole.counting({"numerator": ids})


def _events(cohort: Cohort, linked: pl.DataFrame) -> Units:
    """Return events as units: the first of a lesion has its id, further ones their own."""
    hit = linked["lesion_id"].unique(maintain_order=True).to_list()
    further = [f"further complication {place}" for place in range(linked.height - len(hit))]
    counts = {
        "complication-lesions": hit,
        "further complications": further,
        "complications": [*hit, *further],
    }
    return find_analysed(cohort, "complication").counting(counts)


def _hit(whole: Units, count: str, ids: pl.Series) -> Units:
    """Return the units that are among the ids; a null is nobody's id."""
    return whole.counting(
        {count: [unit for unit in ids.drop_nulls().unique() if unit in whole.data]}
    )
