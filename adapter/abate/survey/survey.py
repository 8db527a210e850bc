"""The survey: the probes of a server, in their order, within a limit. Start reading here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from abate.fhir.capability import read_capability
from abate.fhir.client import FhirServer, Limits
from abate.fhir.types import OPTIONAL_TO_READ, READ_NAMES, WRITTEN_NAMES
from abate.http import display
from abate.http.access import Access
from abate.mapping.code_lists import CodeLists
from abate.survey.budgeted_client import BudgetedClient, Limit
from abate.survey.code_counts import COUNT_LISTS, EXAMINE_CODES
from abate.survey.context import Context, Probe
from abate.survey.estimate import PullEstimate, estimate_pull
from abate.survey.model import GROUPS, Survey
from abate.survey.nearby import NEARBY, Nearby
from abate.survey.probes.bulk_export import EXPORT, SMART_LOGIN
from abate.survey.probes.by_patient import BY_PATIENT
from abate.survey.probes.categories import CATEGORIES_OF_SCORES
from abate.survey.probes.declared import DECLARED
from abate.survey.probes.incremental import INCREMENTAL, LARGE_PAGES
from abate.survey.probes.post_search import POST_SEARCH
from abate.survey.probes.read import BY_CODE, READ
from abate.survey.probes.validate import VALIDATE
from abate.survey.probes.write import GONE_AGAIN, TRY_REPORT
from abate.telemetry.log import Log

TIMEOUT_SECONDS = 30.0
# In the order of the requests: later probes need the findings of earlier ones.
PROBES: tuple[Probe, ...] = (
    *READ,
    *INCREMENTAL,
    EXAMINE_CODES,
    LARGE_PAGES,
    POST_SEARCH,
    COUNT_LISTS,
    *BY_CODE,
    BY_PATIENT,
    CATEGORIES_OF_SCORES,
    NEARBY,
    SMART_LOGIN,
    EXPORT,
    VALIDATE,
    TRY_REPORT,
    *DECLARED,
)
# What a study file needs.
QUICK: tuple[Probe, ...] = (
    *READ,
    EXAMINE_CODES,
    COUNT_LISTS,
    BY_PATIENT,
    CATEGORIES_OF_SCORES,
    NEARBY,
)
_NEEDED = dict.fromkeys(kind for kind in READ_NAMES if kind not in OPTIONAL_TO_READ).keys()
_KINDS = tuple(dict.fromkeys([*READ_NAMES, *WRITTEN_NAMES]))


def survey_server(  # noqa: PLR0913 - each one is a part of how a server is asked
    base: str,
    lists: CodeLists,
    log: Log,
    limit: Limit | None = None,
    access: Access | None = None,
    *,
    write: bool = False,
) -> Survey:
    """Find out what a server can do, and count by code; no patient data are kept.

    Only GET, searches by POST, and `$validate` are sent, which write nothing; with `write`, also
    the Lists of `probes.write` and the export of `probes.bulk_export`, which are deleted again.

    Raises:
        SourceError: no FHIR R4 server answers, or it needs a login.
    """
    with _exploring(base, lists, log, limit, access) as context:
        context.write = write
        _probe(context, PROBES)
        return _conclude(context)


def sample_server(
    base: str, lists: CodeLists, log: Log, limit: Limit, access: Access | None = None
) -> tuple[Survey, Nearby]:
    """Find out what a first study of some patients needs, in fewer requests.

    Raises:
        SourceError: no FHIR R4 server answers, or it needs a login.
    """
    with _exploring(base, lists, log, limit, access) as context:
        _probe(context, QUICK)
        return _conclude(context), context.nearby or Nearby()


@contextmanager
def _exploring(
    base: str, lists: CodeLists, log: Log, limit: Limit | None, access: Access | None
) -> Iterator[Context]:
    """Yield a context for the probes of a server."""
    limit = limit or Limit()
    limits = Limits(largest_answer=limit.answer)
    with FhirServer(base, TIMEOUT_SECONDS, access, limits=limits) as server:
        client = BudgetedClient(server, limit)
        capability = read_capability(server.capability(), _KINDS)
        version = display.fhir_version(capability.fhir_version)
        log.info(
            f"{server.base} uses {version}",
            name="server.found",
            server=server.base,
            fhir_version=version,
        )
        yield Context(
            client=client,
            capability=capability,
            lists=lists,
            log=log,
            patients_near=limit.patients,
        )


def _probe(context: Context, probes: Iterable[Probe]) -> None:
    for probe in probes:
        probe.run(context)
        # Of the types that a pull needs, Patients are probed last.
        if context.shut.keys() >= _NEEDED:
            break


def _conclude(context: Context) -> Survey:
    """Return all findings."""
    return Survey(
        url=context.client.server.base,
        server=context.capability,
        searches=tuple(context.searches.values()),
        lists=tuple(context.counts),
        samples=tuple(context.samples.values()),
        written=tuple(context.shapes.values()),
        category=context.category,
        nearby=tuple(context.nearby.rank()) if context.nearby else (),
        probes=tuple(sorted(context.rows, key=lambda row: GROUPS.index(row.group))),
        estimate=_estimate(context),
        shut=_shut_words(context),
        wrote=any(row.what == GONE_AGAIN.what for row in context.rows),
        left=tuple(context.left),
        stopped=context.stopped,
        requests=context.client.server.budget.requests,
        bytes=context.client.server.budget.bytes,
    )


def _estimate(context: Context) -> PullEstimate:
    bare = {kind for kind, search in context.searches.items() if search.state == "bare-only"}
    counts = {
        counted.list: counted.bare if counted.type in bare else counted.n
        for counted in context.counts
    }
    return estimate_pull(counts, context.client.paces)


def _shut_words(context: Context) -> str:
    """Return which types a pull needs and may not read, and what to do; empty if it may."""
    shut = {kind: context.shut[kind] for kind in _NEEDED if kind in context.shut}
    if not shut:
        return ""
    listing = ", ".join(f"{kind} ({status})" for kind, status in shut.items())
    first = next(iter(shut.values()))
    return f"a pull may not read {listing}: {context.client.server.login_wanted(first)}"
