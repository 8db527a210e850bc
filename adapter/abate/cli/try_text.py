"""What `abate try` prints: the sample's results, and what a real study must decide."""

from textwrap import fill
from typing import TYPE_CHECKING

from abate.cli import options

if TYPE_CHECKING:
    from abate.analysis.results import Results
    from abate.config.settings import StudyFile
    from abate.survey import Survey
    from abate.telemetry.history import Run

SHOWN = 8
_OTHERS = "Try another server, or see a whole study: abate demo"


def text(results: "Results", run: "Run", study_file: "StudyFile", survey: "Survey") -> str:
    """Return the summary of the run, the decisions of a real study, and the files."""
    from abate.cli import run_text
    from abate.report.files import PAGE

    lines = [
        run_text.text(results, run),
        "",
        "For a real study, decide (the study file marks its proposals with `check`):",
        *(_item(decision) for decision in _decisions(study_file, survey)),
        "",
        f"Study file: {study_file.path}",
        f"Report: {study_file.output / PAGE}",
        f"Next, write a study file for all patients: abate init {survey.url}",
    ]
    return "\n".join(lines)


def _decisions(study_file: "StudyFile", survey: "Survey") -> list[str]:
    settings = study_file.settings
    best = next((near for near in survey.nearby if near.reference in settings.index.codes), None)
    around = f", {best.display}" if best and best.display else ""
    visits = ", ".join(settings.visits.after)
    [primary] = [spec for spec in settings.analysis if spec.primary]
    endpoint = (primary.model_extra or {}).get("endpoint", "")
    counted = ", ".join(endpoint["last_of"]) if isinstance(endpoint, dict) else endpoint
    return [
        f"which procedures start a clock: now {', '.join(settings.index.codes)}{around}",
        f"which scores are pain scores: now {', '.join(settings.scores.codes)}",
        f"the visits: now {visits}; and those that count: now {counted}",
        f"how far back the baseline reaches: now {-settings.visits.baseline.from_} days",
        f"what a later procedure does ([index] repeat): now {settings.index.repeat}",
        f"the time zone of calendar days: now {settings.study.timezone}",
    ]


def nothing(survey: "Survey") -> str:
    """Return what is there instead of pain scores around a procedure, in one screen."""
    head = (
        f"{survey.url} has no procedure with pain scores around it, as far as {survey.requests} "
        "requests show."
    )
    samples = [survey.sample_of(kind) for kind in ("Observation", "Procedure")]
    if not any(sample.codes for sample in samples):
        return f"{head} No Observation or Procedure with a code was found. {_OTHERS}"
    lines = [head]
    for sample in samples:
        lines.append(f"{sample.type}: {sample.n} sampled")
        lines += [
            f"  {code.n:5}  {code.reference}  {code.display}" for code in sample.codes[:SHOWN]
        ]
        if more := sample.codes[SHOWN:]:
            lines.append(f"         and {len(more)} more codes")
    lines.append(
        "If one of these is a pain score or the procedure of the study, write it into the study "
        f"file of: abate init {survey.url}. If not: {_OTHERS}"
    )
    return "\n".join(lines)


def _item(words: str) -> str:
    return fill(words, options.width(), initial_indent="  - ", subsequent_indent="    ")
