"""Pull by REST search: over the whole population by code, or patient by patient.

Both ask for the index procedures by code first, unless the patients are listed. `population` then
asks each type by its codes, several parts at once, and from the second night on only for what
changed. `patient` asks for each patient's resources; it is whole every night, since that is one
query a patient and type either way. Each query is counted: see `completeness`. An empty answer is
doubted: see `empty_answers`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from abate.config.source import Source as Settings
from abate.fhir.capability import Capability, read_capability
from abate.fhir.client import FhirServer
from abate.source import Pulled
from abate.source.plan import Plan
from abate.source.query_forms import with_categories
from abate.source.search.by_code import begin, land_by_patient, land_index, land_population
from abate.source.search.completeness import Asker
from abate.source.search.incremental import CHANGES, ClockWentBack, land_changes
from abate.source.search.live_counts import Tally
from abate.source.search.paging import Pager
from abate.source.search.patient_list import listed_patients
from abate.source.search.pull import Pull
from abate.source.search.strategy import choose
from abate.store.evidence import BY_CODE, BY_PATIENT
from abate.store.landing import Landing
from abate.store.pull_remarks import judge_of
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import Kept


# By which parameters each strategy searches.
_PARAMETERS = {"population": BY_CODE, "patient": BY_PATIENT}


class RestSource:
    """A FHIR server that is asked by search."""

    def __init__(self, server: FhirServer, settings: Settings, kept: "Kept") -> None:
        """Pull from `server` what the store does not have, of which `kept` tells."""
        self._server = server
        self._settings = settings
        self._kept = kept

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land what `plan` asks for; see `Source.bring`."""
        statement = self._server.capability()
        landing.began(self._server.time)
        pull = self._pull(plan, landing, log, read_capability(statement))
        _log_categories(plan, log)
        strategy = self._pull_all(pull, statement)
        for line in pull.ledger.lines:
            log.info(f"pulled {line}", name="query.done", **line.fields)
        pull.ledger.warn(f"{pull.base} gives", log)
        log.info("", name="pull.done", requests=self._server.budget.requests)
        return Pulled(
            ledger=pull.ledger,
            strategy=strategy,
            newest=self._server.newest,
            newest_page=self._server.newest_page,
            searches=pull.evidence.found,
        )

    def _pull(self, plan: Plan, landing: Landing, log: Log, capability: Capability) -> Pull:
        pager = Pager(
            server=self._server,
            log=log,
            page_size=plan.page_size,
            judge=judge_of(landing, is_accepted=self._settings.withheld == "accept"),
        )
        asker = Asker(pager=pager, tally=Tally(log), one_pass=self._settings.passes == 1)
        return Pull(
            asker=asker,
            plan=plan,
            landing=landing,
            log=log,
            kept=self._kept,
            parallel=self._settings.parallel,
            patients_a_query=self._settings.patients_a_query,
            has_history=capability.has_patient_history,
        )

    def _pull_all(self, pull: Pull, statement: Mapping[str, Any]) -> str:
        """Land what the study needs; gives the strategy by which."""
        strategy = self._strategy(pull)
        begin(pull, _PARAMETERS[strategy or "population"], statement)
        if strategy is None:
            land_index(pull)
            strategy = _choose(pull)
            begin(pull, _PARAMETERS[strategy], statement)
        if strategy == "patient":
            self._by_patient(pull)
        elif self._kept.since is None:
            land_population(pull)
        else:
            self._changes(pull)
        return strategy

    def _strategy(self, pull: Pull) -> str | None:
        """The strategy that is set, or was chosen before; None where it is to be chosen."""
        if self._settings.strategy != "auto":
            return self._settings.strategy
        if self._settings.patients:
            return "patient"
        if self._kept.since is not None and self._kept.strategy:
            return self._kept.strategy
        note = pull.landing.recall("strategy")
        return None if note is None else note.decode()

    def _changes(self, pull: Pull) -> None:
        """What changed; everything, where the watermark cannot be relied on."""
        try:
            land_changes(pull, is_compared=self._kept.is_compared)
        except ClockWentBack as fault:
            pull.asker.pager.warn(f"{fault} Everything is pulled again.")
            pull.landing.drop(CHANGES)
            pull.ledger.lines.clear()
            land_population(pull)

    def _by_patient(self, pull: Pull) -> None:
        """Each patient's resources: of those of the index procedures, or of those listed."""
        if self._settings.patients:
            wanted = listed_patients(pull, self._settings.patients, self._settings.zone)
        else:
            land_index(pull)
            wanted = pull.index_patients()
        patients = pull.patients(wanted)
        for query in pull.plan.queries if self._settings.patients else pull.plan.besides:
            land_by_patient(pull, query, patients)
        pull.refuse_nothing()
        pull.refuse_no_scores()


def _log_categories(plan: Plan, log: Log) -> None:
    """Log what the categories of the study file leave out."""
    for query in plan.queries:
        if query.is_by_category:
            words = with_categories(plan.categories[query.type])
            log.info(f"the search of {query.type} is made {words}")


def _choose(pull: Pull) -> str:
    """The strategy that fits the server; a later run of this pull keeps to it."""
    strategy, why = choose(pull)
    pull.landing.remember("strategy", strategy.encode())
    pull.log.info(f"strategy {strategy}: {why}")
    return strategy
