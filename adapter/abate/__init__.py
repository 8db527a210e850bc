"""abate: pain scores before and after a procedure, from a FHIR server and back to it.

This package has the names that plugin authors need; everything else is in its modules. A name is
loaded when it is first used, so that `import abate` is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abate.analysis.hooks import ReportContext, hookimpl
    from abate.analysis.model import (
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
    from abate.analysis.page_section import PageSection
    from abate.analysis.published_figures import ComparedFigure, PublishedFigures
    from abate.analysis.results import Results
    from abate.cohort.endpoint import LastOf
    from abate.cohort.tables import API_VERSION, Cohort, Pairs
    from abate.cohort.units import Units
    from abate.mapping.scores import Score
    from abate.report.page.html import page_html

_HOME = {
    "API_VERSION": "abate.cohort.tables",
    "Analysis": "abate.analysis.model",
    "Chart": "abate.analysis.model",
    "Cohort": "abate.cohort.tables",
    "ComparedFigure": "abate.analysis.published_figures",
    "Estimate": "abate.analysis.model",
    "Interval": "abate.analysis.model",
    "LastOf": "abate.cohort.endpoint",
    "Measured": "abate.analysis.model",
    "PageSection": "abate.analysis.page_section",
    "Pairs": "abate.cohort.tables",
    "PublishedFigures": "abate.analysis.published_figures",
    "Ref": "abate.analysis.model",
    "ReportContext": "abate.analysis.hooks",
    "Result": "abate.analysis.model",
    "Results": "abate.analysis.results",
    "Score": "abate.mapping.scores",
    "Split": "abate.analysis.model",
    "Table": "abate.analysis.model",
    "Units": "abate.cohort.units",
    "hookimpl": "abate.analysis.hooks",
    "page_html": "abate.report.page.html",
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
    "ReportContext",
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
