"""Pull by Bulk Data export: the server writes files, and we fetch them.

The first night is whole. On later ones the server is asked for what changed since the last export's
own moment; a server that heeds no `_since` gives everything, which does no harm.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from abate.errors import NothingFound, SourceError
from abate.kept import Kept
from abate.landing import Landing
from abate.source import Pulled, Say
from abate.source.bulk_files import Brought, BulkFiles
from abate.source.export_job import ExportJob
from abate.source.files import say_others
from abate.source.http import BudgetSpent, FhirServer, LinkExpired
from abate.source.ledger import Ledger, Line
from abate.source.manifest import Manifest, manifest_of
from abate.source.paging import Pager
from abate.source.plan import Plan
from abate.source.pull import Pull
from abate.source.query import bare, instant
from abate.source.sorting import TYPES
from abate.source.sufficient import heads, refuse_insufficient
from abate.source.tally import Tally, one_at_a_time
from abate.source.walk import Asker
from abate.source_settings import Source as Settings

# More would not fit into the URL that an export is begun by.
LONGEST_FILTERS = 3000


class BulkSource:
    """A FHIR server that is asked for an export."""

    def __init__(self, server: FhirServer, settings: Settings, kept: Kept) -> None:
        """Pull from `server` what the store does not have, of which `kept` tells."""
        self._server = server
        self._settings = settings
        self._kept = kept
        # Of a patient who joins a Group, a server need not give what is older, nor say who left it.
        is_whole = kept.is_compared or self._path.startswith("Group/")
        self._since = None if is_whole else kept.since

    def bring(self, plan: Plan, landing: Landing, say: Say) -> Pulled:
        """Land what an export brings; see `Source.bring`.

        Where links expire on the way, or what an earlier run had begun is no longer there, one
        new export is begun.
        """
        say = one_at_a_time(say)
        self._server.capability()
        try:
            brought = self._exported(plan, landing, say)
        except SourceError as fault:
            was_begun_before = landing.recall("resumed") is not None
            if isinstance(fault, BudgetSpent) or not (
                was_begun_before or isinstance(fault, LinkExpired)
            ):
                raise
            say(f"{fault}: a new export is begun")
            landing.begin_again()
            brought = self._exported(plan, landing, say)
        ledger = self._entered(plan, landing, say, brought)
        for line in ledger.lines:
            say(f"pulled {line}", event="query.done", **line.fields)
        say("", event="pull.done", requests=self._server.budget.requests)
        arrived = frozenset(kind for one in brought for kind in (*one.received, *one.strays))
        is_change = self._since is not None
        return Pulled(ledger=ledger, strategy="bulk", arrived=arrived, is_change=is_change)

    def _exported(self, plan: Plan, landing: Landing, say: Say) -> list[Brought]:
        """Land the files of one export, and take it away, whatever happens."""
        job = ExportJob(self._server, say, location=(landing.recall("export") or b"").decode())
        if job.location:
            landing.remember("resumed", b"")
        try:
            files = self._files(job, plan, landing, say)
            files.refuse_failed()
            brought = files.bring()
            if self._since is not None:
                files.note_deleted()
        finally:
            job.drop()
        is_filtered = landing.recall("filtered") is not None
        _tell_left_out(brought, say, is_filtered=is_filtered)
        self._tell(files.manifest, say)
        return brought

    def _files(self, job: ExportJob, plan: Plan, landing: Landing, say: Say) -> BulkFiles:
        codes: dict[str, set[str]] = {kind: set() for kind in TYPES if kind != "Patient"}
        codes |= {one.type: {bare(token) for token in one.tokens} for one in plan.queries}
        body = self._manifest(job, plan, landing)
        return BulkFiles(
            server=self._server,
            manifest=manifest_of(body, self._server.base),
            landing=landing,
            say=say,
            codes=codes,
            is_change=self._since is not None,
            parallel=self._settings.parallel,
            known={kind: self._kept.ids(kind) for kind in codes} if self._since else {},
        )

    def _manifest(self, job: ExportJob, plan: Plan, landing: Landing) -> bytes:
        """The manifest of the export that runs already, or of a new one."""
        if not job.location:
            landing.began(self._server.time)
            if job.begin(self._path, self._parameters(plan), filters(plan)):
                landing.remember("filtered", b"")
            landing.remember("export", job.location.encode())
        if (kept := landing.recall("manifest")) is not None:
            return kept
        body = job.manifest().body
        manifest = manifest_of(body, self._server.base)
        landing.moved(_earlier(manifest.moment, landing.pull.watermark))
        landing.remember("manifest", body)
        return body

    @property
    def _path(self) -> str:
        listed = self._settings.patients
        chosen = self._settings.export or (listed[0] if listed else "patient")
        return {"system": "$export", "patient": "Patient/$export"}.get(chosen, f"{chosen}/$export")

    def _parameters(self, plan: Plan) -> dict[str, str]:
        since = {"_since": instant(self._since)} if self._since is not None else {}
        return {"_type": ",".join(_asked(plan)), **since}

    def _tell(self, manifest: Manifest, say: Say) -> None:
        if self._since is not None and manifest.deleted is None:
            say(
                "warning: the export does not tell what was deleted: that is not noticed. "
                "Say from time to time: abate reconcile, or run with --full"
            )
        if manifest.moment is None:
            say("warning: the manifest has no transactionTime: the next export is whole again")

    def _entered(
        self, plan: Plan, landing: Landing, say: Say, brought: Sequence[Brought]
    ) -> Ledger:
        ledger = Ledger()
        for one in brought:
            for kind, count in one.received.items():
                ledger.add(Line(query="export", type=kind, expected=count, received=count, pages=1))
        if self._since is None:
            _refuse_insufficient(landing, plan, self._server.base)
        else:
            self._fetch_patients(plan, landing, say, ledger)
        return ledger

    def _fetch_patients(self, plan: Plan, landing: Landing, say: Say, ledger: Ledger) -> None:
        """Search for the Patients of new index procedures: they may be old."""
        pager = Pager(server=self._server, say=say, page_size=plan.page_size)
        pull = Pull(
            asker=Asker(pager=pager, tally=Tally(say)),
            plan=plan,
            landing=landing,
            say=say,
            kept=self._kept,
            ledger=ledger,
        )
        landed = {head.id for head in heads(landing, "Patient")}
        known = (self._kept.ids("Patient") - landing.gone("Patient")) | landed
        pull.patients([*self._kept.index_patients(), *pull.index_patients()], known=known)


def _earlier(moment: datetime | None, begun: datetime | None) -> datetime | None:
    """Up to when all is here: a manifest's moment, but not after its export was begun.

    Without its zone, by a clock that is ahead, or of the end of the export, it would skip changes.
    """
    return moment if moment is None or begun is None else min(moment, begun)


def _asked(plan: Plan) -> list[str]:
    """The types that the study needs."""
    coded = {query.type for query in plan.queries}
    return [kind for kind in TYPES if kind == "Patient" or kind in coded]


def _tell_left_out(brought: Sequence[Brought], say: Say, *, is_filtered: bool) -> None:
    """Say what came and was not asked for; a warning, where the server took our filter."""
    strays, others = Counter[str](), Counter[str]()
    for one in brought:
        strays.update(one.strays)
        others.update(one.others)
    say_others(say, others)
    heeds = "warning: the export does not heed code in " if is_filtered else ""
    for kind, count in sorted(strays.items()):
        say(f"{heeds}{kind}: {count} resources without one of the study's codes are left out")


def _refuse_insufficient(landing: Landing, plan: Plan, server: str) -> None:
    """As `refuse_insufficient`; the next run asks for a new export."""
    try:
        refuse_insufficient(landing, plan, server)
    except NothingFound:
        landing.begin_again()
        raise


def filters(plan: Plan) -> list[str]:
    """The searches by code of each type, for `_typeFilter`; none where they are too long.

    What is in a search is encoded once more: some servers divide the whole by its commas.
    """
    found = [f"{one.type}?code={quote(','.join(one.tokens), safe='')}" for one in plan.queries]
    return found if sum(map(len, found)) <= LONGEST_FILTERS else []
