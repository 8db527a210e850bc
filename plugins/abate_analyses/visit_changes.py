"""Change at each visit: did pain fall from the reference to the visit, and may that be chance?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from abate import Cohort, Estimate, Pairs, Ref, Result, Table, Units
from abate.config.visits import BASELINE
from abate_analyses.shared import by_patient
from abate_analyses.shared.changes import directions, median_of
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.pair_charts import DRAWN_UP_TO, TOO_MANY, by_visit
from abate_analyses.shared.pair_units import visit_units
from abate_analyses.shared.sign_test import METHOD, p_of, sign_test
from abate_analyses.shared.units import of_estimates
from abate_analyses.statistics.holm import holm

TESTED_FROM = 4
_NO_TEST = "too few pairs for a test: see the points"
_NOTE = (
    "The lesions of one visit are not those of the next: read each change with its n. A change is "
    "the visit minus the reference: a fall of pain is negative."
)


def analyse(cohort: Cohort, *, reference: str) -> Result:
    """Compare each visit's scores with the reference."""
    after = [visit for visit in cohort.visits if visit not in (BASELINE, reference)]
    changes = {visit: cohort.pairs(reference=reference, endpoint=visit) for visit in after}
    if not any(len(pairs) for pairs in changes.values()):
        return Result.not_estimable("no analysed lesion has a reference and a later score")
    estimates = mark_key(_estimates(changes), f"sign-test-{after[0]}")
    many = any(len(pairs) > DRAWN_UP_TO for pairs in changes.values())
    return Result(
        estimates=estimates,
        tables=[_table(after)],
        charts=[by_visit(changes, after, [visit for visit in after if len(changes[visit])])],
        notes=[_NOTE, TOO_MANY] if many else [_NOTE],
        units=of_estimates(estimates, _units(changes)),
    )


def _units(changes: Mapping[str, Pairs]) -> dict[str, Units]:
    return {
        name: units for visit, pairs in changes.items() for name, units in visit_units(visit, pairs)
    }


def _estimates(changes: Mapping[str, Pairs]) -> list[Estimate]:
    corrected = _holm(changes)
    return [
        estimate
        for visit, pairs in changes.items()
        for estimate in (
            _median(visit, pairs),
            *_tests(visit, changes, corrected.get(visit)),
        )
    ]


def _median(visit: str, pairs: Pairs) -> Estimate:
    estimates = median_of(f"median-change-{visit}", pairs.changes, pairs.population)
    return replace(estimates, counts=directions(pairs.changes).by_name())


def _holm(changes: Mapping[str, Pairs]) -> dict[str, float]:
    """Return the corrected p of each visit with a pair; an untested one counts as 1."""
    raw = {visit: _p(pairs) for visit, pairs in changes.items() if len(pairs)}
    return dict(zip(raw, holm(list(raw.values())), strict=True))


def _p(pairs: Pairs) -> float:
    p = p_of(directions(pairs.changes)) if len(pairs) >= TESTED_FROM else None
    return 1.0 if p is None else p


def _tests(visit: str, changes: Mapping[str, Pairs], corrected: float | None) -> list[Estimate]:
    pairs, first_lesion = changes[visit], f"sign-test-first-lesion-{visit}"
    raw = sign_test(f"sign-test-{visit}", pairs)
    tests = [
        raw,
        _by_holm(raw, visit, changes, corrected),
        sign_test(first_lesion, pairs.first_lesion_per_patient()),
        by_patient.sign_flips(f"patient-sign-flips-{visit}", pairs, first_lesion),
    ]
    return tests if len(pairs) >= TESTED_FROM else [_list_untested(estimate) for estimate in tests]


def _by_holm(
    raw: Estimate, visit: str, changes: Mapping[str, Pairs], corrected: float | None
) -> Estimate:
    """Return the sign test with its corrected p, which depends on the p of all visits.

    An untested visit counts as 1, whatever its scores are, so it discloses nothing.
    """
    visits = sum(1 for pairs in changes.values() if len(pairs))
    tested = [name for name, pairs in changes.items() if len(pairs) >= TESTED_FROM or name == visit]
    return replace(
        raw,
        name=f"holm-{visit}",
        label=f"{raw.label}, Holm",
        method=f"{METHOD}; p corrected for {visits} visits with a pair (Holm 1979)",
        p=None if raw.p is None else corrected,
        depends_on=[f"sign-test-{visit}" for visit in tested],
    )


def _list_untested(estimate: Estimate) -> Estimate:
    return replace(estimate, value=None, interval=None, p=None, note=_NO_TEST)


def _table(visits: Sequence[str]) -> Table:
    return Table(
        name="change-by-visit",
        title="Change from the reference at each visit",
        columns=(
            "visit", "n", "first quartile", "median change", "third quartile", "falls", "rises",
            "ties", "p", "p, Holm", "p, first lesion of each patient", "p, sign flips by patient",
        ),
        rows=[_row(visit) for visit in visits],
    )  # fmt: skip


def _row(visit: str) -> tuple[str | Ref, ...]:
    median = f"median-change-{visit}"
    return (
        visit,
        *(Ref(median, field) for field in ("n", "low", "value", "high")),
        *(Ref(median, f"count:{name}") for name in ("falls", "rises", "ties")),
        Ref(f"sign-test-{visit}", "p"),
        Ref(f"holm-{visit}", "p"),
        Ref(f"sign-test-first-lesion-{visit}", "p"),
        Ref(f"patient-sign-flips-{visit}", "p"),
    )
