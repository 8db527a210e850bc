"""The units of the estimates of paired change."""

from collections.abc import Iterator

from abate import Cohort, LastOf, Pairs, Units
from abate.cohort.data import units_of
from abate_analyses.shared.units import find_directed, find_directed_patients, find_untied


def units_of_pairs(cohort: Cohort, pairs: Pairs, endpoint: str | LastOf) -> dict[str, Units]:
    """Return the units of each estimate, by its name."""
    first = pairs.first_lesion_per_patient()
    of_pairs, of_untied = find_directed(pairs), find_untied(pairs)
    return {
        "median-endpoint": cohort.at(endpoint).units(str(endpoint)),
        "median-reference-of-pairs": units_of(pairs.frame, "lesion_id", "reference_datum"),
        "median-endpoint-of-pairs": units_of(pairs.frame, "lesion_id", "endpoint_datum"),
        **dict.fromkeys(
            (
                "median-change", "median-change-by-patient", "hodges-lehmann", "wilcoxon-pratt",
                "falls", "rises", "ties",
            ),
            of_pairs,
        ),
        **dict.fromkeys(("hodges-lehmann-zeros-dropped", "sign-test", "wilcoxon"), of_untied),
        **dict.fromkeys(("sign-test-first-lesion", "wilcoxon-first-lesion"), find_untied(first)),
        "wilcoxon-pratt-first-lesion": find_directed(first),
        "patient-sign-flips": find_directed_patients(pairs),
    }  # fmt: skip


def visit_units(visit: str, pairs: Pairs) -> Iterator[tuple[str, Units]]:
    """Return the same for the change at one visit."""
    of_untied = find_untied(pairs)
    yield f"median-change-{visit}", find_directed(pairs)
    yield f"sign-test-{visit}", of_untied
    yield f"holm-{visit}", of_untied
    yield f"sign-test-first-lesion-{visit}", find_untied(pairs.first_lesion_per_patient())
    yield f"patient-sign-flips-{visit}", find_directed_patients(pairs)
