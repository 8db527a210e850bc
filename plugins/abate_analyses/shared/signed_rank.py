"""Estimates from the signed ranks of paired changes: Wilcoxon's test and Hodges-Lehmann."""

from abate import Estimate, Interval, Pairs
from abate_analyses.shared.changes import UNTIED, directions
from abate_analyses.statistics.exact_integers import billionths
from abate_analyses.statistics.hodges_lehmann import ConfidenceLimits, HodgesLehmann, hodges_lehmann
from abate_analyses.statistics.rank_tests import SignedRank, Zeros, wilcoxon_signed_rank

_ZEROS = {"dropped": "zeros dropped", "pratt": "zeros ranked and then dropped (Pratt)"}
_EXACT = {
    True: "exact, over all sign flips of the midranks",
    False: "normal approximation with continuity and tie correction",
}
_ALL_TIES = "every pair is a tie"


def wilcoxon(name: str, pairs: Pairs, zeros: Zeros) -> Estimate:
    """Return Wilcoxon's signed-rank test; its value is V, the sum of the ranks of the rises."""
    counted = directions(pairs.changes)
    dropped = zeros == "dropped"
    test = wilcoxon_signed_rank(billionths(pairs.changes), zeros) if counted.untied else None
    both = {"falls": counted.falls, "rises": counted.rises}
    return Estimate(
        name=name,
        label=f"V, sum of the ranks of the rises, {name.replace('-', ' ')}",
        value=test.v if test else None,
        n=counted.untied if dropped else len(pairs),
        p=test.p if test else None,
        method=_wilcoxon(test, zeros),
        population=f"{pairs.population}{UNTIED}" if dropped else pairs.population,
        statistic="test",
        counts=both if dropped else counted.by_name(),
        note="" if test else _ALL_TIES,
    )


def _wilcoxon(test: SignedRank | None, zeros: Zeros) -> str:
    how = _EXACT[test.exact if test else True]
    return f"Wilcoxon signed-rank test, two-sided, {_ZEROS[zeros]}; {how}"


def shift(name: str, pairs: Pairs, zeros: Zeros | None) -> Estimate:
    """Return the Hodges-Lehmann estimate of the change, with or without the zeros."""
    changes = billionths(pairs.changes)
    kept = changes[changes != 0] if zeros else changes
    estimated = hodges_lehmann(kept) if kept.size else None
    counted = directions(pairs.changes)
    parts = counted.by_name()
    return Estimate(
        name=name,
        label="median of the Walsh averages of change"
        + (", zeros dropped" if zeros else ", zeros kept"),
        value=estimated.value if estimated else None,
        n=int(kept.size),
        unit="{score}",
        interval=_interval(estimated),
        method=_hodges_lehmann(estimated.limits if estimated else None, zeros),
        population=f"{pairs.population}{UNTIED}" if zeros else pairs.population,
        statistic="difference",
        counts={key: parts[key] for key in ("falls", "rises")} if zeros else parts,
        note=_shift_note(estimated),
    )


def _interval(shift: HodgesLehmann | None) -> Interval | None:
    if not shift or not shift.limits:
        return None
    limits = shift.limits
    level = f"{100 * limits.level:.1f} % confidence" if limits.exact else "95 % confidence"
    return Interval(low=shift.low, high=shift.high, kind=f"{level}, signed rank")


def _hodges_lehmann(limits: ConfidenceLimits | None, zeros: Zeros | None) -> str:
    how = "normal approximation" if limits and not limits.exact else "exact"
    kept = "zeros dropped" if zeros else "zeros kept"
    return (
        f"Hodges-Lehmann, median of all Walsh averages, {kept}; interval of at least 95 % by the "
        f"signed-rank distribution without ties, {how}"
    )


def _shift_note(shift: HodgesLehmann | None) -> str:
    if not shift:
        return _ALL_TIES
    return "" if shift.limits else "too few pairs for an interval at this level"
