"""The host of the plugins: loads them one by one, makes analyses, and keeps them apart.

A broken plugin is named and stops the commands that need plugins, until it is mended, removed or
blocked; one that fails in its work costs its own result only. An exception's text may hold
patient data, so of a plugin's exception only the kind and the place are told.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from math import isfinite
from typing import Any

import pluggy
from pydantic import TypeAdapter, ValidationError

from abate import hookspecs
from abate.analysis import Analysis, Result
from abate.cohort import Cohort
from abate.errors import AbateError, PluginError
from abate.hookspecs import PROJECT, hookimpl
from abate.mapping import ReadScore, Score
from abate.settings import AnalysisSpec, Plugins, StudyFile
from abate.study_file import Location, complain, nearest

OURS = ("abate_analyses", "abate_mappings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry point: where it comes from, and whether it loaded."""

    name: str
    package: str
    version: str
    state: str
    problem: str = ""
    analyses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An analysis, and the plugin that offers it."""

    kind: type[Analysis]
    plugin: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one `[[analysis]]`: a result, or the reason why it failed."""

    name: str
    use: str
    plugin: str
    plugin_version: str
    primary: bool
    parameters: Mapping[str, Any]
    result: Result | None
    error: str | None = None


class _Defaults:
    """The core's own implementation of the hooks, behind all others."""

    @staticmethod
    @hookimpl(trylast=True)
    def run_analysis(analysis: Analysis, cohort: Cohort) -> Result:
        return analysis.run(cohort)


class Host:
    """The loaded plugins."""

    def __init__(self, manager: pluggy.PluginManager, known: Sequence[Known]) -> None:
        """Host the plugins of `manager`; use `load` to get one."""
        self._manager = manager
        self._versions = {one.name: one.version for one in known}
        self.known = known

    def mappings(self) -> list[Traversable]:
        """All folders of code lists, in the order of the plugins' names."""
        return [folder for _, found in self._each("register_mappings") for folder in found]

    def analyses(self) -> dict[str, Offered]:
        """All analyses by name.

        Raises:
            PluginError: two plugins offer one name, or one offers what is no analysis.
        """
        offered: dict[str, Offered] = {}
        for plugin, kinds in self._each("register_analyses"):
            for kind in kinds:
                name = _checked(plugin, kind)
                if name in offered:
                    raise PluginError(
                        f"the plugins {offered[name].plugin!r} and {plugin!r} both offer an "
                        f"analysis {name!r}. Block one: [plugins] block = ['{plugin}']"
                    )
                offered[name] = Offered(
                    kind=kind, plugin=plugin, version=self._versions.get(plugin, "")
                )
        return offered

    def make(self, study_file: StudyFile) -> list[tuple[AnalysisSpec, Offered, Analysis]]:
        """The analyses that the study file asks for, with their parameters checked.

        Raises:
            StudyFileError: no plugin offers one, or a parameter is wrong; names key and line.
        """
        offered = self.analyses()
        made = []
        for place, spec in enumerate(study_file.settings.analysis):
            location: Location = ("analysis", place)
            if spec.use not in offered:
                raise complain(
                    study_file,
                    (*location, "use"),
                    f"no plugin offers the analysis {spec.use!r}.{nearest(spec.use, offered)} "
                    f"Offered: {', '.join(sorted(offered))}.",
                )
            kind = offered[spec.use].kind
            made.append((spec, offered[spec.use], _instance(study_file, location, kind, spec)))
        return made

    def run(
        self, spec: AnalysisSpec, offered: Offered, analysis: Analysis, cohort: Cohort
    ) -> Outcome:
        """Run one analysis; whatever it does, the others go on."""
        result, error = None, None
        try:
            result = self._manager.hook.run_analysis(analysis=analysis, cohort=cohort.copy())
            error = _result_fault(result)
        except AbateError as problem:
            error = str(problem)
        except Exception as problem:
            error = _where(problem)
        return Outcome(
            name=spec.name,
            use=spec.use,
            plugin=offered.plugin,
            plugin_version=offered.version,
            primary=spec.primary,
            parameters=spec.parameters,
            result=result if error is None else None,
            error=error,
        )

    def read_score(self, observation: Mapping[str, Any]) -> Score | None:
        """What the first plugin that can read this Observation makes of it.

        Raises:
            PluginError: a plugin stopped, or gave something that is no score from 0 to 10.
        """
        try:
            score: Score | None = self._manager.hook.read_score(observation=observation)
        except Exception as problem:
            raise PluginError(f"a plugin's read_score stopped: {_where(problem)}") from None
        if score is None:
            return None
        if not (isinstance(score, Score) and 0 <= score.value <= 10):
            raise PluginError("a plugin's read_score gave something that is no Score from 0 to 10")
        return score

    @property
    def score_reader(self) -> ReadScore | None:
        """`read_score`, or None where no plugin has it, so that the fast path stays fast."""
        return self.read_score if self._manager.hook.read_score.get_hookimpls() else None

    def render_report(self, result: Result) -> Sequence[Mapping[str, Any]]:
        """The FHIR resources of a plugin's own for this result.

        Raises:
            PluginError: the plugin stopped.
        """
        try:
            return list(self._manager.hook.render_report(result=result) or ())
        except Exception as problem:
            raise PluginError(f"a plugin's render_report stopped: {_where(problem)}") from None

    def report_written(self, result: Result, references: Sequence[str]) -> list[str]:
        """Tell every plugin what stands on the target; returns what went wrong in them."""
        faults = []
        for plugin, _ in self._manager.list_name_plugin():
            try:
                self._only(plugin, "report_written")(result=result, references=references)
            except Exception as problem:
                faults.append(f"the plugin {plugin!r} stopped when told: {_where(problem)}")
        return faults

    def _each(self, hook: str) -> list[tuple[str, list[Any]]]:
        """What each plugin gives to a hook, one plugin at a time."""
        found = []
        for name, _ in sorted(self._manager.list_name_plugin()):
            try:
                given = [one for many in self._only(name, hook)() for one in many]
            except Exception as problem:
                raise _broken(name, _where(problem)) from None
            found.append((name, given))
        return found

    def _only(self, name: str, hook: str) -> pluggy.HookCaller:
        others = [plugin for other, plugin in self._manager.list_name_plugin() if other != name]
        return self._manager.subset_hook_caller(hook, others)


def load(settings: Plugins | None = None, *, tolerant: bool = False) -> Host:
    """Load the plugins by their entry points, in the order of their names.

    Args:
        settings: which may load; our own always may, unless blocked.
        tolerant: keep broken ones in `Host.known` with their problem, instead of stopping.

    Raises:
        PluginError: a plugin cannot be loaded; names it, and how to block it.
    """
    settings = settings or Plugins()
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(_Defaults(), name="abate")
    known = []
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        state, problem = _load(manager, entry, settings)
        if problem and not tolerant:
            raise _broken(entry.name, problem)
        known.append((entry, state, problem))
    manager.check_pending()
    offers = Host(manager, ())
    return Host(manager, [_known(offers, *one) for one in known])


def _load(manager: pluggy.PluginManager, entry: EntryPoint, settings: Plugins) -> tuple[str, str]:
    if entry.name in settings.block:
        return "blocked", ""
    if settings.allow is not None and entry.name not in (*settings.allow, *OURS):
        return "not allowed", ""
    try:
        manager.register(entry.load(), name=entry.name)
    except Exception as problem:
        return "broken", f"{type(problem).__name__}: {problem}"
    return "loaded", ""


def _known(host: Host, entry: EntryPoint, state: str, problem: str) -> Known:
    analyses: tuple[str, ...] = ()
    if state == "loaded":
        try:
            found = [one for many in host._only(entry.name, "register_analyses")() for one in many]  # noqa: SLF001
            analyses = tuple(sorted(_checked(entry.name, kind) for kind in found))
        except Exception as fault:
            state, problem = (
                "broken",
                str(fault) if isinstance(fault, AbateError) else _where(fault),
            )
    return Known(
        name=entry.name,
        package=entry.dist.name if entry.dist else "",
        version=entry.dist.version if entry.dist else "",
        state=state,
        problem=problem,
        analyses=analyses,
    )


def _checked(plugin: str, kind: Any) -> str:
    name = getattr(kind, "name", None)
    is_class = isinstance(kind, type) and callable(getattr(kind, "run", None))
    if not (is_class and isinstance(name, str) and hasattr(kind, "__dataclass_fields__")):
        raise _broken(
            plugin,
            "register_analyses must give frozen dataclasses with a class variable `name` and a "
            "method `run(cohort)`",
        )
    return name


def _instance(
    study_file: StudyFile, location: Location, kind: type[Analysis], spec: AnalysisSpec
) -> Analysis:
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key in spec.parameters:
        if key not in known:
            raise complain(
                study_file,
                (*location, key),
                f"the analysis {spec.use!r} has no parameter {key!r}.{nearest(key, known)} "
                f"Parameters: {', '.join(known) or 'none'}.",
            )
    try:
        return TypeAdapter(kind).validate_python(spec.parameters)
    except ValidationError as error:
        [first, *_] = error.errors(include_input=False, include_url=False)
        raise complain(study_file, (*location, *first["loc"]), first["msg"]) from None


def _result_fault(result: Any) -> str | None:
    if not isinstance(result, Result):
        return f"it gave a {type(result).__name__}, not a Result"
    names = [estimate.name for estimate in result.estimates]
    for estimate in result.estimates:
        if names.count(estimate.name) > 1:
            return f"two estimates are called {estimate.name!r}"
        if estimate.value is not None and not isfinite(estimate.value):
            return f"the estimate {estimate.name!r} is not a finite number: give None and a note"
    return None


def _broken(name: str, problem: str) -> PluginError:
    return PluginError(
        f"the plugin {name!r} is broken: {problem}. Mend or remove it, or go on without it: "
        f"[plugins] block = ['{name}'] in the study file."
    )


def _where(problem: BaseException) -> str:
    """The kind of an exception and where it was raised, without its text."""
    [*_, last] = traceback.extract_tb(problem.__traceback__)
    file = last.filename.replace("\\", "/").rpartition("/")[2]
    return f"{type(problem).__name__} in {file}, line {last.lineno}"
