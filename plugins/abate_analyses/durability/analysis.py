"""Durability: follow-up, duration of relief, and its loss."""

import polars as pl

from abate import Cohort, Estimate, Result
from abate.cohort.endpoint import Endpoint
from abate.config.visits import BASELINE
from abate_analyses.catalogue import Loss
from abate_analyses.durability.charts import charts, tables
from abate_analyses.durability.loss_curves import curves, loss_estimates
from abate_analyses.durability.relief import LOSSES, Relief, relief
from abate_analyses.durability.units import durability_units
from abate_analyses.shared.counts import LESIONS, PATIENTS, Whole, share
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.units import of_estimates
from abate_analyses.statistics.aalen_johansen import EVENT
from abate_analyses.statistics.quantiles import spread

WEEK, MONTH = 7, 28
MOST_CASES = 20


def analyse(cohort: Cohort, *, reference: str, endpoint: Endpoint, loss: Loss) -> Result:
    """Follow each lesion with relief until its loss, death, or the last score."""
    if not cohort.analysed.height:
        return Result.not_estimable(f"there are no {LESIONS}")
    pairs = cohort.pairs(reference=reference, endpoint=endpoint)
    lesions = relief(cohort, pairs, loss)
    words = LOSSES[loss]
    lost = curves(lesions, cohort)
    estimates = [
        _follow_up(cohort),
        *mark_key([_relief(lesions)], "relief"),
        *_longest(lesions, words),
        *loss_estimates(lost, words),
        _net_relief(lesions, words),
        _persistence(lesions, words),
    ]
    return Result(
        estimates=estimates,
        tables=tables(lost),
        charts=charts(lost),
        notes=[_clock(words)],
        units=of_estimates(estimates, durability_units(cohort, lesions, lost)),
    )


def _clock(loss: str) -> str:
    return (
        "Time runs from the index procedure, among lesions with relief at the endpoint. A loss "
        f"(first later score {loss}) is dated at the visit that showed it: it came somewhere after "
        "the visit before. A re-treated lesion is followed to its re-treatment; a death without a "
        "day counts at the last contact."
    )


def _follow_up(cohort: Cohort) -> Estimate:
    """Return the follow-up (figure 6): the longest of each patient's lesions."""
    days = (
        cohort.scores.filter(pl.col("chosen") & (pl.col("visit") != BASELINE))
        .join(cohort.analysed.select("lesion_id", "patient_id"), on="lesion_id")
        .group_by("patient_id")
        .agg(pl.col("day").max())["day"]
    )
    middle, quartiles = spread(days.to_numpy() / WEEK) if len(days) else (None, None)
    return Estimate(
        name="follow-up",
        label="follow-up by patient",
        value=middle,
        n=len(days),
        unit="wk",
        interval=quartiles,
        method=(
            "median, with quartiles (R type 7), of each patient's last documented score, in days "
            "from that lesion's own index procedure, the longest of its lesions, over 7"
        ),
        population=f"{PATIENTS} and a score after",
        note="" if len(days) else "no patient has a score after",
        statistic="duration",
        basis="patient",
    )


def _relief(relief: Relief) -> Estimate:
    whole = Whole(n=len(relief.pairs), population=relief.pairs.population)
    return share(
        "relief", relief.frame.height, whole, "not worse than the reference at the endpoint"
    )


def _longest(relief: Relief, loss: str) -> list[Estimate]:
    """Return the longest relief (figure 7): the time of one lesion, so it is marked as such."""
    held = relief.frame["held_day"]
    longest = held.max() if len(held) else None
    ones = relief.frame.filter(pl.col("held_day") == pl.col("held_day").max())
    cases = [f"{label}, {visit}" for label, visit in ones.select("label", "held_visit").rows()]
    return [
        Estimate(
            name=name,
            label=f"longest relief documented, in {words}",
            value=float(longest) / days if isinstance(longest, int) else None,
            n=len(held),
            unit=unit,
            method=(
                f"longest time to the last visit up to which no score after the endpoint was {loss}"
                f"; {rule}; a lower limit where follow-up ended in relief"
            ),
            population=relief.population,
            note="" if len(held) else "no lesion had relief",
            statistic="duration",
            individual=True,
            cases=[*cases[:MOST_CASES], *_more(len(cases))],
        )
        for name, words, unit, days, rule in (
            ("longest-relief", "months of 4 weeks", "mo", MONTH, "a month is 4 weeks"),
            ("longest-relief-weeks", "weeks", "wk", WEEK, "a week is 7 days"),
        )
    ]


def _net_relief(relief: Relief, loss: str) -> Estimate:
    """Return net pain relief by lesion, as in PRESENT (van der Velden 2018, PMC6290653)."""
    lived = relief.frame.filter(pl.col("survival") > 0)
    shares = (lived["time"] / lived["survival"]).to_numpy()
    middle, quartiles = spread(shares) if len(shares) else (None, None)
    return Estimate(
        name="net-pain-relief",
        label="net pain relief: time in relief over survival",
        value=middle,
        n=len(shares),
        interval=quartiles,
        method=(
            f"median, with quartiles (R type 7), of each lesion's days to the first score {loss} "
            "(else to the end of follow-up) over its days to death or the end of follow-up"
        ),
        population=relief.population,
        note="" if len(shares) else "no lesion had relief",
        statistic="median",
    )


def _persistence(relief: Relief, loss: str) -> Estimate:
    """Return the persistence (figure 13): did relief last at every later documented visit?"""
    followed = relief.frame.filter(pl.col("later") > 0)
    lost = followed.filter(pl.col("cause") == EVENT)
    whole = Whole(n=followed.height, population=_later(relief))
    built = share(
        "persistence",
        followed.height - lost.height,
        whole,
        f"no later score {loss}",
        note="" if whole.n else "no lesion with relief has a later score",
    )
    return Estimate(
        name=built.name, label=built.label, value=built.value, n=built.n, method=built.method,
        population=built.population, interval=built.interval, note=built.note,
        statistic=built.statistic, counts=built.counts,
        cases=_cases(lost, relief.later, loss),
    )  # fmt: skip


def _later(relief: Relief) -> str:
    return f"{relief.population}, with a later score"


def _cases(lost: pl.DataFrame, later: pl.DataFrame, loss: str) -> list[str]:
    """Describe losses, as in 'lesion 6 at M5: 6, above its reference 2 (0 again at M6)'."""
    its = loss.replace("the reference", "its reference")
    few = lost.head(MOST_CASES)
    rows = few.select("lesion_id", "label", "loss_visit", "loss_score", "reference").rows()
    named = [
        f"{label} at {visit}: {score:g}, {its} {reference:g}{_again(later, lesion)}"
        for lesion, label, visit, score, reference in rows
    ]
    return [*named, *_more(lost.height)]


def _more(number: int) -> list[str]:
    """Return a note if there are too many cases to name all."""
    return [f"and {number - MOST_CASES} more"] if number > MOST_CASES else []


def _again(later: pl.DataFrame, lesion: str) -> str:
    back = later.filter(
        (pl.col("lesion_id") == lesion) & (pl.col("losses") > 0) & ~pl.col("lost")
    ).head(1)
    return "".join(
        f" ({score:g} again at {visit})" for score, visit in back.select("value", "visit").rows()
    )
