"""The host of the loaded plugins: calls each plugin's hooks and makes the analyses.

A plugin that fails loses only its own result.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import msgspec
import pluggy

from abate.analysis.hooks import ReportContext, hookimpl
from abate.analysis.isolation import isolate
from abate.analysis.model import Analysis, Estimate, Result
from abate.analysis.outcome import Outcome, check, plain
from abate.analysis.page_section import PageSection, fault_of
from abate.analysis.parameters import instance
from abate.analysis.published_figures import ComparedFigure, PublishedFigures
from abate.config.reader import Location, WrongSetting, nearest
from abate.config.settings import AnalysisSpec, Settings
from abate.errors import AbateError, PluginError
from abate.mapping.scores import ReadScore, Score

if TYPE_CHECKING:
    from abate.analysis.results import Results
    from abate.cohort.tables import Cohort


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry point: its origin, and whether it loaded."""

    name: str
    package: str
    version: str
    state: str
    problem: str = ""
    analyses: tuple[str, ...] = ()


class BrokenPlugin(PluginError):
    """A plugin breaks the contract; names it, the problem, and how to go on without it."""

    def __init__(self, plugin: str, problem: str) -> None:
        """Create the error: `plugin` and its `problem`."""
        self.problem = problem
        super().__init__(
            f"the plugin {plugin!r} is broken: {problem}. Fix or remove it, or go on without it: "
            f"[plugins] block = ['{plugin}'] in the study file."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An analysis, and the plugin that offers it."""

    kind: type[Analysis]
    plugin: str
    version: str


Made = tuple[AnalysisSpec, Offered, Analysis]


class Defaults:
    """The core's implementation of the hooks, which runs after all others."""

    @staticmethod
    @hookimpl(trylast=True)
    def run_analysis(analysis: Analysis, cohort: "Cohort") -> Result:
        """Run the analysis."""
        return analysis.run(cohort)


class Host:
    """The loaded plugins."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        """Host the plugins of `manager`; use `abate.analysis.loader.load` to get one."""
        self._manager = manager
        self._offers: dict[str, list[Offered]] = {}
        self.known: Sequence[Known] = ()

    def mappings(self) -> list[Traversable]:
        """Return all folders of code lists, in the order of the plugins' names.

        Raises:
            PluginError: a plugin stopped, or offers something other than a folder.
        """
        packs = []
        for plugin in self._names():
            for folder in self._many(plugin, "register_mappings"):
                if not isinstance(folder, Traversable):
                    raise BrokenPlugin(plugin, "register_mappings must give folders of a package")
                packs.append(folder)
        return packs

    def analyses(self) -> dict[str, Offered]:
        """Return all analyses by name.

        Raises:
            PluginError: two plugins offer an analysis of the same name.
        """
        offered: dict[str, Offered] = {}
        for entry in (offer for plugin in sorted(self._offers) for offer in self._offers[plugin]):
            name, other = entry.kind.name, offered.get(entry.kind.name)
            if other is not None:
                raise PluginError(
                    f"the plugins {other.plugin!r} and {entry.plugin!r} both offer an analysis "
                    f"{name!r}. Block one: [plugins] block = ['{entry.plugin}']"
                )
            offered[name] = entry
        return offered

    def ask(self, plugin: str, version: str) -> list[str]:
        """Ask a plugin, once, which analyses it offers, and return their names.

        Raises:
            PluginError: it stopped, or offers an invalid analysis, or the same name twice.
        """
        kinds = self._many(plugin, "register_analyses")
        for kind in kinds:
            if not _is_analysis(kind):
                raise BrokenPlugin(
                    plugin,
                    "register_analyses must give frozen dataclasses with a class variable `name` "
                    "and a method `run(cohort)`",
                )
        names = [kind.name for kind in kinds]
        for name in names:
            if names.count(name) > 1:
                raise BrokenPlugin(plugin, f"it offers two analyses with the name {name!r}")
        self._offers[plugin] = [
            Offered(kind=kind, plugin=plugin, version=version) for kind in kinds
        ]
        return sorted(names)

    def make(self, settings: Settings) -> list[Made]:
        """Return the analyses of a study, with their parameters checked.

        Raises:
            WrongSetting: no plugin offers an analysis, or a parameter is wrong.
        """
        offered = self.analyses()
        made = []
        for place, spec in enumerate(settings.analysis):
            location: Location = ("analysis", place)
            if spec.use not in offered:
                raise WrongSetting(
                    (*location, "use"),
                    f"no plugin offers the analysis {spec.use!r}.{nearest(spec.use, offered)} "
                    f"Offered: {', '.join(sorted(offered))}.",
                )
            kind = offered[spec.use].kind
            analysis = instance(location, kind, spec, settings.visits.after)
            made.append((spec, offered[spec.use], analysis))
        return made

    def run(
        self, spec: AnalysisSpec, offered: Offered, analysis: Analysis, cohort: "Cohort"
    ) -> Outcome:
        """Run one analysis; its failure does not stop the others."""
        result, error = None, None
        call = partial(self._manager.hook.run_analysis, analysis=analysis, cohort=cohort.copy())
        try:
            result = check(isolate(call, offered.kind.__module__))
        except AbateError as problem:
            error = str(problem)
        return Outcome(
            name=spec.name,
            use=spec.use,
            plugin=offered.plugin,
            plugin_version=offered.version,
            primary=spec.primary,
            parameters=spec.parameters,
            result=result,
            error=error,
        )

    def read_score(self, observation: Mapping[str, Any]) -> Score | None:
        """Return the score of the first plugin that can read this Observation.

        Raises:
            PluginError: a plugin stopped, or did not give a score from 0 to 10.
        """
        plugin, given = self._first("read_score", observation=observation)
        if given is None:
            return None
        if not _is_score(given):
            raise BrokenPlugin(plugin, "read_score did not give a Score from 0 to 10")
        score: Score = msgspec.convert(plain(given), Score)
        return score

    @property
    def score_reader(self) -> ReadScore | None:
        """Return `read_score`, or None if no plugin has it, so that the fast path stays fast."""
        return self.read_score if self._manager.hook.read_score.get_hookimpls() else None

    def render_report(self, result: Result, context: ReportContext) -> tuple[str, list[Any]]:
        """Return the plugin that renders this result, and its resources as built-in types.

        Raises:
            PluginError: the plugin stopped, or its resources cannot be written as JSON.
        """
        plugin, given = self._first("render_report", result=result, context=context)
        if given is None:
            return "", []
        rendered = self._call(plugin, "render_report", lambda: [plain(item) for item in given])
        return plugin, rendered

    def compare_figures(
        self, published: PublishedFigures, statistics: Mapping[str, Estimate]
    ) -> Sequence[ComparedFigure]:
        """Return a paper's figures beside the study's, from the first plugin that compares them.

        Raises:
            PluginError: the plugin stopped, or did not give a list of compared figures.
        """
        arguments = {"published": published, "statistics": statistics}
        plugin, given = self._first("compare_figures", **arguments)
        compared = (
            [] if given is None else self._call(plugin, "compare_figures", partial(list, given))
        )
        if not all(isinstance(figure, ComparedFigure) for figure in compared):
            raise BrokenPlugin(plugin, "compare_figures must give a list of ComparedFigure")
        return compared

    def page_sections(self, results: "Results", warn: Callable[[str], object]) -> list[PageSection]:
        """Return the sections that plugins add to the page, in the order of the plugins' names.

        The sections of a plugin that stops, or gives an invalid one, are left out, and `warn` gets
        the reason: the results are valid without them.
        """
        sections: list[PageSection] = []
        for plugin in self._names():
            try:
                sections += self._sections_of(plugin, results, sections)
            except PluginError as problem:
                warn(f"{problem}. The page lacks its sections")
        return sections

    def _sections_of(
        self, plugin: str, results: "Results", others: Sequence[PageSection]
    ) -> list[PageSection]:
        sections: list[PageSection] = []
        for section in self._many(plugin, "page_sections", results=results):
            if fault := fault_of(section, [*others, *sections]):
                raise BrokenPlugin(plugin, f"page_sections gave {fault}")
            sections.append(section)
        return sections

    def report_written(
        self, result: Result, references: Sequence[str], context: ReportContext
    ) -> list[str]:
        """Call `report_written` of every plugin, and return their errors."""
        faults = []
        for plugin in self._names():
            hook = self._only(plugin, "report_written")
            call = partial(hook, result=result, references=tuple(references), context=context)
            try:
                self._call(plugin, "report_written", call)
            except PluginError as problem:
                faults.append(str(problem))
        return faults

    def _names(self) -> list[str]:
        return sorted(name for name, _ in self._manager.list_name_plugin())

    def _many(self, plugin: str, hook: str, **arguments: Any) -> list[Any]:
        """Return the list that a plugin gives to a hook; a generator runs here, not later."""
        call = self._only(plugin, hook)
        lists = self._call(plugin, hook, partial(call, **arguments))
        asked = [hook for hook in call.get_hookimpls() if not (hook.wrapper or hook.hookwrapper)]
        if len(lists) < len(asked) or not all(map(_is_list, lists)):  # pluggy 1.7 drops None.
            raise BrokenPlugin(plugin, f"{hook} must give a list")
        given: list[Any] = self._call(
            plugin, hook, lambda: [item for many in lists for item in many]
        )
        return given

    def _first(self, hook: str, **arguments: Any) -> tuple[str, Any]:
        """Return the first answer and its plugin, in pluggy's order: last registered first."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        for plugin in dict.fromkeys(
            implementation.plugin_name for implementation in reversed(implementations)
        ):
            given = self._call(plugin, hook, partial(self._only(plugin, hook), **arguments))
            if given is not None:
                return plugin, given
        return "", None

    def _call(self, plugin: str, hook: str, call: Callable[[], Any]) -> Any:
        module = getattr(self._manager.get_plugin(plugin), "__name__", "")
        try:
            return isolate(call, module)
        except AbateError as problem:
            raise BrokenPlugin(plugin, f"{hook} stopped: {problem}") from None

    def _only(self, plugin: str, hook: str) -> pluggy.HookCaller:
        others = [other for name, other in self._manager.list_name_plugin() if name != plugin]
        return self._manager.subset_hook_caller(hook, others)


def _is_list(given: Any) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping))


def _is_analysis(kind: Any) -> bool:
    frozen = getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
    named = isinstance(getattr(kind, "name", None), str)
    return isinstance(kind, type) and frozen and named and callable(getattr(kind, "run", None))


def _is_score(given: Any) -> bool:
    try:
        score = msgspec.convert(plain(given), Score) if isinstance(given, Score) else None
    except (msgspec.MsgspecError, TypeError, ValueError):
        return False
    return score is not None and 0 <= score.value <= 10
