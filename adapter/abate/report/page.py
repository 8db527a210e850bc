"""The report as one HTML page that stands alone: no script, no network, nothing to install.

What it may show is decided before: it shows the results that it gets. Those of a run are whole,
and the page says that they are not for release; those that `abate.small_cells.released` made
carry no name of a run or of a server, so that the same results give the same bytes.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from abate.report import checklist, comparison, flow, methods, theme
from abate.report.outcomes import Section, headlines, section
from abate.report.wording import WITHHELD, number, withheld_by_source
from abate.results import NOT_FOR_RELEASE, Results

_TEMPLATES = files(__package__) / "templates"


def render(results: Results) -> str:
    """The page of some results; the same released results give the same text."""
    sections = [section(outcome) for outcome in results.outcomes]
    lists = checklist.filled(results)
    return _environment().get_template("page.html").render(
        results=results,
        is_local=is_local(results),
        style=_style(),
        sections=sections,
        contents=_contents(results, sections),
        primary=[
            (one, headlines(one)) for one in results.outcomes if one.primary and one.result
        ],
        patients=flow.count(results.patients),
        lesions=flow.count(results.lesions),
        boxes=flow.boxes(results),
        steps=[(step, flow.count(step.n)) for step in results.attrition],
        design=methods.design(results),
        visits=methods.visits(results),
        methods=methods.methods(results),
        withheld=withheld_by_source(results),
        comparisons=comparison.rows(results),
        disagreements=comparison.disagreements(results),
        lists=lists,
        states=checklist.counts(lists),
        plugins=sorted({(one.plugin, one.plugin_version) for one in results.outcomes}),
    )  # fmt: skip


def is_local(results: Results) -> bool:
    """Whether these are a run's own results, that must not leave the house."""
    return results.release == NOT_FOR_RELEASE


def _contents(results: Results, sections: list[Section]) -> list[tuple[str, str]]:
    """The page's parts, for its navigation: target and words."""
    return [
        ("summary", "Summary"),
        *([("attrition", "Patients and lesions")] if results.attrition else []),
        *([("results", "Results")] if sections else []),
        *([("paper", "Beside the paper")] if results.comparisons else []),
        ("methods", "Methods"),
        ("checklist", "Checklist"),
        ("provenance", "Provenance"),
        ("review", "Review"),
    ]


@cache
def _environment() -> Environment:
    """Every value is escaped, and an unknown one is an error."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(lambda name: (_TEMPLATES / name).read_text("utf-8")),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["number"] = number
    environment.globals["WITHHELD"] = WITHHELD
    return environment


@cache
def _style() -> str:
    """The style sheet, with the charts' colours for a dark page."""
    sheet = (_TEMPLATES / "page.css").read_text("utf-8")
    return sheet.replace("/* dark charts */", _repainted(theme.DARK))


def _repainted(colours: Mapping[str, str]) -> str:
    return "\n".join(
        f'  .chart [{what}="{light}"] {{ {what}: {dark}; }}'
        for light, dark in colours.items()
        for what in ("fill", "stroke")
    )
