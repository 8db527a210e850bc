"""The exact sign test of paired scores, as an estimate."""

from abate import Estimate, Pairs
from abate_analyses.shared.changes import UNTIED, Directions, directions
from abate_analyses.statistics.intervals import clopper_pearson

METHOD = "exact sign test, two-sided, ties dropped"


def sign_test(name: str, pairs: Pairs) -> Estimate:
    """Return the sign test; its value is the share of falls among falls and rises."""
    counted = directions(pairs.changes)
    return Estimate(
        name=name,
        label=f"share of falls among falls and rises, {name.replace('-', ' ')}",
        value=counted.falls / counted.untied if counted.untied else None,
        n=counted.untied,
        interval=clopper_pearson(counted.falls, counted.untied),
        p=p_of(counted),
        method=METHOD,
        population=f"{pairs.population}{UNTIED}",
        statistic="test",
        counts={"falls": counted.falls, "rises": counted.rises},
        note="" if counted.untied else "every pair is a tie",
    )


def p_of(counted: Directions) -> float | None:
    """Return the p-value if a fall is as likely as a rise; None if all are ties."""
    if not counted.untied:
        return None
    from scipy.special import betainc

    fewer = min(counted.falls, counted.rises)
    return min(1.0, 2 * float(betainc(counted.untied - fewer, fewer + 1, 0.5)))
