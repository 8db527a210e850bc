"""The contract with plugins: six hooks, in the order in which a run meets them.

    run      register_analyses, register_mappings, read_score, run_analysis
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
def register_analyses() -> list[type["Analysis"]]:  # type: ignore[empty-body]  # a specification has none
    """Offer analyses.

    Called once each time that the plugins are loaded: by `run`, `publish` and `plugins`.

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
        one name are joined, over all plugins and the study's own.
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
        cohort: tables of its own: what is changed in them, nobody else sees.

    Returns:
        The result, or None to leave it to the next. Stops at the first result.
    """


@hookspec(firstresult=True)
def render_report(result: "Result") -> Sequence[Mapping[str, Any]] | None:
    """Render one result as FHIR R4 resources of the plugin's own, beside the Observations.

    Called by `publish`, for each result, before anything is compared or written.

    Args:
        result: a result, of this plugin's analyses or of another's.

    Returns:
        Resources, each with a `resourceType` and an `id` that is the same each time and found
        nowhere else on the target; they are checked like all that is written. None leaves the
        result to the next. Stops at the first answer.
    """


@hookspec
def report_written(result: "Result", references: Sequence[str]) -> None:
    """Be told that a result stands on the target.

    Called after `publish`, for each result, also when nothing had to be written anew.

    Args:
        result: the result.
        references: its Observations as `Type/id`, in the order of its estimates.
    """
