"""Responders: the number of lesions whose pain fell enough, by pain scores only."""

from collections.abc import Sequence

from abate import Cohort, Measured, Ref, Result, Table
from abate.cohort.endpoint import Endpoint
from abate_analyses.responders.endpoints import PAIN_SCORE_ONLY, RESPONSES, Response
from abate_analyses.responders.estimates import (
    LOCF,
    OF_ANALYSED,
    OF_HIGH,
    OF_TREATED,
    Groups,
    estimates,
)
from abate_analyses.responders.members import responder_units
from abate_analyses.responders.strata import Strata, strata
from abate_analyses.responders.units import (
    alone_at_zero,
    carry_forward,
    count_analysed,
    count_treated,
    find_excluded_at_zero,
    judge_pairs,
)
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.units import of_estimates

NOTES = (
    "Responders are pain-score-only responders: no opioid dose was read.",
    "The main denominator is the lesions with a reference and an endpoint (observed cases).",
    "Sensitivity runs count a missing change as no response, or carry an earlier score forward.",
    "A fall in percent of a reference of zero is undefined: such lesions are counted apart.",
)


def analyse(cohort: Cohort, *, reference: str, endpoint: Endpoint) -> Result:
    """Apply every definition to each lesion."""
    groups = _groups(cohort, reference, endpoint)
    if not groups.analysed.n:
        return Result.not_estimable("there are no analysed lesions")
    by_stratum = strata(groups.pairs, cohort.adjuncts)
    of_all = mark_key(estimates(groups), RESPONSES[0].name)
    listed = [*of_all, *(estimate for stratum in by_stratum for estimate in stratum.estimates())]
    known = responder_units(cohort, groups, by_stratum, reference, endpoint)
    return Result(
        estimates=listed,
        tables=[_main(), _denominators(), _by_stratum(by_stratum)],
        notes=NOTES,
        units=of_estimates(listed, known),
        measures=[_measure(response, groups, by_stratum) for response in RESPONSES],
    )


def _groups(cohort: Cohort, reference: str, endpoint: Endpoint) -> Groups:
    pairs = cohort.pairs(reference=reference, endpoint=endpoint)
    of_pairs = judge_pairs(pairs)
    return Groups(
        pairs=of_pairs,
        high=of_pairs.with_high_reference(),
        carried=carry_forward(cohort, pairs, reference, endpoint),
        analysed=count_analysed(cohort),
        treated=count_treated(cohort),
        zeros=int((cohort.at(endpoint).frame["value"] == 0).sum()),
        at_zero=of_pairs.at_zero + len(alone_at_zero(cohort, reference, endpoint)),
        excluded_at_zero=len(find_excluded_at_zero(cohort, reference)),
    )


def _measure(response: Response, groups: Groups, by_stratum: Sequence[Strata]) -> Measured:
    return Measured(
        estimate=response.name,
        initial="lesions-analysed",
        title=f"{PAIN_SCORE_ONLY.capitalize()}: {response.words}",
        criteria={
            "initial-population": "Analysed lesions, each by its index procedure",
            "denominator": f"The {groups.pairs.whole(response).population}",
            "numerator": f"Lesions of the denominator: {response.words}",
        },
        strata={group.stratifier: group.names(response) for group in by_stratum},
    )


def _main() -> Table:
    shown = ("count:numerator", "n", "value", "low", "high")
    return Table(
        name="responders",
        title="Pain-score-only responders among lesions with a reference and an endpoint",
        columns=(
            "definition", "responders", "of", "share", "low (Clopper-Pearson)",
            "high (Clopper-Pearson)", "low (Wilson)", "high (Wilson)",
        ),
        rows=[
            (
                response.words,
                *(Ref(response.name, field) for field in shown),
                *(Ref(f"{response.name}-wilson", field) for field in ("low", "high")),
            )
            for response in RESPONSES
        ],
    )  # fmt: skip


def _denominators() -> Table:
    suffixes = {
        "treated": f"-{OF_TREATED}",
        "analysed": f"-{OF_ANALYSED}",
        "with a reference": "",
        "reference 4 or more": f"-{OF_HIGH}",
        "carried forward": f"-{LOCF}",
    }
    heads = [head for words in suffixes for head in (f"{words}: responders", f"{words}: of")]
    return Table(
        name="denominators",
        title="Pain-score-only responders over each denominator",
        columns=("definition", *heads),
        rows=[
            (
                response.words,
                *(
                    Ref(f"{response.name}{suffix}", field)
                    for suffix in suffixes.values()
                    for field in ("count:numerator", "n")
                ),
            )
            for response in RESPONSES
        ],
    )


def _by_stratum(by_stratum: Sequence[Strata]) -> Table:
    fields = ("count:numerator", "n", "value", "low", "high")
    return Table(
        name="strata",
        title="Pain-score-only responders by adjunct and by site group",
        columns=("by", "stratum", "definition", "responders", "of", "share", "low", "high"),
        rows=[
            (
                stratifier.stratifier,
                stratum,
                response.words,
                *(Ref(name, field) for field in fields),
            )
            for stratifier in by_stratum
            for response in RESPONSES
            for stratum, name in stratifier.names(response).items()
        ],
    )
