"""`abate try`: a study of a small sample of a server, from its URL to a page."""

import secrets
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import options, stderr, try_text
from abate.cli.commands.check import refuse_bad_end
from abate.cli.server_options import ServerArguments, with_server
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from abate.config.settings import StudyFile
    from abate.survey import StudyTemplate, Survey

EPILOG = """\b
Examples:
  abate try https://fhir.example.com/r4
  abate try http://127.0.0.1:8080/fhir --patients 50 --requests 200
  abate try https://fhir.example.com/r4 --auth bearer
"""
FOLDER = Path("abate-try")
# Of the requests, so many at most find out what is there; of the time, so many seconds.
SHARE_OF_SURVEY = 0.5
SURVEY_SECONDS, PULL_MINUTES = 90, 3
# How many requests a patient costs where a search can name one only.
REQUESTS_A_PATIENT = 8


@click.command("try", epilog=EPILOG)
@click.option(
    "--patients",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="The most patients to pull.",
)
@click.option(
    "--requests",
    type=click.IntRange(min=200),
    default=500,
    show_default=True,
    help="The most requests to send, in total.",
)
@with_server
@options.log
@options.quiet
@options.as_json
def command(
    entry: ServerArguments, patients: int, requests: int, as_json: bool, **spoken: Unpack[Spoken]
) -> None:
    """Try abate at a FHIR server: a small sample, a page, nothing to edit.

    Finds the procedure with pain scores around most patients, proposes visits from the days of
    these scores, pulls a sample of patients, and writes a study file and a page into a new folder.
    The results say nothing about medicine. Writes nothing to the server.
    """
    from abate.config.reader import read
    from abate.errors import NothingFound

    survey, ids, made = _explore(entry, patients, requests, **spoken)
    refuse_bad_end(survey)
    if not ids:
        raise NothingFound(try_text.nothing(survey))
    folder = _new_folder()
    path = folder / options.STUDY
    _write(path, made)
    study_file = read(path)
    try:
        _run(study_file, survey, as_json=as_json, **spoken)
    except NothingFound as error:
        raise NothingFound(
            f"{error}\n\n{try_text.nothing(survey)}\nThe study file: {path}"
        ) from None


def _explore(
    entry: ServerArguments, patients: int, requests: int, **spoken: Unpack[Spoken]
) -> "tuple[Survey, list[str], StudyTemplate]":
    """Return the findings at the server, the ids of some patients, and a study file of these."""
    from datetime import UTC, datetime

    from abate.analysis import loader
    from abate.cli.commands.init import parameters
    from abate.mapping import code_lists
    from abate.survey import Basis, fill_template, sample_server
    from abate.survey.budgeted_client import Limit
    from abate.telemetry.log import logger

    host = loader.load(tolerant=True)
    lists = code_lists.load(host.mappings())
    limit = Limit(
        requests=int(requests * SHARE_OF_SURVEY), patients=patients, seconds=SURVEY_SECONDS
    )
    with stderr.handlers(spoken["log"], is_quiet=spoken["quiet"]) as handlers:
        log = logger(*handlers, command="try")
        survey, nearby = sample_server(entry.url, lists, log, limit, entry.access())
    left = requests - survey.requests
    most = patients if nearby.at_once > 1 else min(patients, max(1, left // REQUESTS_A_PATIENT))

    def fill(ids: list[str]) -> "StudyTemplate":
        basis = Basis(
            suffix=secrets.token_hex(3),
            day=f"{datetime.now(UTC):%Y-%m-%d}",
            entry=entry.toml(sample_of(ids, at_once=nearby.at_once, requests=left)),
            title=f"Sample of {len(ids)} patients: no result about medicine",
            head="A sample study that abate try made: it says nothing about medicine.",
            is_sample=True,
        )
        return fill_template(survey, basis, parameters(host))

    used = fill([]).index
    listed = {f"{code.system}|{code.code}" for each in lists.values() for code in each}
    is_listed = any(reference.startswith("list:") for reference in used)
    chosen = {*used} | (listed if is_listed else set())
    near = [code.reference for code in survey.nearby if code.reference in chosen]
    ids = list(dict.fromkeys(patient for each in near for patient in nearby.patients_with(each)))
    return survey, ids[:most], fill(ids[:most])


def sample_of(ids: list[str], *, at_once: int, requests: int) -> dict[str, object]:
    """Return the keys of [source] that limit a pull to these patients and so many requests."""
    return {
        "strategy": "patient",
        "patients": ids,
        "patients_a_query": at_once,
        "max_requests": requests,
        "max_minutes": PULL_MINUTES,
    }


def _new_folder() -> Path:
    """Return a folder that does not exist yet."""
    return next(
        folder
        for number in count(1)
        if not (folder := Path(f"{FOLDER}-{number}") if number > 1 else FOLDER).exists()
    )


def _write(path: Path, made: "StudyTemplate") -> None:
    from abate.telemetry.private_file import write_private

    path.parent.mkdir(mode=0o700)
    write_private(path, made.text.encode())


def _run(
    study_file: "StudyFile", survey: "Survey", *, as_json: bool, **spoken: Unpack[Spoken]
) -> None:
    """Pull, compute, and print where the page is."""
    from abate import study as stages
    from abate.cli.commands.run import print_json

    with working(study_file, "try", **spoken) as work:
        results = stages.run(study_file, work.progress)
        if as_json:
            work.at_end(lambda run: print_json(results, run))
        else:
            work.at_end(lambda run: options.show(try_text.text(results, run, study_file, survey)))
        stages.refuse_failed(results)
