"""Paired change: did pain fall from a reference to an endpoint?"""

from collections.abc import Sequence

from abate import Cohort, Estimate, Pairs, Ref, Result, Table
from abate.cohort.endpoint import Endpoint
from abate_analyses.shared import by_patient
from abate_analyses.shared.changes import directions, median_of
from abate_analyses.shared.counts import Whole, count
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.pair_charts import DRAWN_UP_TO, TOO_MANY, slopes, waterfall
from abate_analyses.shared.pair_units import units_of_pairs
from abate_analyses.shared.sign_test import sign_test
from abate_analyses.shared.signed_rank import shift, wilcoxon
from abate_analyses.shared.units import of_estimates

DIRECTION = "A change is endpoint minus reference: a fall of pain is negative."


def analyse(cohort: Cohort, *, reference: str, endpoint: Endpoint) -> Result:
    """Compare the two scores of each lesion with both."""
    pairs = cohort.pairs(reference=reference, endpoint=endpoint)
    if not len(pairs):
        return Result.not_estimable(f"there are no {pairs.population}")
    at_endpoint = cohort.at(endpoint)
    scores = at_endpoint.frame["value"].to_list()
    listed = [
        median_of("median-endpoint", scores, at_endpoint.population),
        *_sizes(pairs),
        *_counts(pairs),
        *_tests(pairs),
    ]
    estimates = mark_key(listed, "median-change-by-patient", "sign-test")
    drawn = len(pairs) <= DRAWN_UP_TO
    return Result(
        estimates=estimates,
        tables=[_table(estimates)],
        charts=[slopes(pairs, reference, str(endpoint)), waterfall(pairs)],
        notes=[DIRECTION] if drawn else [DIRECTION, TOO_MANY],
        units=of_estimates(estimates, units_of_pairs(cohort, pairs, endpoint)),
    )


def _sizes(pairs: Pairs) -> list[Estimate]:
    references = pairs.frame["reference"].to_list()
    return [
        median_of("median-reference-of-pairs", references, pairs.population),
        median_of("median-endpoint-of-pairs", pairs.endpoints, pairs.population),
        median_of("median-change", pairs.changes, pairs.population),
        by_patient.median_change("median-change-by-patient", pairs),
        shift("hodges-lehmann", pairs, None),
        shift("hodges-lehmann-zeros-dropped", pairs, "dropped"),
    ]


def _counts(pairs: Pairs) -> list[Estimate]:
    whole = Whole(n=len(pairs), population=pairs.population)
    return [
        count(name, number, whole) for name, number in directions(pairs.changes).by_name().items()
    ]


def _tests(pairs: Pairs) -> list[Estimate]:
    first = pairs.first_lesion_per_patient()
    return [
        sign_test("sign-test", pairs),
        sign_test("sign-test-first-lesion", first),
        wilcoxon("wilcoxon", pairs, "dropped"),
        wilcoxon("wilcoxon-first-lesion", first, "dropped"),
        wilcoxon("wilcoxon-pratt", pairs, "pratt"),
        wilcoxon("wilcoxon-pratt-first-lesion", first, "pratt"),
        by_patient.sign_flips("patient-sign-flips", pairs, "sign-test-first-lesion"),
    ]


def _table(estimates: Sequence[Estimate]) -> Table:
    fields = ("n", "value", "low", "high", "p")
    return Table(
        name="change",
        title="Change from the reference to the endpoint",
        columns=("what", *fields),
        rows=[
            (estimate.label, *(Ref(estimate.name, name) for name in fields))
            for estimate in estimates
            if estimate.statistic != "count"
        ],
    )
