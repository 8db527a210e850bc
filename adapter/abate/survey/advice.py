"""The answer in words: what abate can do at a server, what to write, what is missing."""

from collections.abc import Iterator

from abate.resource_types import WRITTEN_NAMES
from abate.survey import candidates, categories, rows
from abate.survey.found import Advice, Survey
from abate.survey.saying import TRANSACTION

_STATES = {
    "ignored": (
        "{type}: the server ignores searches by code ({detail}): counts by code are not to be "
        "trusted and were not taken, and a run would pull everything and stop"
    ),
    "refused": "{type}: the server does not search the whole server by code ({detail})",
    "bare-only": "{type}: {detail}: a run asks again by the bare code, whole and every night",
    "finds-nothing": "{type}: {detail}: {then}",
}


def advise(survey: Survey) -> Advice:
    """What follows from a survey."""
    return Advice(
        can=tuple(_can(survey)),
        write=tuple(_write(survey)),
        missing=tuple(_missing(survey)),
    )


def found(survey: Survey, name: str) -> int:
    """How many resources a code list finds; one where some came uncounted; 0 where none."""
    counted = survey.list_of(name)
    if counted is None:
        return 0
    search = survey.search_of(counted.type)
    n = counted.bare if search is not None and search.state == "bare-only" else counted.n
    return n if n is not None else int(bool(counted.codes))


def searchable(survey: Survey, kind: str) -> bool:
    """Whether a run can ask for a type by code."""
    search = survey.search_of(kind)
    return search is not None and search.state in ("works", "untried", "bare-only")


def unable(survey: Survey) -> str:
    """Why the server cannot take a report, or nothing."""
    tried = {one.what: one.found for one in survey.probes}.get(TRANSACTION, "")
    if tried.startswith("NO"):
        return f"it takes no transaction ({tried}, when it was tried)"
    if not survey.server.transaction:
        return "it does not offer transactions"
    kinds = [survey.server.of(kind) for kind in WRITTEN_NAMES]
    if missing := [one.type for one in kinds if not one.offered]:
        return f"it does not take {', '.join(missing)}"
    if closed := [one.type for one in kinds if one.update_create is False]:
        return f"it does not let a client choose the id of {', '.join(closed)} (updateCreate)"
    return ""


def _can(survey: Survey) -> Iterator[str]:
    index, scores = found(survey, "cementoplasty"), found(survey, "pain-intensity")
    if index and scores and searchable(survey, "Procedure") and searchable(survey, "Observation"):
        yield (
            f"pull a study: {index} index procedures and {scores} pain scores have codes that "
            "abate knows"
        )
    if not unable(survey):
        yield "take the report: transactions, and ids that the client chooses"


def _write(survey: Survey) -> Iterator[str]:
    if found(survey, "cementoplasty"):
        yield '[index] codes = ["list:cementoplasty"]'
    for one in candidates.local_index(survey):
        yield f'[index] perhaps "{one.reference}" ({one.n} in the sample)'
    if found(survey, "pain-intensity") or survey.scores_by_category:
        yield '[scores] codes = ["list:pain-intensity"]'
    for one in candidates.local_scores(survey):
        yield f'[scores] perhaps "{one.reference}" ({one.n} in the sample)'
    if survey.category.write:
        yield categories.line(survey.category)
    if without_offset(survey):
        yield "[source] timezone: there are times without an offset, which are rejected without it"


def without_offset(survey: Survey) -> int:
    """How many of the times that were looked at have no offset."""
    times = (tally for one in survey.written for tally in one.times)
    return sum(tally.n for tally in times if tally.what.endswith("without an offset"))


def _missing(survey: Survey) -> Iterator[str]:
    for search in survey.searches:
        if search.state in _STATES:
            yield _STATES[search.state].format(
                type=search.type, detail=search.detail, then=rows.without_code(search.type)
            )
    for sample in survey.samples:
        if sample.problem:
            yield f"{sample.type}: the sample ends after {sample.pages} pages: {sample.problem}"
    yield from _codes_missing(survey)
    if survey.category.is_wanted:
        yield f"Observation: refused without a category. {categories.advice(survey.category)}"
    yield from _doubtful(survey)
    if reason := unable(survey):
        yield f"publish: {reason}; give another server as [target], or stay with the local results"
    if survey.stopped:
        yield f"the survey is not whole: {survey.stopped}"


def _codes_missing(survey: Survey) -> Iterator[str]:
    for what, name, kind in (
        ("index procedure", "cementoplasty", "Procedure"),
        ("pain score", "pain-intensity", "Observation"),
    ):
        search = survey.search_of(kind)
        if found(survey, name) or search is None or not search.is_trusted:
            continue
        seen = sum(one.n for one in survey.sample_of(kind).codes if one.list == name)
        if seen:
            yield f"{seen} sampled {kind}s have a code of list:{name}, and no search finds it"
        else:
            yield f"no {what} has a code of list:{name}: look for the server's own codes above"


def _doubtful(survey: Survey) -> Iterator[str]:
    """Scores that have neither a unit nor a range, which not every code makes up for."""
    for one in survey.written:
        bare = [
            t.n for t in one.values if t.what in ("valueInteger", "valueQuantity without a unit")
        ]
        if bare:
            yield (
                f"{sum(bare)} of {one.n} pain scores have no unit and no reference range: they "
                "are read only where their code says the scale (0 to 10, or to 100)"
            )
