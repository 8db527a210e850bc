"""A study, from server to server: the order of the stages. Start reading here.

pull -> landing -> mapping -> store -> cohort -> analyses -> results -> report -> publish
"""

from abate import codes, mapping, plugins, publish, results
from abate.cohort.assemble import assemble, inputs
from abate.errors import AnalysisFailed
from abate.landing import Landing
from abate.publish import Change
from abate.report import fhir
from abate.results import Results
from abate.settings import StudyFile
from abate.source import Say, plan
from abate.source.http import FhirServer
from abate.source.rest import RestSource
from abate.status import Progress
from abate.store import opened


def run(study_file: StudyFile, progress: Progress, say: Say) -> Results:
    """Pull, map, assemble, analyse, and keep the results. Nothing leaves the machine.

    Raises:
        AbateError: as each stage does; until the store is loaded, nothing in it has changed.
    """
    settings, folder = study_file.settings, study_file.output
    host = plugins.load(settings.plugins)
    analyses = host.make(study_file)
    lists = codes.load([*host.mappings(), *study_file.code_directories])
    needed = plan.make(study_file, lists)
    with Landing(folder / "landing") as landing:
        with FhirServer(settings.source.url, settings.source.timeout_seconds) as server:
            ledger = RestSource(server).bring(needed, landing, say)
        landing.close()
        progress.pulled(ledger)
        with opened(folder / "store.duckdb") as store, store.transaction():
            mapping.register(store, needed.roles, lists)
            accounted = mapping.load(store, landing, study_file, progress.run_id, host.score_reader)
            mapping.balance(store, progress.run_id, ledger, accounted)
            cohort = assemble(store, settings, progress.run_id)
            pulled = inputs(store, settings.source.url)
    results.forget(folder)
    results.refuse_empty(cohort)
    outcomes = [host.run(spec, offered, one, cohort) for spec, offered, one in analyses]
    found = results.collect(study_file, progress.run_id, cohort, pulled, outcomes)
    results.save(found, folder)
    progress.analysed(found)
    return found


def write_back(study_file: StudyFile, progress: Progress, *, dry_run: bool) -> list[Change]:
    """Publish the results of the last run; the second time, nothing is written.

    Raises:
        PublishRefused: the rules or the target forbid it; nothing was written.
    """
    folder = study_file.output
    found = results.load(folder)
    publish.refuse(study_file, found)
    host = plugins.load(study_file.settings.plugins)
    resources = fhir.report(found, host)
    with FhirServer(study_file.settings.target_url) as server:
        changes = publish.compare(server, resources, found, folder=None if dry_run else folder)
        if not dry_run:
            publish.write(server, changes, folder)
            publish.tell(host, found, progress)
    progress.published(changes, dry_run=dry_run)
    return changes


def refuse_failed(found: Results) -> None:
    """Stop if an analysis failed, once everything else is done.

    Raises:
        AnalysisFailed: names each one, and what happened.
    """
    if found.failed:
        raise AnalysisFailed(
            "\n".join(f"the analysis {one.name!r} failed: {one.error}" for one in found.failed)
        )
