"""The units of the counts of the profile, and who is counted."""

from collections.abc import Iterator

import polars as pl

from abate import Cohort, Units
from abate_analyses.shared.adjuncts import by_adjunct
from abate_analyses.shared.slugs import slug
from abate_analyses.shared.treated import select_treated
from abate_analyses.shared.units import by_value, find_analysed, find_analysed_patients


def profile_units(cohort: Cohort, first: pl.DataFrame) -> dict[str, Units]:
    """Return the units of each estimate, by its name."""
    aged = first.drop_nulls("age").select("patient_id", pl.format("age {}", "age").alias("age"))
    ages = Units(data=dict(aged.rows()))
    kinds = by_adjunct(cohort)
    without = {"without-adjunct": kinds.filter(pl.col("kind").is_null())["lesion_id"]}
    return {
        **dict(_flow(cohort)),
        **dict.fromkeys(("age", "age-quartiles"), ages),
        **_count(
            "sex", find_analysed_patients(cohort, "sex"), by_value(first, "patient_id", "sex")
        ),
        **_lesions(cohort, "site"),
        **_lesions(cohort, "site-group"),
        **_count(
            "adjunct",
            find_analysed(cohort, "adjunct"),
            by_value(kinds.drop_nulls("kind"), "lesion_id", "kind"),
        ),
        "without-adjunct": find_analysed(cohort, "adjunct").counting(without),
        **dict(_facts(cohort)),
    }


def fact_name(kind: str, value: str, *, treated: bool = False) -> str:
    """Return the name of a fact's count; for the treated, only the kind if that is enough."""
    if not treated:
        return f"{kind}-{slug(value)}"
    return f"treated-{kind}" if value == kind else f"treated-{kind}-{slug(value)}"


def _flow(cohort: Cohort) -> Iterator[tuple[str, Units]]:
    for unit in ("patient", "lesion"):
        ids = select_treated(cohort)[f"{unit}_id"].unique(maintain_order=True).to_list()
        kept = set(cohort.analysed[f"{unit}_id"])
        parts = {"treated": ids, "analysed": kept, "excluded": set(ids) - kept}
        for stage, counted in parts.items():
            name = f"{unit}s-{stage}"
            yield name, Units.of(ids, "treated").counting({name: counted})


def _lesions(cohort: Cohort, what: str) -> dict[str, Units]:
    """Return the lesions by site and by site group, which are one question."""
    counted = by_value(cohort.analysed, "lesion_id", what.replace("-", "_"))
    return _count(what, find_analysed(cohort, "site"), counted)


def _count(what: str, whole: Units, by: dict[str, list[str]]) -> dict[str, Units]:
    names = {f"{what}-{slug(value)}": ids for value, ids in by.items()}
    return {name: whole.counting({name: ids}) for name, ids in names.items()}


def _facts(cohort: Cohort) -> Iterator[tuple[str, Units]]:
    """Return the facts of analysed and treated patients: each kind is one question."""
    wholes = {
        False: cohort.analysed["patient_id"].unique(),
        True: select_treated(cohort)["patient_id"].unique(),
    }
    for is_treated, ids in wholes.items():
        facts = cohort.characteristics.filter(pl.col("patient_id").is_in(ids.to_list()))
        for (kind,), rows in facts.group_by("kind", maintain_order=True):
            for value, counted in by_value(rows, "patient_id", "name").items():
                name = fact_name(str(kind), value, treated=is_treated)
                yield name, Units.of(ids, f"fact {kind}").counting({name: counted})
