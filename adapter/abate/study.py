"""A study, from server to server: the order of the stages. Start reading here.

pull -> landing -> mapping -> store -> cohort -> analyses -> results -> report -> publish
"""

from collections.abc import Sequence
from functools import partial

from abate import stage_events
from abate.analysis import loader, published_figures, results
from abate.analysis.outcome import Outcome
from abate.analysis.published_figures import ComparedFigure, PublishedFigures, statistics_of
from abate.analysis.results import Gathered, Results
from abate.auth.servers import target_server
from abate.cohort.assemble import assemble, inputs, members
from abate.config.reader import naming_lines
from abate.config.settings import StudyFile
from abate.disclosure import refuse_without_units, released, rule_of
from abate.errors import AnalysisFailed, PluginError
from abate.ingest.ingest import Compared, How, refresh
from abate.ingest.ingest import compare as compare_types
from abate.publish import compare, transaction
from abate.publish.change import Change
from abate.publish.compare import PUBLISH, Publishing
from abate.publish.retract import retractions
from abate.publish.study_key import owner_of
from abate.publish.target import Target, target_of
from abate.releases.publication import Publication, Report
from abate.report import files
from abate.report.fhir import bundle
from abate.report.fhir.elements import Resource
from abate.report.page import document
from abate.telemetry.log import Log
from abate.telemetry.status import Progress


def run(study_file: StudyFile, progress: Progress, *, is_whole: bool = False) -> Results:
    """Pull, map, assemble, analyse, and keep the results. Nothing leaves the machine.

    The pull brings what changed since the last one; everything, if `is_whole`.

    Raises:
        AbateError: as each stage does; until the store is loaded, nothing in it has changed.
    """
    settings, folder, log = study_file.settings, study_file.output, progress.log
    host = loader.load(settings.plugins)
    with naming_lines(study_file):
        analyses = host.make(settings)
    published = published_figures.load(study_file)
    with refresh(study_file, host, progress, How(is_whole=is_whole)) as store:
        stage_events.begin_stage(log, "assemble")
        cohort = assemble(store, settings, progress.run_id)
        pulled = inputs(store, settings.source.url, progress.unconfirmed)
        listed = members(store) if settings.report.members else None
    files.forget(folder)
    results.refuse_empty(cohort)
    stage_events.report_cohort(log, cohort)
    stage_events.begin_stage(log, "analyse", f"running {len(analyses)} analyses")
    outcomes = [
        stage_events.report_analysis(log, host.run(spec, offered, one, cohort))
        for spec, offered, one in analyses
    ]
    figures = _compare_figures(host, published, outcomes, log)
    gathered = Gathered(cohort=cohort, inputs=pulled, members=listed, comparisons=figures)
    found = results.collect(study_file, progress.run_id, gathered, outcomes)
    stage_events.report_missing_units(log, found, rule_of(settings.report.minimum_cell))
    files.write(found, folder, host.page_sections(found, log.warning))
    progress.analysed(found)
    return found


def _compare_figures(
    host: loader.Host, published: PublishedFigures | None, outcomes: Sequence[Outcome], log: Log
) -> Sequence[ComparedFigure]:
    """The figures of the paper beside ours, if the study file names any; none is a warning."""
    if published is None:
        return ()
    try:
        figures = host.compare_figures(published, statistics_of(outcomes))
    except PluginError as problem:
        log.warning(f"{problem}. The figures of [paper] are not compared")
        return ()
    if not figures:
        log.warning("no plugin compares the figures of [paper]: is abate_analyses blocked?")
    return figures


def reconcile(study_file: StudyFile, progress: Progress) -> list[Compared]:
    """Compare all ids and versions with the server's, and bring the store up to date.

    Raises:
        AbateError: as the pull and the mapping do; nothing in the store has changed.
    """
    host = loader.load(study_file.settings.plugins)
    with refresh(study_file, host, progress, How(is_compared=True)) as store:
        return compare_types(store, study_file.settings.source.url, progress.run_id)


def write_back(
    study_file: StudyFile,
    progress: Progress,
    *,
    dry_run: bool,
    how: Publishing = PUBLISH,
) -> list[Change]:
    """Publish the results of the last run; the second time, nothing is written.

    Raises:
        PublishRefused: the rules or the target forbid it; nothing was written.
        PublicationWaits: together with earlier releases it would disclose single units.
    """
    folder, settings, log = study_file.output, study_file.settings, progress.log
    stage_events.begin_stage(log, "publish")
    found = results.load(folder)
    compare.refuse(study_file, found)
    host, rule = loader.load(settings.plugins), rule_of(settings.report.minimum_cell)
    refuse_without_units(found, rule)
    stage_events.report_missing_units(log, found, rule)
    shown = released(found, rule)
    owner = owner_of(folder, found.study, may_adopt=how.adopts)
    with target_server(settings, study_file.folder, log) as server:
        target = target_of(server)
        resources = _make_report(shown, host, target, log)
        minimum = compare.least_group(settings)
        publication = Publication(
            study=settings.study,
            folder=folder,
            target=target,
            owner=owner,
            report=Report(found=found, shown=shown, resources=resources, minimum=minimum),
            log=log,
            how=how,
            dry_run=dry_run,
        )
        changes = publication.write()
    if not dry_run:
        compare.tell(host, shown, target.base, changes, progress)
    progress.published(changes, dry_run=dry_run)
    stage_events.report_changes(log, changes, dry_run=dry_run)
    return changes


def _make_report(shown: Results, host: loader.Host, target: Target, log: Log) -> list[Resource]:
    """The resources of the report, its page among them."""
    return bundle.report(
        shown,
        host,
        page=document.render(shown, host.page_sections(shown, log.warning)),
        version=target.release,
        target=target.base,
    )


def take_back(
    study_file: StudyFile,
    progress: Progress,
    *,
    dry_run: bool,
    adopt: bool = False,
) -> list[Change]:
    """Retract the study's report from the target; no results are needed.

    One that carries another study key, or none, is retracted only if `adopt` says so.

    Raises:
        PublishRefused: nothing of the study stands there, or the target forbids it.
    """
    folder, settings, log = study_file.output, study_file.settings, progress.log
    stage_events.begin_stage(log, "retract")
    owner = owner_of(folder, settings.study.id, may_adopt=adopt)
    with target_server(settings, study_file.folder, log) as server:
        target = target_of(server)
        compared = partial(retractions, target, settings.study, owner)
        changes = transaction.settle(server, compared, folder, dry_run=dry_run, log=log)
    progress.published(changes, dry_run=dry_run)
    stage_events.report_changes(log, changes, dry_run=dry_run)
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
