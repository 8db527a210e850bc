"""abate: pain scores before and after a procedure, from a FHIR server and back to it.

What a plugin author needs stands here; everything else is reached by its module. Names are
loaded when first used, so that `import abate` is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abate.analysis import (
        Analysis,
        Chart,
        Estimate,
        Interval,
        Measured,
        Ref,
        Result,
        Split,
        Table,
    )  # fmt: skip
    from abate.cohort import API_VERSION, Cohort, LastOf, Pairs
    from abate.cohort.units import Units
    from abate.hookspecs import hookimpl
    from abate.mapping.mapper import Score
    from abate.published_figures import ComparedFigure, PublishedFigures
    from abate.report.html import page_html
    from abate.report.page_section import PageSection
    from abate.results import Results

_HOME = {
    "API_VERSION": "abate.cohort",
    "Analysis": "abate.analysis",
    "Chart": "abate.analysis",
    "Cohort": "abate.cohort",
    "ComparedFigure": "abate.published_figures",
    "Estimate": "abate.analysis",
    "Interval": "abate.analysis",
    "LastOf": "abate.cohort",
    "Measured": "abate.analysis",
    "PageSection": "abate.report.page_section",
    "Pairs": "abate.cohort",
    "PublishedFigures": "abate.published_figures",
    "Ref": "abate.analysis",
    "Result": "abate.analysis",
    "Results": "abate.results",
    "Score": "abate.mapping.mapper",
    "Split": "abate.analysis",
    "Table": "abate.analysis",
    "Units": "abate.cohort.units",
    "hookimpl": "abate.hookspecs",
    "page_html": "abate.report.html",
}

__all__ = [
    "API_VERSION",
    "Analysis",
    "Chart",
    "Cohort",
    "ComparedFigure",
    "Estimate",
    "Interval",
    "LastOf",
    "Measured",
    "PageSection",
    "Pairs",
    "PublishedFigures",
    "Ref",
    "Result",
    "Results",
    "Score",
    "Split",
    "Table",
    "Units",
    "hookimpl",
    "page_html",
]


def __getattr__(name: str) -> Any:
    """Load the module that holds `name` at its first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'abate' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
