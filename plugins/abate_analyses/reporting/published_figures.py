"""The figures of a paper, compared with the study's own.

A disagreement is a result, and is shown as one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from abate import ComparedFigure, Estimate, PageSection, Results
from abate.analysis.model import number_of

if TYPE_CHECKING:
    from abate.analysis.published_figures import Numbers, PublishedFigure

Statistics = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of a figure: its label if there are several, and whether it is the first."""

    figure: ComparedFigure
    label: str
    paper: float | None
    ours: float | None
    is_first: bool


def compare(figure: "PublishedFigure", statistics: Statistics) -> ComparedFigure:
    """Compare one figure of the paper with the report's."""
    ours: float | Numbers | None
    n = None
    if isinstance(figure.ours, str):
        ours = _look_up(figure.ours, statistics)
        n = _look_up(f"{figure.ours.partition('#')[0]}#n", statistics)
    else:
        ours = {label: _look_up(path, statistics) for label, path in figure.ours.items()}
    agrees = _agrees(figure, ours, n)
    return ComparedFigure(
        id=figure.id,
        title=figure.title,
        rule=figure.rule,
        paper=figure.paper,
        ours=ours,
        n=n,
        agrees=agrees,
        remarks=[] if agrees else _remarks(figure, statistics),
    )


def section(results: Results) -> PageSection:
    """Return the section of the page: the figures that are not equal, then all of them."""
    from abate import page_html

    unequal = [
        list(_rows(comparison)) for comparison in results.comparisons if comparison.agrees is False
    ]
    rows = [row for figure in results.comparisons for row in _rows(figure)]
    template = (files(__package__) / "published_figures.html").read_text("utf-8")
    alert = (
        f"{len(unequal)} of {len(results.comparisons)} figures "
        '<a href="#disagreements">are not equal to the paper\'s</a>.'
    )
    return PageSection(
        name="paper",
        title="Beside the paper",
        html=page_html(template, unequal=unequal, rows=rows),
        before="methods",
        alert=alert if unequal else "",
    )


def _rows(figure: ComparedFigure) -> Iterator[Row]:
    paper = figure.paper if isinstance(figure.paper, Mapping) else {"": figure.paper}
    ours = figure.ours if isinstance(figure.ours, Mapping) else {"": figure.ours}
    for place, label in enumerate(dict.fromkeys([*paper, *ours])):
        yield Row(
            figure=figure,
            label=label,
            paper=paper.get(label),
            ours=ours.get(label),
            is_first=place == 0,
        )


def _remarks(figure: "PublishedFigure", statistics: Statistics) -> Sequence[str]:
    paths = [figure.ours] if isinstance(figure.ours, str) else figure.ours.values()
    names = [path.partition("#")[0] for path in paths]
    cited = [statistics[name] for name in names if name in statistics]
    notes = [note for estimate in cited for note in (estimate.note, *estimate.cases)]
    return [remark for remark in (figure.remark, *dict.fromkeys(notes)) if remark]


def _look_up(path: str, statistics: Statistics) -> float | None:
    name, _, field = path.partition("#")
    try:
        return number_of(statistics[name], field or "value")
    except KeyError:
        return None


def _agrees(
    figure: "PublishedFigure", ours: "float | Numbers | None", n: float | None
) -> bool | None:
    if figure.paper is None or ours is None:
        return None
    if figure.n is not None and figure.n != n:
        return False
    if isinstance(ours, Mapping) or isinstance(figure.paper, Mapping):
        return ours == figure.paper
    digits = figure.decimals
    return (ours if digits is None else round(ours, digits)) == figure.paper
