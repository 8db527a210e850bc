"""A study, from server to server: the order of the stages. Start reading here.

pull -> landing -> mapping -> store -> cohort -> analyses -> results -> report -> publish
"""

from functools import partial

from abate import codes, mapping, paper, plugins, publish, results
from abate.cohort.assemble import assemble, inputs, members
from abate.connect import source_server, target_server
from abate.errors import AnalysisFailed
from abate.landing import Landing
from abate.publish import Change
from abate.report import fhir, files, page
from abate.results import Gathered, Results
from abate.retraction import retractions
from abate.settings import StudyFile
from abate.small_cells import released, rule_of
from abate.source import Say, plan
from abate.source.rest import RestSource
from abate.status import Progress
from abate.store import opened
from abate.target import target_of


def run(study_file: StudyFile, progress: Progress, say: Say) -> Results:
    """Pull, map, assemble, analyse, and keep the results. Nothing leaves the machine.

    Raises:
        AbateError: as each stage does; until the store is loaded, nothing in it has changed.
    """
    settings, folder = study_file.settings, study_file.output
    host = plugins.load(settings.plugins)
    analyses = host.make(study_file)
    published = paper.load(study_file)
    lists = codes.load([*host.mappings(), *study_file.code_directories])
    needed = plan.make(study_file, lists)
    with Landing(folder / "landing") as landing:
        with source_server(study_file) as server:
            ledger = RestSource(server).bring(needed, landing, say)
        landing.close()
        progress.pulled(ledger)
        with opened(folder / "store.duckdb") as store, store.transaction():
            mapping.register(store, needed.roles, lists)
            accounted = mapping.load(store, landing, study_file, progress.run_id, host.score_reader)
            mapping.balance(store, progress.run_id, ledger, accounted)
            cohort = assemble(store, settings, progress.run_id)
            pulled = inputs(store, settings.source.url)
            listed = members(store) if settings.report.members else None
    results.forget(folder)
    files.forget(folder)
    results.refuse_empty(cohort)
    outcomes = [host.run(spec, offered, one, cohort) for spec, offered, one in analyses]
    gathered = Gathered(cohort=cohort, inputs=pulled, paper=published, members=listed)
    found = results.collect(study_file, progress.run_id, gathered, outcomes)
    results.save(found, folder)
    files.write(found, folder)
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
    shown = released(found, rule_of(study_file.settings.report.minimum_cell))
    with target_server(study_file) as server:
        target = target_of(server)
        resources = fhir.report(
            shown, host, page=page.render(shown), version=target.release, target=server.base
        )
        left = None if dry_run else folder
        compared = partial(publish.compare, target, resources, shown, folder=left)
        changes = publish.settle(target, compared, folder, dry_run=dry_run)
    if not dry_run:
        publish.tell(host, shown, progress)
    progress.published(changes, dry_run=dry_run)
    return changes


def take_back(study_file: StudyFile, progress: Progress, *, dry_run: bool) -> list[Change]:
    """Retract the study's report from the target; no results are needed.

    Raises:
        PublishRefused: nothing of the study stands there, or the target forbids it.
    """
    with target_server(study_file) as server:
        target = target_of(server)
        compared = partial(retractions, target, study_file.settings.study)
        changes = publish.settle(target, compared, study_file.output, dry_run=dry_run)
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
