"""How pairs fall apart, for the rule of small cells: by direction, by first lesion, by patient."""

from collections.abc import Mapping

from abate import Cohort, Pairs, Split
from abate_analyses.by_patient import of_patients, patient_directions
from abate_analyses.changes import UNTIED, directions
from abate_analyses.counts import LESIONS

# The reference that is no visit: no population is that of all who have it.
FIRST = "first"


def paired_of(whole: str, n: int, pairs: Pairs) -> Split:
    """How many of the `n` lesions with one of the two scores are pairs, and how many are not."""
    alone = f"{whole}, not among {pairs.population}"
    return Split(whole=whole, parts={pairs.population: len(pairs), alone: n - len(pairs)})


def of_scored(cohort: Cohort, visit: str, pairs: Pairs) -> list[Split]:
    """The pairs as a part of the lesions scored at a visit, and these of the analysed ones."""
    scored, n = cohort.at(visit).population, cohort.at(visit).frame.height
    others = {f"{LESIONS} without a {visit} score": cohort.analysed.height - n}
    return [Split(whole=LESIONS, parts={scored: n, **others}), paired_of(scored, n, pairs)]


def paired_splits(pairs: Pairs) -> list[Split]:
    """All ways in which the estimates of paired change take the pairs apart."""
    first, patients = pairs.first_lesion_per_patient(), of_patients(pairs)
    by_patient = _cells(patients, patient_directions(pairs).by_name())
    return [
        *_first_and_further(pairs, first),
        *_by_direction(pairs),
        *_by_direction(first),
        Split(whole=patients, parts=by_patient, basis="patient"),
    ]


def _by_direction(pairs: Pairs) -> list[Split]:
    whole, untied = pairs.population, f"{pairs.population}{UNTIED}"
    counted = directions(pairs.changes)
    return [
        Split(whole=whole, parts=_cells(whole, counted.by_name())),
        Split(whole=whole, parts={untied: counted.untied, f"{whole}: ties": counted.ties}),
        Split(whole=f"{whole}: falls", parts={f"{untied}: falls": counted.falls}),
        Split(whole=f"{whole}: rises", parts={f"{untied}: rises": counted.rises}),
    ]


def _first_and_further(pairs: Pairs, first: Pairs) -> list[Split]:
    """The first lesion of each patient and the others, in all and by direction."""
    further = f"{pairs.population}, further lesions of a patient"
    of_all, of_first = directions(pairs.changes).by_name(), directions(first.changes).by_name()
    whole = {first.population: len(first), further: len(pairs) - len(first)}
    by_direction = [
        Split(
            whole=f"{pairs.population}: {name}",
            parts={
                f"{first.population}: {name}": of_first[name],
                f"{further}: {name}": of_all[name] - of_first[name],
            },
        )
        for name in of_all
    ]
    return [Split(whole=pairs.population, parts=whole), *by_direction]


def _cells(population: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {f"{population}: {name}": number for name, number in counts.items()}
