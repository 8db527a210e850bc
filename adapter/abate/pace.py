"""How quickly something long goes on: rows a second, time left, and a line now and then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TypedDict

from abate.say import NOTE, PROGRESS, Field, Level, Say

Clock = Callable[[], float]

EVERY_SECONDS = 30.0


class Reading(TypedDict, total=False):
    """What a pace tells; the time left only where it is known how much there is."""

    rows_per_second: float
    seconds_left: float


class Paced:
    """Passes on what is said; of what comes often, with its pace, only what is due."""

    def __init__(
        self, say: Say, often: Say, *, every: float = EVERY_SECONDS, clock: Clock = monotonic
    ) -> None:
        """Speak by `say`, and by `often` at most each `every` seconds, by the `clock`."""
        self._say, self._often = say, often
        self._every, self._clock = every, clock
        self._pace = Pace()
        self._said_at = clock()

    def __call__(
        self, text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field
    ) -> None:
        """Say something; see `Say`."""
        now = self._clock()
        self._pace.see(event, fields, now)
        if event == "query.done":
            fields.setdefault("seconds", self._pace.spent(fields))
        if event not in PROGRESS:
            self._say(text, event=event, level=level, **fields)
        elif now - self._said_at >= self._every:
            self._said_at = now
            reading = self._pace.read(now)
            self._often(text + words(reading), event=event, level=level, **fields, **reading)


@dataclass(slots=True)
class Pace:
    """Sees what is said on the way, and knows how quickly it goes."""

    _began: float | None = None
    _received: dict[tuple[Field, Field], int] = field(default_factory=dict)
    _spent: dict[tuple[Field, Field], float] = field(default_factory=dict)
    _asked: tuple[Field, Field] | None = None
    _seen: float = 0.0
    _by_patient: bool = False
    _work: "_Work | None" = None

    def see(self, event: str, fields: Mapping[str, Field], now: float) -> None:
        """Take in an event at a time."""
        if self._asked is not None:
            self._spent[self._asked] = self._spent.get(self._asked, 0.0) + now - self._seen
        self._seen = now
        self._asked = _query(fields) if event in ("query.begin", "query.page") else None
        if self._asked is not None:
            self._began = now if self._began is None else self._began
        self._count(event, fields, now)

    def read(self, now: float) -> Reading:
        """The pace at a time."""
        reading = Reading()
        if self._began is not None and now > self._began and self._received:
            reading["rows_per_second"] = round(
                sum(self._received.values()) / (now - self._began), 1
            )
        if self._work is not None and (left := self._work.left(now)) is not None:
            reading["seconds_left"] = left
        return reading

    def spent(self, fields: Mapping[str, Field]) -> float:
        """The seconds that a query took, over all its parts."""
        return round(self._spent.get(_query(fields), 0.0), 3)

    def _count(self, event: str, fields: Mapping[str, Field], now: float) -> None:
        received, expected = fields.get("received"), fields.get("expected")
        if event == "patients.found":
            # From now on a query's count is that of the patients so far, and tells no end.
            self._by_patient, self._work = True, _Work(now)
        if event == "query.begin" and not self._by_patient:
            self._work = _Work(now)
        if event == "query.page" and isinstance(received, int):
            self._received[_query(fields)] = received
        if self._work is not None and event == self._measured_by():
            self._work.goes_on(now, received, expected)

    def _measured_by(self) -> str:
        return "patients.done" if self._by_patient else "query.page"


@dataclass(slots=True)
class _Work:
    """A piece of work whose end may be known."""

    began: float
    at: float = 0.0
    done: int = 0
    whole: int | None = None

    def goes_on(self, now: float, done: Field, whole: Field) -> None:
        self.at, self.done = now, done if isinstance(done, int) else 0
        self.whole = whole if isinstance(whole, int) else None

    def left(self, now: float) -> float | None:
        """The seconds that are left, if it goes on as it has."""
        if self.whole is None or not self.done:
            return None
        whole = (self.at - self.began) * self.whole / self.done
        return round(max(0.0, whole - (now - self.began)), 1)


def words(reading: Reading) -> str:
    """A pace in words, as in `, 1,200 rows/s, 2 min left`."""
    rate, left = reading.get("rows_per_second"), reading.get("seconds_left")
    told = "" if rate is None else f", {rate:,.0f} rows/s"
    return told if left is None else f"{told}, {duration(left)} left"


def duration(seconds: float) -> str:
    """A time in words, as in `4.2 s`, `42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _query(fields: Mapping[str, Field]) -> tuple[Field, Field]:
    return fields.get("query"), fields.get("type")
