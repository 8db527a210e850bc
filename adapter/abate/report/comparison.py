"""The figures of the paper beside ours, as rows of a table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from abate.paper import Figure
from abate.report.wording import Shown, exact, number
from abate.results import Results

_AGREES = {True: "equal", False: "not equal", None: "not compared"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of the paper and ours; the first row of a figure has its title and rule."""

    id: str
    title: str
    label: str
    rule: str
    paper: Shown
    ours: Shown
    n: Shown
    agrees: str


def rows(results: Results) -> list[Row]:
    """All figures, one row a number."""
    return [row for figure in results.comparisons for row in _rows(figure)]


def disagreements(results: Results) -> list[tuple[Figure, list[Row]]]:
    """The figures that are not equal, each with its rows."""
    return [(one, list(_rows(one))) for one in results.comparisons if one.agrees is False]


def _rows(figure: Figure) -> Iterator[Row]:
    paper = figure.paper if isinstance(figure.paper, Mapping) else {"": figure.paper}
    ours = figure.ours if isinstance(figure.ours, Mapping) else {"": figure.ours}
    for place, label in enumerate(dict.fromkeys([*paper, *ours])):
        is_first = place == 0
        yield Row(
            id=figure.id,
            title=figure.title,
            label=label,
            rule=figure.rule if is_first else "",
            paper=_shown(paper.get(label)),
            ours=_shown(ours.get(label)),
            n=_shown(figure.n) if is_first and figure.n is not None else Shown(text=""),
            agrees=_AGREES[figure.agrees] if is_first else "",
        )


def _shown(value: float | None) -> Shown:
    return Shown(text="\u2013") if value is None else Shown(text=number(value), exact=exact(value))
