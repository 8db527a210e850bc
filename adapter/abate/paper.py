"""The figures that a paper prints, beside the study's own.

A study that repeats a published one names the paper's figures in a JSON file; each says by which
rule ours is made. What does not agree is a result, and is shown as one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from abate.errors import StudyFileError
from abate.outcome import Outcome
from abate.settings import StudyFile

Numbers = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a report says of one statistic: its numbers by name, and its notes."""

    numbers: Numbers
    notes: Sequence[str] = ()


Statistics = Mapping[str, Stated]


class Printed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One figure as the paper prints it, and where ours stands in the report.

    `ours` is `analysis/statistic`, with `#p`, `#n`, `#low`, `#high` or `#count:NAME` for another
    number than the value; or a table of such, for a figure of several numbers. `decimals` are
    those printed. `remark` is what a reader must know where the two differ.
    """

    id: str
    title: str
    rule: str
    paper: float | dict[str, float] | None
    ours: str | dict[str, str]
    n: int | None = None
    decimals: int | None = None
    remark: str = ""


class Paper(msgspec.Struct, forbid_unknown_fields=True):
    """The figures of a paper."""

    source: str
    figures: list[Printed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the paper beside ours; `agrees` is None where nothing can be compared.

    `remarks` say why the two differ, and name the cases where the report does.
    """

    id: str
    title: str
    rule: str
    paper: float | Mapping[str, float] | None
    ours: float | Numbers | None
    n: float | None
    agrees: bool | None
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def load(study_file: StudyFile) -> Paper | None:
    """The paper's figures that the study file names, if it names any.

    Raises:
        StudyFileError: the file cannot be read, or does not say what it must.
    """
    named = study_file.settings.paper
    if named is None:
        return None
    path = study_file.folder / named.figures
    try:
        return msgspec.json.decode(path.read_bytes(), type=Paper)
    except OSError as error:
        reason = error.strerror
    except msgspec.MsgspecError as error:
        reason = str(error)
    raise StudyFileError(f"{study_file.path}: [paper] figures: {path} cannot be read: {reason}")


def statistics_of(outcomes: Iterable[Outcome]) -> dict[str, Stated]:
    """What each statistic of a run says, by `analysis/statistic`."""
    return {
        f"{outcome.name}/{estimate.name}": Stated(
            numbers={
                "value": estimate.value,
                "n": estimate.n,
                "p": estimate.p,
                "low": estimate.interval.low if estimate.interval else None,
                "high": estimate.interval.high if estimate.interval else None,
                **{f"count:{name}": count for name, count in estimate.counts.items()},
            },
            notes=[*([estimate.note] if estimate.note else []), *estimate.cases],
        )
        for outcome in outcomes
        if outcome.result is not None
        for estimate in outcome.result.estimates
    }


def figures(paper: Paper, statistics: Statistics) -> list[Figure]:
    """Each figure of the paper beside the report's."""
    return [_figure(one, statistics) for one in paper.figures]


def _figure(printed: Printed, statistics: Statistics) -> Figure:
    ours: float | Numbers | None
    n = None
    if isinstance(printed.ours, str):
        ours = _look_up(printed.ours, statistics)
        n = _look_up(f"{printed.ours.partition('#')[0]}#n", statistics)
    else:
        ours = {label: _look_up(path, statistics) for label, path in printed.ours.items()}
    agrees = _agrees(printed, ours, n)
    return Figure(
        id=printed.id,
        title=printed.title,
        rule=printed.rule,
        paper=printed.paper,
        ours=ours,
        n=n,
        agrees=agrees,
        remarks=[] if agrees else _remarks(printed, statistics),
    )


def _remarks(printed: Printed, statistics: Statistics) -> list[str]:
    paths = [printed.ours] if isinstance(printed.ours, str) else printed.ours.values()
    said = [
        statistics[name].notes for path in paths if (name := path.partition("#")[0]) in statistics
    ]
    own = [printed.remark] if printed.remark else []
    return [*own, *dict.fromkeys(note for notes in said for note in notes)]


def _look_up(path: str, statistics: Statistics) -> float | None:
    name, _, field = path.partition("#")
    return statistics[name].numbers.get(field or "value") if name in statistics else None


def _agrees(printed: Printed, ours: float | Numbers | None, n: float | None) -> bool | None:
    if printed.paper is None or ours is None:
        return None
    if printed.n is not None and printed.n != n:
        return False
    if isinstance(ours, Mapping) or isinstance(printed.paper, Mapping):
        return ours == printed.paper
    digits = printed.decimals
    return (ours if digits is None else round(ours, digits)) == printed.paper
