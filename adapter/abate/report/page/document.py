"""The report as a self-contained HTML page without scripts or network access.

The page shows all results that it gets. The results of a run are complete, and the page says that
they are not for release; those of `abate.disclosure.make_release` have no name of a run or of a
server, so the same results give the same bytes.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from abate.analysis.page_section import PageSection
from abate.analysis.results import NOT_FOR_RELEASE, Results
from abate.report.fhir.narrative import not_assessable
from abate.report.page import attrition, methods, theme
from abate.report.page.formatting import withheld_by_source
from abate.report.page.html import TEMPLATES, environment
from abate.report.page.sections import AnalysisSection, headlines, section
from abate.report.thin import describe_thin


def render(results: Results, plugin_sections: Sequence[PageSection] = ()) -> str:
    """Return the page of results; the same released results give the same text.

    Args:
        results: the results.
        plugin_sections: the sections of plugins, which were checked.
    """
    sections = [section(outcome) for outcome in results.outcomes]
    return environment().get_template("page.html").render(
        results=results,
        noun=results.noun,
        is_local=is_local(results),
        style=_style(),
        sections=sections,
        plugin_sections=plugin_sections,
        contents=_contents(results, sections, plugin_sections),
        thin=describe_thin(results),
        primary=[
            (outcome, headlines(outcome))
            for outcome in results.outcomes
            if outcome.primary and outcome.result
        ],
        patients=attrition.count(results.patients),
        lesions=attrition.count(results.lesions),
        not_assessable=not_assessable(results),
        boxes=attrition.boxes(results),
        steps=[(step, attrition.count(step.n)) for step in results.attrition],
        design=methods.design(results),
        visits=methods.visits(results),
        methods=methods.methods(results),
        citation=methods.citation(results),
        withheld=withheld_by_source(results),
        plugins=sorted({(outcome.plugin, outcome.plugin_version) for outcome in results.outcomes}),
    )  # fmt: skip


def is_local(results: Results) -> bool:
    """Whether these are the local results of a run, which must not be released."""
    return results.release == NOT_FOR_RELEASE


def _contents(
    results: Results, sections: list[AnalysisSection], plugin_sections: Sequence[PageSection]
) -> list[tuple[str, str]]:
    """Return the sections of the page for its navigation: target and text."""
    return [
        ("summary", "Summary"),
        *([("attrition", f"Patients and {results.noun.many}")] if results.attrition else []),
        *([("results", "Results")] if sections else []),
        *[
            (section.name, section.title)
            for section in plugin_sections
            if section.before == "methods"
        ],
        ("methods", "Methods"),
        *[
            (section.name, section.title)
            for section in plugin_sections
            if section.before == "provenance"
        ],
        ("provenance", "Provenance"),
        ("review", "Review"),
    ]


@cache
def _style() -> str:
    """Return the style sheet, with the colours of charts for a dark page."""
    sheet = (TEMPLATES / "page.css").read_text("utf-8")
    return sheet.replace("/* dark charts */", _repaint(theme.DARK))


def _repaint(colours: Mapping[str, str]) -> str:
    return "\n".join(
        f'  .chart [{what}="{light}"] {{ {what}: {dark}; }}'
        for light, dark in colours.items()
        for what in ("fill", "stroke")
    )
