"""Pull by REST search: over the whole population by code, or patient by patient.

Both strategies search the index procedures by code first, unless the patients are listed.
`population` then searches each type by its codes, several parts at once; from the second pull on,
it requests only changes. `patient` searches each patient's resources; every pull is complete, since
changes would take the same number of queries. Each result is compared with a count: see
`completeness`. An empty answer is tested: see `empty_answers`.
"""

from functools import partial
from itertools import filterfalse
from typing import TYPE_CHECKING

from abate.config.source import Source as Settings
from abate.fhir.capability import Capability, read_capability
from abate.fhir.client import FhirServer
from abate.source import Pulled
from abate.source.plan import Plan
from abate.source.query_forms import with_categories
from abate.source.search.by_code import begin, land_by_code, land_by_patient, note_index
from abate.source.search.completeness import Fetcher
from abate.source.search.incremental import CHANGES, ClockWentBack, land_changes
from abate.source.search.paging import Pager
from abate.source.search.patient_list import list_patients
from abate.source.search.patients import land_patients
from abate.source.search.pull import Pull
from abate.source.search.received import LiveCounts
from abate.source.search.strategy import choose
from abate.store.landing import Landing
from abate.store.pull_remarks import judge_of
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import ServerState


class SearchSource:
    """A FHIR server that is pulled by search."""

    def __init__(self, server: FhirServer, settings: Settings, kept: "ServerState") -> None:
        """Pull from `server`; `kept` describes what the store already has."""
        self._server = server
        self._settings = settings
        self._kept = kept

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land the queries of `plan`; see `PullSource.bring`.

        The order: the index procedures, which the strategy `auto` needs for its choice; each other
        type by code, if the strategy is `population`; the Patients; the rest by patient.
        """
        statement = self._server.capability()
        landing.begin(self._server.time)
        pull = self._pull(plan, landing, log, read_capability(statement))
        chosen, listed = self._strategy(pull), self._settings.patients
        strategy = chosen or "population"
        begin(pull, strategy, statement)
        if chosen == "population" and self._kept.since is not None:
            try:
                land_changes(pull, is_compared=self._kept.is_compared)
                return self._finish(pull, chosen)
            except ClockWentBack as fault:
                pull.pager.warn(f"{fault} Everything is pulled again.")
                pull.landing.drop(CHANGES)
                pull.ledger.lines.clear()
        if not listed:
            land_by_code(pull, plan.index)
            if chosen is None:
                strategy = _choose(pull)
                begin(pull, strategy, statement)
            note_index(pull)
        queries = plan.queries if listed else plan.besides
        is_by_code = strategy == "population"
        left = list(filterfalse(partial(land_by_code, pull), queries)) if is_by_code else queries
        pull.refuse_no_scores(left)
        zone = self._settings.zone
        wanted = list_patients(pull, listed, zone) if listed else pull.index_patients()
        patients = land_patients(pull, wanted)
        for query in left:
            land_by_patient(pull, query, patients, is_doubted=is_by_code)
        if listed:
            pull.refuse_nothing()
        pull.refuse_no_scores()
        return self._finish(pull, strategy)

    def _pull(self, plan: Plan, landing: Landing, log: Log, capability: Capability) -> Pull:
        for query in plan.queries:
            if query.is_by_category:
                words = with_categories(plan.categories[query.type])
                log.info(f"the search of {query.type} is made {words}")
        pager = Pager(
            server=self._server,
            log=log,
            page_size=plan.page_size,
            judge=judge_of(landing, is_accepted=self._settings.withheld == "accept"),
        )
        return Pull(
            fetcher=Fetcher(
                pager=pager, tally=LiveCounts(log), one_pass=self._settings.passes == 1
            ),
            plan=plan,
            landing=landing,
            log=log,
            kept=self._kept,
            parallel=self._settings.parallel,
            patients_a_query=self._settings.patients_a_query,
            has_history=capability.has_patient_history,
        )

    def _strategy(self, pull: Pull) -> str | None:
        """Return the strategy that is set or was chosen before; None if there is none yet."""
        if self._settings.strategy != "auto":
            return self._settings.strategy
        if self._settings.patients:
            return "patient"
        if self._kept.since is not None and self._kept.strategy:
            return self._kept.strategy
        note = pull.landing.recall("strategy")
        return None if note is None else note.decode()

    def _finish(self, pull: Pull, strategy: str) -> Pulled:
        """Log the counts of the pull, and return its result."""
        for line in pull.ledger.lines:
            pull.log.info(f"pulled {line}", name="query.done", **line.fields)
        pull.ledger.warn(f"{pull.base} gives", pull.log)
        pull.log.info("", name="pull.done", requests=self._server.budget.requests)
        return Pulled(
            ledger=pull.ledger,
            strategy=strategy,
            newest=self._server.newest,
            newest_page=self._server.newest_page,
            searches=pull.evidence.found,
        )


def _choose(pull: Pull) -> str:
    """Choose the strategy for the server; a later run of this pull reuses it."""
    strategy, why = choose(pull)
    pull.landing.remember("strategy", strategy.encode())
    pull.log.info(f"strategy {strategy}: {why}")
    return strategy
