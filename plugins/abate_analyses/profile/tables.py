"""Table 1, by patient and by lesion."""

from collections.abc import Sequence

from abate import Estimate, Ref, Table
from abate_analyses.shared.counts import LESIONS, PATIENTS
from abate_analyses.shared.treated import TREATED_PATIENTS

TITLES = {
    "patients": (PATIENTS, "Analysed patients"),
    "lesions": (LESIONS, "Analysed lesions"),
    "treated": (TREATED_PATIENTS, "Treated patients, the excluded ones too"),
}


def tables(shown: Sequence[Estimate]) -> list[Table]:
    """Return a table for each population that has a row."""
    return [
        Table(
            name=name,
            title=title,
            columns=("characteristic", "number", "of", "%"),
            rows=rows,
        )
        for name, (population, title) in TITLES.items()
        if (rows := [_row(estimate) for estimate in shown if estimate.population == population])
    ]


def age_table(ages: Sequence[Estimate]) -> list[Table]:
    """Return the ages as a median with each spread."""
    rows = [
        (age.label, Ref(age.name), Ref(age.name, "low"), Ref(age.name, "high"), Ref(age.name, "n"))
        for age in ages
    ]
    columns = ("age in years", "median", "low", "high", "n")
    return [Table(name="ages", title="Age", columns=columns, rows=rows)] if rows else []


def _row(estimate: Estimate) -> tuple[str, Ref, Ref, Ref]:
    return (
        estimate.label,
        Ref(estimate.name),
        Ref(estimate.name, "n"),
        Ref(estimate.name, f"percent:{estimate.name}"),
    )
