"""Bring the store up to date with the server: pull, map, load, and move the watermark."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta

from abate import stage_events
from abate.analysis.host import Host
from abate.config.reader import naming_lines
from abate.config.settings import StudyFile
from abate.ingest import server_state, watermark
from abate.mapping import accounts, code_lists, mapper, people, statements
from abate.source import Pulled, plan
from abate.source.factory import choose_source
from abate.store import pull_remarks
from abate.store.database import FILE, Store, open_store
from abate.store.evidence import Search, find_exported, of_arrivals
from abate.store.landing import Landing
from abate.telemetry.status import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to pull, if not only the changes.

    Attributes:
        is_whole: pull everything, even if the store has it.
        is_compared: compare all ids with the server's.
    """

    is_whole: bool = False
    is_compared: bool = False


HOW = How()
CLOCK_WENT_BACK = (
    "some resources have a new version with an earlier lastUpdated: the server's clock went "
    "back. The next run pulls everything"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a run did with the resources of one type."""

    type: str
    kept: int
    changed: int
    gone: int

    def as_builtins(self) -> dict[str, str | int]:
        """Return the same for JSON."""
        return asdict(self)


def compare(store: Store, server: str, run_id: str) -> list[Compared]:
    """Count the resources of each type in the store, and those that this run changed or deleted."""
    rows = store.rows(statements.sql("compared"), {"server": server, "run_id": run_id})
    return [
        Compared(type=kind, kept=kept_now, changed=changed, gone=gone)
        for kind, kept_now, changed, gone in rows
    ]


def _searches(pulled: Pulled, needed: plan.Plan, has: server_state.ServerState) -> Iterable[Search]:
    """Return what is known of the searches of each type that the study needs."""
    if pulled.searches:
        return pulled.searches.values()
    before = find_exported(has.searches) | has.held if pulled.is_change else frozenset()
    return of_arrivals(needed.types, pulled.arrived | before)


@contextmanager
def refresh(
    study_file: StudyFile,
    host: Host,
    progress: Progress,
    how: How = HOW,
) -> Iterator[Store]:
    """Open the store with all that the server has now, in one transaction that ends with the block.

    If the run fails, the next one uses the units that landed completely.

    Args:
        study_file: the study.
        host: its plugins.
        progress: keeps the ledger, and has the log.
        how: how to pull, if not only the changes.

    Raises:
        AbateError: a stage failed; nothing in the store has changed.
    """
    settings, log = study_file.settings, progress.log
    needed, has = _prepare(study_file, host, how)
    stage_events.begin_stage(log, "pull")
    # Files are read again in each run: they may have changed.
    key = "" if settings.source.strategy == "files" else has.key
    with Landing(study_file.output / "landing", key) as landing:
        stage_events.report_torn_units(log, landing.torn)
        with choose_source(settings, study_file.folder, has, log) as source:
            pulled = source.bring(needed, landing, log)
        landing.drop_unused()
        watermark.compare_clocks(landing, settings.source.url, log)
        progress.note_pull(pulled.ledger)
        stage_events.begin_stage(log, "map", "mapping what arrived")
        reading = _reading(study_file, host, progress.run_id, is_anew=not has.is_read_before)
        with open_store(has.path) as store, store.transaction():
            mapper.register(store, has.roles, has.lists)
            accounted = mapper.load(store, landing, reading)
            stage_events.report_mapping(log, accounted)
            stage_events.report_deleted(log, accounts.count_deleted(store, progress.run_id))
            accounts.balance(store, progress.run_id, pulled.ledger, accounted, landing)
            # Before Patients outside the study are removed: their dates show the server's clock.
            moment = watermark.moment(store, has, landing, pulled)
            if landing.has_changes and any(lines.earlier for lines in accounted):
                log.warning(CLOCK_WENT_BACK)
                moment = None
            people.prune(store, has.server)
            pull_remarks.keep(store, landing, has.server)
            stage_events.report_withheld(log, pull_remarks.withheld(store, has.server))
            server_state.keep(store, has, moment, pulled.strategy, progress.run_id)
            server_state.keep_searches(store, has.server, _searches(pulled, needed, has))
            yield store


def _prepare(
    study_file: StudyFile, host: Host, how: How
) -> tuple[plan.Plan, server_state.ServerState]:
    """Return what the study needs from the server, and what its store has of it."""
    settings = study_file.settings
    lists = code_lists.load([*host.mappings(), *study_file.code_directories])
    with naming_lines(study_file):
        needed = plan.make(settings, lists)
    plugins = {plugin.name: plugin.version for plugin in host.known}
    has = server_state.read_state(study_file.output / FILE, settings, plugins, needed.roles, lists)
    overlap = timedelta(minutes=settings.source.overlap_minutes)
    return needed, has.for_pull(overlap, is_whole=how.is_whole, is_compared=how.is_compared)


def _reading(study_file: StudyFile, host: Host, run_id: str, *, is_anew: bool) -> mapper.Reading:
    return mapper.Reading(
        run_id=run_id,
        study_digest=study_file.digest,
        source=study_file.settings.source,
        keeps_raw=study_file.settings.output.keep_raw,
        read_score=host.score_reader,
        is_anew=is_anew,
    )
