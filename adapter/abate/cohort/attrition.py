"""The procedures, lesions and patients that the flow of the attrition table counts."""

import polars as pl

# As `counts_as_treated` in sql/12_followed.sql.
_NO_LESION = ("same-session", "re-treatment", "not-first", "after-cutoff")

Flow = dict[tuple[str, str, str], list[str]]


def flow_units(lesions: pl.DataFrame) -> Flow:
    """Return the ids of each step of the flow, by stage, reason and unit.

    Args:
        lesions: `Cohort.lesions`: every index procedure.
    """
    treated, analysed = lesions.filter(is_treated()), lesions.filter(_why().is_null())
    flow: Flow = {
        ("index procedures", "", "procedure"): lesions["lesion_id"].to_list(),
        ("treated", "", "lesion"): treated["lesion_id"].to_list(),
        ("analysed", "", "lesion"): analysed["lesion_id"].to_list(),
    }
    for stage, unit, rows in (
        ("no lesion", "procedure", lesions.filter(~is_treated())),
        ("excluded", "lesion", treated.filter(_why().is_not_null())),
    ):
        for (why,), part in rows.group_by("excluded_by", maintain_order=True):
            flow[stage, str(why), unit] = part["lesion_id"].to_list()
    patients = {stage: set(rows["patient_id"]) for stage, rows in
                (("treated", treated), ("analysed", analysed))}  # fmt: skip
    patients["excluded"] = patients["treated"] - patients["analysed"]
    return flow | {(stage, "", "patient"): sorted(ids) for stage, ids in patients.items()}


def is_treated() -> pl.Expr:
    """Whether a row of `Cohort.lesions` counts as treated in the attrition table."""
    no_lesion = _why().str.starts_with("status-") | _why().is_in(_NO_LESION)
    return ~no_lesion.fill_null(value=False)


def later_without_site(lesions: pl.DataFrame) -> tuple[int, int]:
    """Count later index procedures that name no body site, so that they may repeat an earlier one.

    Args:
        lesions: `Cohort.lesions`: every index procedure.

    Returns:
        Their number, and that of the procedures that name a site.
    """
    valid = lesions.filter(is_treated() | (_why() == "not-first"))
    is_unknown = pl.col("site") == "unknown"
    later = valid.filter(pl.int_range(pl.len()).over("patient_id") > 0)
    return later.filter(is_unknown).height, valid.filter(~is_unknown).height


def _why() -> pl.Expr:
    return pl.col("excluded_by")
