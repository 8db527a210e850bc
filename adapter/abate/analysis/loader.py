"""Load the plugins by their entry points, one by one, so that a broken one is named.

It stops the commands that need plugins until it is fixed, removed or blocked.
"""

from importlib.metadata import EntryPoint, entry_points

import pluggy

from abate.analysis import hooks
from abate.analysis.hooks import PROJECT
from abate.analysis.host import BrokenPlugin, Defaults, Host, Known
from abate.analysis.isolation import unheard
from abate.config.reader import nearest
from abate.config.settings import Plugins
from abate.errors import PluginError
from abate.telemetry import signals

__all__ = ["OURS", "Host", "Known", "load"]

OURS = ("abate_analyses", "abate_mappings")


def load(settings: Plugins | None = None, *, tolerant: bool = False) -> Host:
    """Load the plugins by their entry points, in the order of their names.

    Args:
        settings: which may load; the plugins of abate always may, unless blocked.
        tolerant: keep broken ones in `Host.known` with their problem, instead of stopping.

    Raises:
        PluginError: a plugin cannot be loaded; names it, and how to block it.
    """
    settings = settings or Plugins()
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    manager.register(Defaults(), name=PROJECT)
    host = Host(manager)
    known = []
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        record = _known(host, manager, entry, settings)
        if record.state == "broken" and not tolerant:
            raise BrokenPlugin(record.name, record.problem)
        known.append(record)
    manager.check_pending()
    _ask_in_order_of_names(manager)
    host.known = known
    return host


def _known(
    host: Host, manager: pluggy.PluginManager, entry: EntryPoint, settings: Plugins
) -> Known:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    state, problem, analyses = _refusal(entry.name, settings), "", []
    if not state:
        state = "loaded"
        try:
            _register(manager, entry)
            analyses = host.ask(entry.name, version)
        except PluginError as fault:
            state, problem = "broken", getattr(fault, "problem", str(fault))
    return Known(
        name=entry.name,
        package=package,
        version=version,
        state=state,
        problem=problem,
        analyses=tuple(analyses),
    )


def _refusal(name: str, settings: Plugins) -> str:
    if name in settings.block:
        return "blocked"
    if settings.allow is not None and name not in (*settings.allow, *OURS):
        return "not allowed"
    return ""


def _register(manager: pluggy.PluginManager, entry: EntryPoint) -> None:
    if manager.has_plugin(entry.name):
        raise PluginError("another package has an entry point of this name")
    module = _import(entry)
    if other := manager.get_name(module):
        raise PluginError(f"the plugin {other!r} is the same module")
    try:
        manager.register(module, name=entry.name)
        _refuse_no_hook(manager, module)
        _refuse_unknown_hooks(manager, module)
    except (pluggy.PluginValidationError, PluginError) as fault:
        # pluggy 1.7 keeps a plugin that abate refuses; with a wrong argument it registers nothing
        # (2026-11).
        if manager.has_plugin(entry.name):
            manager.unregister(name=entry.name)
        raise PluginError(" ".join(str(fault).split())) from None


def _import(entry: EntryPoint) -> object:
    try:
        with unheard():
            module: object = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as fault:  # No patient data are loaded yet, so the text may be shown.
        signals.raise_if_signalled()
        raise PluginError(f"{type(fault).__name__}: {fault}") from None
    return module


def _ask_in_order_of_names(manager: pluggy.PluginManager) -> None:
    """Register all but the core again, backwards: pluggy 1.7 calls the last registered first."""
    names = sorted(name for name, _ in manager.list_name_plugin() if name != PROJECT)
    modules = {name: manager.unregister(name=name) for name in names}
    for name in reversed(names):
        manager.register(modules[name], name=name)


def _refuse_no_hook(manager: pluggy.PluginManager, module: object) -> None:
    if not manager.get_hookcallers(module):
        raise PluginError("it has no function marked @hookimpl")


def _refuse_unknown_hooks(manager: pluggy.PluginManager, module: object) -> None:
    """Do what `check_pending` does, for one plugin, so that it can be named and left out."""
    # pluggy accepts an unknown hook silently, and keeps its name among the hooks (1.7, 2026-12).
    hooks = [name for name in vars(manager.hook) if getattr(manager.hook, name).has_spec()]
    for caller in manager.get_hookcallers(module) or ():
        optional = all(hookimpl.optionalhook for hookimpl in caller.get_hookimpls())
        if not caller.has_spec() and not optional:
            raise PluginError(f"{caller.name!r} is not a hook.{nearest(caller.name, hooks)}")
