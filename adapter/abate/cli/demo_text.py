"""The console output of the demo: the figures of the paper beside the study's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from abate.analysis.published_figures import ComparedFigure
from abate.cli.options import table, tint
from abate.demo import DemoResult
from abate.report.fhir.narrative import number

# The figures that matter: the pain before, the pain after, and the test of their difference.
FIRST = ("2", "3", "4")


def text(shown: DemoResult, page: Path) -> str:
    """Return the figures that matter, where the page is, all figures, and how many are equal."""
    lines = [row for figure in shown.figures for row in rows(figure)]
    again = ", ".join(f"{action} {n}" for action, n in shown.again.items())
    return "\n".join(
        [
            tint(shown.title),
            "",
            *(_first(figure) for figure in shown.figures if figure.id in FIRST),
            "",
            f"Report: {page}",
            "",
            table(["figure", "description and rule", "paper", "abate", "equal"], lines),
            "",
            agreement(shown.figures),
            f"read back from the server: {shown.report}; published again: {again}",
        ]
    )


def _first(figure: ComparedFigure) -> str:
    paper, ours = (
        None if isinstance(value, Mapping) else value for value in (figure.paper, figure.ours)
    )
    return f"  {figure.title}: {_words(ours)} (paper: {_words(paper)}; n {figure.n:g})"


def rows(figure: ComparedFigure) -> list[list[str]]:
    """Return the table rows of a figure: one per number, then its rule and its remarks."""
    equal = {True: "yes", False: "NO", None: "-"}[figure.agrees]
    below = [["", f"  rule: {figure.rule}", "", "", ""]]
    below += [["", f"  note: {remark}", "", "", ""] for remark in figure.remarks]
    if isinstance(figure.ours, Mapping) and isinstance(figure.paper, Mapping):
        numbers = [
            ["", f"  {label}", _words(figure.paper.get(label)), _words(ours), ""]
            for label, ours in figure.ours.items()
        ]
        return [[figure.id, figure.title, "", "", equal], *numbers, *below]
    n = "" if figure.n is None else f" (n {figure.n:g})"
    ours = None if isinstance(figure.ours, Mapping) else figure.ours
    paper = None if isinstance(figure.paper, Mapping) else figure.paper
    return [[figure.id, figure.title, _words(paper), _words(ours) + n, equal], *below]


def agreement(figures: Sequence[ComparedFigure]) -> str:
    """Return a sentence on how many readings are equal."""
    equal = sum(figure.agrees is True for figure in figures)
    unequal = [figure.id for figure in figures if figure.agrees is False]
    words = f"{equal} of {len(figures)} readings are equal to the paper's"
    return f"{words}; not equal: {', '.join(unequal)}" if unequal else words


def _words(value: float | None) -> str:
    return "-" if value is None else number(value)
