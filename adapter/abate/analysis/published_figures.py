"""The figures that a paper prints: their file, and each beside the study's figure in the results.

A study that repeats a published one lists the paper's figures in a JSON file, each with the rule
by which the study computes it. A plugin compares the two (`compare_figures`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from abate.analysis.model import Estimate
from abate.analysis.outcome import Outcome
from abate.config.settings import StudyFile
from abate.errors import StudyFileError

Numbers = Mapping[str, float | None]


class PublishedFigure(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One figure as the paper prints it, and the place of the study's figure in the report.

    `ours` is `analysis/statistic`, with `#p`, `#n`, `#low`, `#high` or `#count:NAME` for a
    number other than the value; or a table of these, for a figure of several numbers. `decimals`
    is the number of printed decimals. `remark` explains a difference between the two.
    """

    id: str
    title: str
    rule: str
    paper: float | dict[str, float] | None
    ours: str | dict[str, str]
    n: int | None = None
    decimals: int | None = None
    remark: str = ""


class PublishedFigures(msgspec.Struct, forbid_unknown_fields=True):
    """The file that `[paper] figures` names: the publication and its figures."""

    source: str
    figures: list[PublishedFigure]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """A figure of the paper beside the study's; `agrees` is None if they cannot be compared.

    `remarks` explain why the two differ, and name the cases if the report does.
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
        """Return the figure as JSON, for programs."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def load(study_file: StudyFile) -> PublishedFigures | None:
    """Return the paper's figures that the study file names, if any.

    Raises:
        StudyFileError: the file cannot be read, or is invalid.
    """
    named = study_file.settings.paper
    if named is None:
        return None
    path = study_file.folder / named.figures
    try:
        return msgspec.json.decode(path.read_bytes(), type=PublishedFigures)
    except OSError as error:
        reason = error.strerror
    except msgspec.MsgspecError as error:
        reason = str(error)
    raise StudyFileError(f"{study_file.path}: [paper] figures: {path} cannot be read: {reason}")


def statistics_of(outcomes: Iterable[Outcome]) -> dict[str, Estimate]:
    """Return the estimates of a run, by `analysis/statistic`."""
    return {
        f"{outcome.name}/{estimate.name}": estimate
        for outcome in outcomes
        if outcome.result is not None
        for estimate in outcome.result.estimates
    }
