"""The contract with plugins: six hooks, in the order in which a run meets them.

    run      register_mappings, register_analyses, read_score, run_analysis
    publish  render_report, report_written

A plugin is a module with functions marked `hookimpl`, and one line under
`[project.entry-points.abate]`. It names only the arguments that it needs.
"""

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from abate.analysis import Analysis, Result
    from abate.cohort import Cohort
    from abate.mapping import Score

PROJECT = "abate"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_mappings() -> list[Traversable]:  # type: ignore[empty-body]
    """Offer folders of code lists.

    Called once a run, before the pull. Returns folders (of a package: `importlib.resources.files`)
    that hold TOML code lists; lists of one name are joined over all plugins and the study's own.
    """


@hookspec
def register_analyses() -> list[type["Analysis"]]:  # type: ignore[empty-body]
    """Offer analyses.

    Called once a run, before the pull. Returns classes, not instances: the host makes the
    instances from the `[[analysis]]` tables of the study file, and checks the parameters.
    """


@hookspec(firstresult=True)
def read_score(observation: Mapping[str, Any]) -> "Score | None":
    """Read a pain score that the mapping could not read.

    Called only for pain-score Observations that the mapping rejected, with the FHIR resource as
    a dictionary. Returns the score, or None to leave it rejected. Stops at the first score.
    """


@hookspec(firstresult=True)
def run_analysis(analysis: "Analysis", cohort: "Cohort") -> "Result | None":
    """Run one analysis: made to be wrapped (timing, audit, cache).

    The core's own implementation comes last and calls `analysis.run(cohort)`. Stops at the
    first result.
    """


@hookspec(firstresult=True)
def render_report(result: "Result") -> Sequence[Mapping[str, Any]] | None:
    """Render one result as FHIR R4 resources of the plugin's own, beside the Observations.

    Called at publish, for each result. Each resource needs a `resourceType` and an `id` that is
    the same each time; it is checked like everything that is written. Stops at the first answer.
    """


@hookspec
def report_written(result: "Result", references: Sequence[str]) -> None:
    """Be told that `result` stands on the target, as these `Type/id` references.

    Called after publish, also when nothing had to be written anew.
    """
