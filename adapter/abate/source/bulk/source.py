"""Pull by Bulk Data export: the server writes files, and abate downloads them.

The first export is complete. Later ones request changes since the transaction time of the last
export; a server that ignores `_since` exports everything, which is harmless.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from abate.config.source import Source as Settings
from abate.errors import LoginRefused, NothingFound, SourceError
from abate.fhir.client import BudgetSpent, FhirServer, LinkExpired
from abate.fhir.outcomes import Judge
from abate.fhir.types import MAPPED_NAMES
from abate.http.urls import origin
from abate.source import Pulled
from abate.source.bulk.export_files import BulkFiles, ReceivedFile
from abate.source.bulk.job import ExportJob, NotKnown
from abate.source.bulk.manifest import Manifest, manifest_of
from abate.source.bulk.membership import compare
from abate.source.bulk.request import (
    filters,
    note_filtered,
    recall_filtered,
    tell_left_out,
    types_of,
)
from abate.source.group import GROUP, Group, read_group
from abate.source.plan import Plan
from abate.source.query import bare, instant
from abate.source.required_data import heads, refuse_insufficient
from abate.source.search.by_code import land_newcomers
from abate.source.search.completeness import Fetcher
from abate.source.search.incremental import ClockWentBack, refuse_clock_behind
from abate.source.search.paging import Pager
from abate.source.search.patients import land_patients, with_merged
from abate.source.search.pull import Pull
from abate.source.search.received import LiveCounts
from abate.store.landing import Landing
from abate.store.ledger import EXPORT, Ledger, LedgerLine
from abate.store.pull_remarks import judge_of, note_unfiltered, recall_unfiltered
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import ServerState


class BulkSource:
    """A FHIR server that is pulled by Bulk Data export."""

    def __init__(self, server: FhirServer, settings: Settings, kept: "ServerState") -> None:
        """Pull from `server`; `kept` describes what the store already has."""
        self._server = server
        self._settings = settings
        self._kept = kept
        # For a Group, a server need not export older resources of new members, or report who left.
        is_whole = kept.is_compared or self._path.startswith("Group/")
        self._since = None if is_whole else kept.since

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land the files of an export; see `PullSource.bring`.

        If links expire, or the export of an earlier run no longer exists, one new export is
        started.
        """
        self._server.capability()
        self._refuse_clock_behind(landing, log)
        self._tidy(landing, log)
        was_begun = landing.recall("export") is not None
        known = recall_unfiltered(landing).union(self._kept.types_without_filter())
        note_unfiltered(landing, known)
        with self._way_out(was_begun=was_begun):
            files = self._export(plan, landing, log, was_begun=was_begun)
        ledger = self._enter(plan, landing, files)
        if self._since is not None and not self._fetch_people(plan, landing, log, ledger):
            log.warning(
                "the server does not find the earlier resources of new patients by patient: "
                "everything is exported again"
            )
            self._since = None
            self._begin_again(landing)
            with self._way_out(was_begun=was_begun):
                files = self._export_once(plan, landing, log)
            ledger = self._enter(plan, landing, files)
        for line in ledger.lines:
            log.info(f"pulled {line}", name="query.done", **line.fields)
        ledger.warn(f"the manifest of {self._server.base} gives", log)
        log.info("", name="pull.done", requests=self._server.budget.requests)
        return Pulled(
            ledger=ledger,
            strategy="bulk",
            newest=self._server.newest,
            newest_page=self._server.newest_page,
            arrived=frozenset(kind for file in files for kind in (*file.received, *file.strays)),
            is_change=self._since is not None,
        )

    def _export(
        self, plan: Plan, landing: Landing, log: Log, *, was_begun: bool
    ) -> list[ReceivedFile]:
        """Land the files of one export; of a second one if the first cannot be used."""
        try:
            files = self._export_once(plan, landing, log)
        except SourceError as fault:
            if not _is_worth_another(fault, was_begun=was_begun):
                raise
            log.info(f"{fault}: starting a new export")
            self._begin_again(landing)
            files = self._export_once(plan, landing, log)
        if silent := self._silent(landing, files):
            log.warning(
                f"no {', '.join(silent)} was exported with _typeFilter, which the server may "
                "not support there: starting a new export without it for these types"
            )
            self._begin_again(landing, silent)
            files = self._export_once(plan, landing, log)
        return files

    def _refuse_clock_behind(self, landing: Landing, log: Log) -> None:
        """Request everything if the server's clock went back: `_since` would skip changes.

        An export of changes that an earlier run started is not used.
        """
        try:
            refuse_clock_behind(self._server, self._since)
        except ClockWentBack as fault:
            log.warning(f"{fault} Everything is exported again.")
            self._since = None
            landing.begin_again()

    def _tidy(self, landing: Landing, log: Log) -> None:
        """Cancel the export of an earlier run if this run does not use it.

        Some servers do not start another export of the same Group before that (Epic, 2025).
        """
        if self._kept.is_whole and landing.recall("kick-off") is not None:
            landing.begin_again()
        location = landing.abandoned.get("export", b"").decode()
        if location and origin(location) == origin(self._server.base):
            log.info("an earlier run started an export: cancelling it and starting a new one")
            ExportJob(self._server, log, location=location).drop()
        elif landing.recall("export") is not None:
            log.info("an earlier run started an export: using it (--full starts a new one)")
        elif "kick-off" in landing.abandoned or landing.recall("kick-off") is not None:
            log.warning(
                "an earlier run was stopped while it started an export: it is not known "
                "whether an export is running, and the server may refuse another one"
            )

    @contextmanager
    def _way_out(self, *, was_begun: bool) -> Iterator[None]:
        """Suggest `--full` if a pull fails that the next run would repeat in the same way."""
        try:
            yield
        except (LoginRefused, NotKnown):
            raise
        except SourceError as fault:
            if self._since is None and not was_begun:
                raise
            words = str(fault).rstrip(".")
            raise type(fault)(
                f"{words}. If this happens again, run with --full: it starts a new export of "
                "everything, whatever was started or pulled before"
            ) from None

    @staticmethod
    def _begin_again(landing: Landing, silent: Sequence[str] = ()) -> None:
        """Delete the landed files; the notes about the server's filters are kept."""
        known = recall_unfiltered(landing).union(silent)
        landing.begin_again()
        note_unfiltered(landing, known)

    def _silent(self, landing: Landing, files: Sequence[ReceivedFile]) -> list[str]:
        """Return the types for which a filter found nothing in an export of everything.

        Some servers silently export nothing for a `_typeFilter` they do not support (2026).
        """
        if self._since is not None:
            return []
        kinds = {kind for file in files for kind in (*file.received, *file.strays)}
        return [kind for kind in recall_filtered(landing) if kind not in kinds]

    def _export_once(self, plan: Plan, landing: Landing, log: Log) -> list[ReceivedFile]:
        """Land the files of one export, and delete it on the server in any case."""
        job = ExportJob(self._server, log, location=(landing.recall("export") or b"").decode())
        try:
            before = self._group()
            files = self._files(job, plan, landing, log)
            files.refuse_failed()
            received = files.bring()
            if self._since is not None:
                files.note_deleted()
        finally:
            job.drop()
        if before is not None:
            self._compare(before, plan, landing, log)
        tell_left_out(received, log, recall_filtered(landing))
        self._tell(files.manifest, log)
        return received

    def _group(self) -> Group | None:
        """Return the exported Group as it is now; None if no Group is exported."""
        reference = self._path.removesuffix("/$export")
        if not reference.startswith(GROUP):
            return None
        if not self._settings.read_groups:
            ids = tuple(self._settings.patients)
            return Group(reference=reference, listed=frozenset(ids), active=ids)
        return read_group(self._server, reference, self._settings.zone)

    def _compare(self, before: Group, plan: Plan, landing: Landing, log: Log) -> None:
        """Compare the landed patients with the Group, as it was before the export and is now.

        Raises:
            IncompletePull: other patients are exported too, or members are missing; the next run
                requests a new export.
        """
        now = self._group() or before
        group = replace(now, listed=now.listed | before.listed)
        compare(group, self._pull(plan, landing, log, Ledger()))

    def _files(self, job: ExportJob, plan: Plan, landing: Landing, log: Log) -> BulkFiles:
        codes: dict[str, set[str]] = {kind: set() for kind in MAPPED_NAMES if kind != "Patient"}
        codes |= {query.type: {bare(token) for token in query.tokens} for query in plan.queries}
        body = self._manifest(job, plan, landing)
        return BulkFiles(
            server=self._server,
            manifest=manifest_of(body, self._server.base),
            landing=landing,
            log=log,
            codes=codes,
            is_change=self._since is not None,
            parallel=self._settings.parallel,
            known={kind: self._kept.ids(kind) for kind in codes} if self._since else {},
            judge=self._judge(landing),
        )

    def _judge(self, landing: Landing) -> Judge:
        return judge_of(landing, is_accepted=self._settings.withheld == "accept")

    def _manifest(self, job: ExportJob, plan: Plan, landing: Landing) -> bytes:
        """Return the manifest of the running export, or of a new one."""
        if not job.location:
            landing.begin(self._server.time)
            landing.remember("kick-off", b"")
            by_code = filters(plan, recall_unfiltered(landing))
            if job.begin(self._path, self._parameters(plan), list(by_code.values())):
                note_filtered(landing, by_code)
            landing.remember("export", job.location.encode())
        if (kept := landing.recall("manifest")) is not None:
            return kept
        body = job.manifest().body
        manifest = manifest_of(body, self._server.base)
        # Without a server time, this machine's clock is the limit: a later time would skip changes.
        begun = landing.pull.watermark or landing.pull.started_at
        landing.move_watermark(_earlier(manifest.moment, begun))
        landing.remember("manifest", body)
        return body

    @property
    def _path(self) -> str:
        listed = self._settings.patients
        chosen = self._settings.export or (listed[0] if listed else "patient")
        return {"system": "$export", "patient": "Patient/$export"}.get(chosen, f"{chosen}/$export")

    def _parameters(self, plan: Plan) -> dict[str, str]:
        since = {"_since": instant(self._since)} if self._since is not None else {}
        return {"_type": ",".join(types_of(plan)), **since}

    def _tell(self, manifest: Manifest, log: Log) -> None:
        if self._since is not None and manifest.deleted is None:
            log.warning(
                "the export does not report deletions, so they are not detected. "
                "Run `abate reconcile` regularly, or run with --full"
            )
        if manifest.moment is None:
            log.warning("the manifest has no transactionTime: the next export is complete again")

    def _enter(self, plan: Plan, landing: Landing, files: Sequence[ReceivedFile]) -> Ledger:
        ledger = Ledger()
        for file in files:
            for kind, count in file.received.items():
                line = LedgerLine(
                    query=EXPORT,
                    type=kind,
                    expected=count if file.is_counted else None,
                    received=count,
                    pages=1,
                    is_confirmed=file.is_counted,
                )
                ledger.add(line)
        if self._since is None:
            _refuse_insufficient(landing, plan, self._server.base)
        return ledger

    def _fetch_people(self, plan: Plan, landing: Landing, log: Log, ledger: Ledger) -> bool:
        """Search for the Patients of new index procedures, and for their earlier resources.

        Returns:
            Whether the server finds these resources by patient.
        """
        pull = self._pull(plan, landing, log, ledger)
        landed = {head.id for head in heads(landing, "Patient")}
        known = (self._kept.people().records - landing.gone("Patient")) | landed
        needed = [*self._kept.people().index, *pull.index_patients()]
        land_patients(pull, needed, known=known)
        people = with_merged(pull, [*needed, *self._kept.people().studied])
        return not land_newcomers(pull, plan.queries, people)

    def _pull(self, plan: Plan, landing: Landing, log: Log, ledger: Ledger) -> Pull:
        """Return a pull that searches the server for what the export does not contain."""
        pager = Pager(
            server=self._server, log=log, page_size=plan.page_size, judge=self._judge(landing)
        )
        return Pull(
            fetcher=Fetcher(pager=pager, tally=LiveCounts(log)),
            plan=plan,
            landing=landing,
            log=log,
            kept=self._kept,
            ledger=ledger,
        )


def _is_worth_another(fault: SourceError, *, was_begun: bool) -> bool:
    """Return whether a new export may succeed after one that was started earlier or expired."""
    is_final = isinstance(fault, BudgetSpent | LoginRefused | NotKnown)
    return not is_final and (was_begun or isinstance(fault, LinkExpired))


def _earlier(moment: datetime | None, begun: datetime) -> datetime | None:
    """Return the earlier of a manifest's time and the start of its export.

    A manifest's time without a zone, by a clock that is ahead, or of the end of the export would
    skip changes.
    """
    return None if moment is None else min(moment, begun)


def _refuse_insufficient(landing: Landing, plan: Plan, server: str) -> None:
    """Call `refuse_insufficient`; if it fails, the next run requests a new export."""
    try:
        refuse_insufficient(landing, plan, server)
    except NothingFound:
        landing.begin_again()
        raise
