"""The contract with plugins: eight hooks, in the order in which a run calls them.

    run      register_analyses, register_mappings, read_score, run_analysis, compare_figures,
             page_sections
    publish  page_sections, render_report, report_written

A plugin is a module with functions marked `hookimpl`, and one line under
`[project.entry-points.abate]`. It names only the arguments that it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from abate.analysis.model import Analysis, Estimate, Result
    from abate.analysis.page_section import PageSection
    from abate.analysis.published_figures import ComparedFigure, PublishedFigures
    from abate.analysis.results import Results
    from abate.cohort.tables import Cohort
    from abate.mapping.scores import Score

PROJECT = "abate"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """The study and analysis of a published result, and its target.

    Attributes:
        study: the study's id.
        analysis: the name of the `[[analysis]]` in the study file.
        use: the name under which a plugin offers the analysis.
        is_primary: whether it is the primary one of the study.
        target: the base URL of the target; empty if the report is written to files.
        report: the reference of the DiagnosticReport.
        changes: what was done with each resource of the whole report, by its reference: `create`,
            `update`, `unchanged`, `retract`, or `left`. Empty before anything is written.
    """

    study: str
    analysis: str
    use: str
    is_primary: bool
    target: str
    report: str
    changes: Mapping[str, str] = field(default_factory=dict)


@hookspec
def register_analyses() -> list[type["Analysis"]]:  # type: ignore[empty-body]  # a specification has none
    """Offer analyses.

    Called once each time that the plugins are loaded: by `run`, `publish`, `export` and
    `plugins`, among others.

    Returns:
        Classes, not instances: the host makes the instances from the `[[analysis]]` tables of
        the study file, and checks the parameters.
    """


@hookspec
def register_mappings() -> list[Traversable]:  # type: ignore[empty-body]  # a specification has none
    """Offer folders of code lists.

    Called once a run, before the pull.

    Returns:
        Folders (of a package: `importlib.resources.files`) that hold TOML code lists. Lists of
        the same name are joined, over all plugins and the study.
    """


@hookspec(firstresult=True)
def read_score(observation: Mapping[str, Any]) -> "Score | None":
    """Read a pain score that the mapping could not read.

    Called during `run`, for each pain-score Observation whose value the mapping rejected.

    Args:
        observation: the FHIR resource as a dictionary.

    Returns:
        The score, or None to leave it rejected. Stops at the first score.
    """


@hookspec(firstresult=True)
def run_analysis(analysis: "Analysis", cohort: "Cohort") -> "Result | None":
    """Run one analysis: made to be wrapped (timing, audit, cache).

    Called during `run`, once for each `[[analysis]]`. The core's own implementation comes last
    and calls `analysis.run(cohort)`.

    Args:
        analysis: the instance, with its parameters.
        cohort: a copy of the tables: other analyses do not see changes in it.

    Returns:
        The result, or None to leave it to the next plugin. Stops at the first result.
    """


@hookspec(firstresult=True)
def compare_figures(
    published: "PublishedFigures", statistics: "Mapping[str, Estimate]"
) -> "Sequence[ComparedFigure] | None":
    """Compare the figures of a paper with the study's own.

    Called by `run` after the analyses, if the study file has `[paper]`, and by `demo` with the
    statistics that it read back from the server.

    Args:
        published: the content of the file that `[paper] figures` names.
        statistics: the estimates of the report, by `analysis/statistic`.

    Returns:
        The figures in the order in which they are shown, or None to leave them to the next
        plugin. Stops at the first answer.
    """


@hookspec
def page_sections(results: "Results") -> "list[PageSection]":  # type: ignore[empty-body]  # a specification has none
    """Add sections to the page.

    Called for each page: by `run` with the complete results, by `publish` and `export` with the
    released results, in which small cells are withheld.

    Args:
        results: the results that the page shows.

    Returns:
        The sections, each with a unique name. Their HTML may not run or fetch anything, and may
        link only to parts of the page.
    """


@hookspec(firstresult=True)
def render_report(result: "Result", context: ReportContext) -> Sequence[Mapping[str, Any]] | None:
    """Render one result as additional FHIR R4 resources, beside the Observations.

    Called by `publish`, and by `export` of a Bundle, for each result, before anything is compared
    or written.

    Args:
        result: a result of this plugin or of another.
        context: study, analysis and target; it has no changes yet.

    Returns:
        Resources, each with a `resourceType` and a stable `id` that is unique on the target; they
        are checked like all written resources. None leaves the result to the next plugin. Stops
        at the first answer.
    """


@hookspec
def report_written(result: "Result", references: Sequence[str], context: ReportContext) -> None:
    """Receive the references of a result that was published.

    Called after `publish`, for each result, also if nothing had changed.

    Args:
        result: the result.
        references: its Observations as `Type/id`, in the order of its estimates.
        context: study, analysis and target, and the change of each resource.
    """
