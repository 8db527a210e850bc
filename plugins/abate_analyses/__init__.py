"""The analyses that come with abate, and its sections of the page.

They are registered like those of any plugin: by an entry point of the group `abate`.
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
    """Return the shipped analyses."""
    return [Profile, PainCourse, PairedChange, VisitChanges, Responders, Durability, Safety]


@hookimpl
def compare_figures(
    published: PublishedFigures, statistics: Mapping[str, Estimate]
) -> Sequence[ComparedFigure]:
    """Compare each figure of the paper with the report's."""
    return [published_figures.compare(figure, statistics) for figure in published.figures]


@hookimpl
def page_sections(results: "Results") -> list[PageSection]:
    """Return the sections of the paper's figures, if there are any, and of the checklists."""
    figures = [published_figures.section(results)] if results.comparisons else []
    return [*figures, checklists.section(results)]
