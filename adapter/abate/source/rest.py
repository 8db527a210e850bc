"""Pull by REST search: over the whole population by code, or patient by patient.

`population` asks each type by its codes, several parts at once, and from the second night on only
for what changed. `patient` asks for the index procedures by code (or takes a list of patients), and
then for each patient's resources; it is whole every night, since that is one query a patient and
type either way. Each query is counted: see `walk`.
"""

from abate.kept import Kept
from abate.landing import Landing
from abate.source import Pulled, Say
from abate.source.changes import land_changes
from abate.source.http import FhirServer
from abate.source.issues import judge_of
from abate.source.listed import listed_patients
from abate.source.paging import Pager
from abate.source.plan import SCORES, Plan
from abate.source.pull import Pull, interactions
from abate.source.query import in_pieces
from abate.source.strategy import fitting
from abate.source.tally import Tally, one_at_a_time
from abate.source.walk import Asker
from abate.source_settings import Source as Settings


class RestSource:
    """A FHIR server that is asked by search."""

    def __init__(self, server: FhirServer, settings: Settings, kept: Kept) -> None:
        """Pull from `server` what the store does not have, of which `kept` tells."""
        self._server = server
        self._settings = settings
        self._kept = kept

    def bring(self, plan: Plan, landing: Landing, say: Say) -> Pulled:
        """Land what `plan` asks for; see `Source.bring`."""
        say = one_at_a_time(say)
        statement = self._server.capability()
        landing.began(self._server.time)
        pull = self._pull(plan, landing, say, interactions(statement))
        strategy = self._strategy(pull)
        if strategy == "patient":
            self._by_patient(pull)
        elif self._kept.since is None:
            _population(pull)
        else:
            land_changes(pull, is_compared=self._kept.is_compared)
        for line in pull.ledger.lines:
            say(f"pulled {line}", event="query.done", **line.fields)
        _tell_unconfirmed(pull)
        say("", event="pull.done", requests=self._server.budget.requests)
        return Pulled(ledger=pull.ledger, strategy=strategy)

    def _pull(self, plan: Plan, landing: Landing, say: Say, can: dict[str, frozenset[str]]) -> Pull:
        pager = Pager(
            server=self._server,
            say=say,
            page_size=plan.page_size,
            judge=judge_of(landing, is_accepted=self._settings.withheld == "accept"),
        )
        asker = Asker(pager=pager, tally=Tally(say), one_pass=self._settings.passes == 1)
        return Pull(
            asker=asker,
            plan=plan,
            landing=landing,
            say=say,
            kept=self._kept,
            parallel=self._settings.parallel,
            interactions=can,
        )

    def _strategy(self, pull: Pull) -> str:
        if self._settings.strategy != "auto":
            return self._settings.strategy
        if self._settings.patients:
            return "patient"
        if self._kept.strategy:
            return self._kept.strategy
        note = pull.landing.recall("strategy")
        strategy, why = note.decode().split(": ", 1) if note is not None else _chosen(pull)
        pull.landing.remember("strategy", f"{strategy}: {why}".encode())
        pull.say(f"strategy {strategy}: {why}")
        return strategy

    def _by_patient(self, pull: Pull) -> None:
        """Each patient's resources: of those of the index procedures, or of those listed."""
        if self._settings.patients:
            wanted = listed_patients(pull, self._settings.patients, self._settings.zone)
        else:
            pull.whole(pull.plan.index)
            pull.refuse_nothing()
            wanted = pull.index_patients()
        patients = pull.patients(wanted)
        size = self._settings.patients_a_query
        for query in pull.plan.queries:
            asked = [query.of(patients=some) for some in in_pieces(patients, size)]
            pull.each(query, asked, size)
        pull.refuse_nothing()
        pull.refuse_no_scores()


def _population(pull: Pull) -> None:
    """All that the study's codes find, and the patients of the index procedures."""
    for query in pull.plan.queries:
        pull.whole(query)
    pull.refuse_nothing()
    pull.refuse_no_scores()
    pull.patients(pull.index_patients())


def _tell_unconfirmed(pull: Pull) -> None:
    """Warn once where nothing can show that all arrived: the results say so too."""
    if names := pull.ledger.unconfirmed:
        pull.say(
            f"warning: nothing confirms that all {', '.join(names)} arrived: {pull.base} gives no "
            "total and no count. The status and the report say so",
            event="pull.unconfirmed",
            queries=", ".join(names),
        )


def _chosen(pull: Pull) -> tuple[str, str]:
    """The strategy that fits the server, and why."""
    [scores] = [query for query in pull.plan.queries if query.name == SCORES]
    procedures, found = pull.asker.pager.count(pull.plan.index), pull.asker.pager.count(scores)
    return fitting(procedures, found)
