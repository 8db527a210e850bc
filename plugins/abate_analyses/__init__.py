"""The analyses that come with abate, one module a question; and its sections of the page.

They enter by the same door as anyone's: an entry point of the group `abate`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from abate import Analysis, ComparedFigure, Estimate, PageSection, PublishedFigures, hookimpl
from abate_analyses.catalogue import (
    Durability,
    PainCourse,
    PairedChange,
    Profile,
    Responders,
    Safety,
    VisitChanges,
)
from abate_analyses.reporting import checklists, published_figures

if TYPE_CHECKING:
    from abate import Results


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    """The shipped analyses."""
    return [Profile, PainCourse, PairedChange, VisitChanges, Responders, Durability, Safety]


@hookimpl
def compare_figures(
    published: PublishedFigures, statistics: Mapping[str, Estimate]
) -> Sequence[ComparedFigure]:
    """Each figure of the paper beside the report's."""
    return [published_figures.compare(figure, statistics) for figure in published.figures]


@hookimpl
def page_sections(results: "Results") -> list[PageSection]:
    """The figures of the paper, if there are any, and the checklists."""
    figures = [published_figures.section(results)] if results.comparisons else []
    return [*figures, checklists.section(results)]
