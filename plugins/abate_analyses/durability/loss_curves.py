"""Time to loss of relief: the curves, and their values at each visit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from abate import Cohort, Estimate, Interval
from abate_analyses.durability.relief import Relief
from abate_analyses.statistics.aalen_johansen import (
    COMPETING,
    EVENT,
    Curve,
    cumulative_incidence,
    kaplan_meier,
    log_log_interval,
)

INTERVAL = "95 % confidence, log(-log) of the incidence"
BY_VISIT = "by the last day of the visit's window; loss dated at the visit that showed it"
_RIVAL = "cumulative incidence, Aalen-Johansen, {} as a competing event, delta-method variance"
LOST = f"{_RIVAL.format('death')}; {BY_VISIT}"
DIED = f"{_RIVAL.format('loss of relief')}; {BY_VISIT}"
KAPLAN_MEIER = (
    f"1 less Kaplan-Meier, the dead censored: overestimates; Greenwood variance; {BY_VISIT}"
)
NOBODY = "no lesion was followed to that visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A visit on the curves: its name and its window's first, target and last day."""

    visit: str
    first: int
    day: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The three curves of the lesions with relief, and the visits to read them at.

    Attributes:
        loss: loss with death as a competing event.
        death: death before a loss.
        naive: loss with the dead as censored.
        n: the number of lesions with relief.
        visits: the visits after the endpoint's last one.
        population: the lesions, in words.
    """

    loss: Curve
    death: Curve
    naive: Curve
    n: int
    visits: Sequence[At]
    population: str


def curves(relief: Relief, cohort: Cohort) -> Curves:
    """Return the curves, which are read at each visit after the endpoint of every lesion."""
    times, causes = relief.frame["time"].to_numpy(), relief.frame["cause"].to_numpy()
    other = {EVENT: COMPETING, COMPETING: EVENT}
    turned = relief.frame["cause"].replace(other).to_numpy()
    start = relief.pairs.frame.join(relief.frame, on="lesion_id", how="semi")["endpoint_visit"]
    seen = set(start.unique())
    last = max((w.last for visit, w in cohort.windows.items() if visit in seen), default=0)
    return Curves(
        loss=cumulative_incidence(times, causes),
        death=cumulative_incidence(times, turned),
        naive=kaplan_meier(times, causes),
        n=relief.frame.height,
        visits=[
            At(visit=visit, first=window.first, day=window.day, last=window.last)
            for visit, window in cohort.windows.items()
            if window.first > last
        ],
        population=relief.population,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One of the curves with the name, method and label of its estimates."""

    curve: Curve
    name: str
    method: str
    label: str


def loss_estimates(lost: Curves, loss: str) -> Iterator[Estimate]:
    """Return the estimates of the curves at each visit, and the median times."""
    lost_words = f"loss of relief (a score {loss})"
    read = (
        Read(curve=lost.loss, name="loss", method=LOST, label=lost_words),
        Read(curve=lost.death, name="death", method=DIED, label="death in relief"),
        Read(curve=lost.naive, name="loss-km", method=KAPLAN_MEIER, label="loss, Kaplan-Meier"),
    )
    for at in lost.visits:
        yield from (_at(lost, curve, at) for curve in read)
    yield _median(lost, lost.loss, "median-time-to-loss", "Aalen-Johansen, death competing")
    yield _median(lost, lost.naive, "median-time-to-loss-km", "Kaplan-Meier, the dead censored")


def counts_at(lost: Curves, at: At) -> dict[str, int]:
    """Count the lesions at risk on the first day of a visit's window, and events by its last."""
    upto = lost.loss.place(at.last) + 1
    return {
        f"at risk at {at.visit}": lost.loss.count_at_risk(at.first),
        f"losses by {at.visit}": int(lost.loss.events[:upto].sum()),
        f"deaths by {at.visit}": int(lost.loss.competing[:upto].sum()),
    }


def _at(lost: Curves, read: Read, at: At) -> Estimate:
    followed = lost.loss.count_at_risk(at.first) > 0
    value, variance = read.curve.read(at.last)
    return Estimate(
        name=f"{read.name}-{at.visit}",
        label=f"{read.label} by {at.visit}",
        value=value if followed else None,
        n=lost.n,
        method=read.method,
        population=lost.population,
        interval=_interval(value, variance) if followed else None,
        note="" if followed else NOBODY,
        statistic="cumulative-incidence",
        counts=counts_at(lost, at),
    )


def _interval(value: float, variance: float) -> Interval | None:
    ends = log_log_interval(value, variance)
    return None if ends is None else Interval(low=ends[0], high=ends[1], kind=INTERVAL)


def _median(lost: Curves, curve: Curve, name: str, how: str) -> Estimate:
    days = curve.median()
    return Estimate(
        name=name,
        label=f"median time to loss of relief, {how}",
        value=None if days is None else days / 7,
        n=lost.n,
        unit="wk",
        method=f"first time at which the incidence of loss ({how}) is a half, in weeks of 7 days",
        population=lost.population,
        note="not reached" if days is None and lost.n else "" if lost.n else "no lesion had relief",
        statistic="duration",
        counts={"losses": int(curve.events.sum())},
    )
