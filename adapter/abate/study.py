"""The stages of a study in their order, from server to server. Start reading here.

pull -> landing -> mapping -> store -> cohort -> analyses -> results -> report -> publish

Each function imports the stages that it calls, so that a command loads only what it needs: a
retraction needs no page, and a server that does not answer no tables.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from abate import stage_events
from abate.config.settings import StudyFile
from abate.errors import AnalysisFailed, PluginError
from abate.telemetry.log import Log
from abate.telemetry.status import Progress

if TYPE_CHECKING:
    from abate.analysis.host import Host, Made
    from abate.analysis.outcome import Outcome
    from abate.analysis.published_figures import ComparedFigure, PublishedFigures
    from abate.analysis.results import Gathered, Results
    from abate.ingest.ingest import Compared
    from abate.publish.change import Change
    from abate.publish.compare import Publishing
    from abate.publish.target import TargetServer
    from abate.report.fhir.elements import Resource
    from abate.store.database import Store


def run(study_file: StudyFile, progress: Progress, *, is_whole: bool = False) -> "Results":
    """Pull, map, assemble, analyse, and keep the results. Nothing leaves the machine.

    The pull reads the changes since the last one, or everything if `is_whole`.

    Raises:
        AbateError: a stage failed; before the store is loaded, nothing in it has changed.
    """
    from abate.analysis import loader, published_figures
    from abate.config.reader import naming_lines
    from abate.ingest.ingest import How, refresh

    host = loader.load(study_file.settings.plugins)
    with naming_lines(study_file):
        analyses = host.make(study_file.settings)
    published = published_figures.load(study_file)
    with refresh(study_file, host, progress, How(is_whole=is_whole)) as store:
        gathered = _assemble(study_file, store, progress)
    outcomes = _analyse(study_file, host, analyses, gathered, progress.log)
    figures = _compare_figures(host, published, outcomes, progress.log)
    gathered = replace(gathered, comparisons=figures)
    return _keep(study_file, host, gathered, outcomes, progress)


def _assemble(study_file: StudyFile, store: "Store", progress: Progress) -> "Gathered":
    """Assemble the cohort, and describe what it was assembled from."""
    from abate.analysis.results import Gathered
    from abate.cohort.assemble import assemble, inputs, members

    settings = study_file.settings
    stage_events.begin_stage(progress.log, "assemble")
    cohort = assemble(store, settings, progress.run_id)
    stage_events.report_repeat(progress.log, cohort, settings.index.repeat)
    stage_events.report_misfit(progress.log, cohort)
    return Gathered(
        cohort=cohort,
        inputs=inputs(store, settings.source.url, progress.unconfirmed),
        members=members(store) if settings.report.members else None,
    )


def _analyse(
    study_file: StudyFile,
    host: "Host",
    analyses: Sequence["Made"],
    gathered: "Gathered",
    log: Log,
) -> list["Outcome"]:
    """Run the analyses; earlier results are removed before, because the store has changed.

    Raises:
        NothingFound: there is no lesion to analyse.
    """
    from abate.analysis import results
    from abate.report import files

    files.forget(study_file.output)
    noun = study_file.settings.study.unit
    results.refuse_empty(gathered.cohort, noun)
    stage_events.report_cohort(log, gathered.cohort, noun)
    stage_events.begin_stage(log, "analyse", f"running {len(analyses)} analyses")
    return [
        stage_events.report_analysis(log, host.run(spec, offered, analysis, gathered.cohort))
        for spec, offered, analysis in analyses
    ]


def _compare_figures(
    host: "Host", published: "PublishedFigures | None", outcomes: Sequence["Outcome"], log: Log
) -> Sequence["ComparedFigure"]:
    """Compare the figures of the paper with ours, if the study file has any."""
    from abate.analysis.published_figures import statistics_of

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


def _keep(
    study_file: StudyFile,
    host: "Host",
    gathered: "Gathered",
    outcomes: Sequence["Outcome"],
    progress: Progress,
) -> "Results":
    """Write the results with page and tables."""
    from abate.analysis import results
    from abate.disclosure import rule_of
    from abate.report import files

    collected, log = results.collect(study_file, progress.run_id, gathered, outcomes), progress.log
    rule = rule_of(study_file.settings.report.minimum_cell)
    stage_events.report_missing_units(log, collected, rule)
    stage_events.report_thin(log, collected)
    files.write(collected, study_file.output, host.page_sections(collected, log.warning))
    progress.note_analyses(collected)
    return collected


def reconcile(study_file: StudyFile, progress: Progress) -> list["Compared"]:
    """Compare all ids and versions with the server's, and bring the store up to date.

    Raises:
        AbateError: the pull or the mapping failed; nothing in the store has changed.
    """
    from abate.analysis import loader
    from abate.ingest.ingest import How, compare, refresh

    host = loader.load(study_file.settings.plugins)
    with refresh(study_file, host, progress, How(is_compared=True)) as store:
        return compare(store, study_file.settings.source.url, progress.run_id)


def write_back(
    study_file: StudyFile, progress: Progress, *, dry_run: bool, how: "Publishing | None" = None
) -> list["Change"]:
    """Publish the results of the last run; a second publication of the same writes nothing.

    Raises:
        PublishRefused: the rules or the target forbid it; nothing was written.
        PublicationWaits: together with earlier releases it would disclose single units.
    """
    from abate.analysis import loader, results
    from abate.auth.servers import target_server
    from abate.publish import compare
    from abate.publish.study_key import owner_of
    from abate.publish.target import target_of
    from abate.releases.publication import Publication, ReleasedReport

    folder, log, how = study_file.output, progress.log, how or compare.PUBLISH
    stage_events.begin_stage(log, "publish")
    loaded = results.load(folder, study_file.again("run"))
    compare.refuse(study_file, loaded)
    host = loader.load(study_file.settings.plugins)
    shown = _release(study_file, loaded, log)
    owner = owner_of(folder, loaded.study, may_adopt=how.adopts)
    with target_server(study_file.settings, study_file.folder, log) as server:
        target = target_of(server, log)
        resources = _make_report(shown, host, target, log)
        minimum = compare.least_group(study_file.settings)
        changes = Publication(
            study=study_file.settings.study,
            folder=folder,
            target=target,
            owner=owner,
            report=ReleasedReport(
                results=loaded, shown=shown, resources=resources, minimum=minimum
            ),
            log=log,
            how=how,
            dry_run=dry_run,
        ).write()
    if not dry_run:
        compare.tell(host, shown, target.base, changes, progress)
    return _note_changes(progress, changes, dry_run=dry_run)


def _release(study_file: StudyFile, results: "Results", log: Log) -> "Results":
    """Return the results as they may be released.

    Raises:
        PublishRefused: the units of the estimates are not known.
    """
    from abate.disclosure import make_release, refuse_without_units, rule_of

    rule = rule_of(study_file.settings.report.minimum_cell)
    refuse_without_units(results, rule)
    stage_events.report_missing_units(log, results, rule)
    return make_release(results, rule)


def _make_report(
    shown: "Results", host: "Host", target: "TargetServer", log: Log
) -> list["Resource"]:
    """Return the resources of the report, with its page."""
    from abate.report.fhir import bundle
    from abate.report.page import document

    page = document.render(shown, host.page_sections(shown, log.warning))
    return bundle.report(shown, host, page=page, version=target.release, target=target.base)


def take_back(
    study_file: StudyFile, progress: Progress, *, dry_run: bool, adopt: bool = False
) -> list["Change"]:
    """Retract the study's report from the target; no results are needed.

    A report with another study key, or without one, is retracted only with `adopt`.

    Raises:
        PublishRefused: the target has no report of the study, or forbids the retraction.
    """
    from abate.auth.servers import target_server
    from abate.publish import transaction
    from abate.publish.retract import retractions
    from abate.publish.study_key import owner_of
    from abate.publish.target import target_of

    folder, settings, log = study_file.output, study_file.settings, progress.log
    stage_events.begin_stage(log, "retract")
    owner = owner_of(folder, settings.study.id, may_adopt=adopt)
    with target_server(settings, study_file.folder, log) as server:
        compared = partial(retractions, target_of(server), settings.study, owner)
        changes = transaction.settle(server, compared, folder, dry_run=dry_run, log=log)
    return _note_changes(progress, changes, dry_run=dry_run)


def _note_changes(progress: Progress, changes: list["Change"], *, dry_run: bool) -> list["Change"]:
    """Note and log the changes, and return them."""
    progress.note_changes(changes, dry_run=dry_run)
    stage_events.report_changes(progress.log, changes, dry_run=dry_run)
    return changes


def refuse_failed(results: "Results") -> None:
    """Stop if an analysis failed; everything else is done before.

    Raises:
        AnalysisFailed: names each failed analysis and its error.
    """
    if results.failed:
        raise AnalysisFailed(
            "\n".join(
                f"the analysis {outcome.name!r} failed: {outcome.error}"
                for outcome in results.failed
            )
        )
