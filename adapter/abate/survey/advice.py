"""The advice of a survey: what abate can do at a server, what to write, what is missing.

Codes that a study may need are proposed by their names, for a person to decide: a run never
selects a code by its name alone.
"""

import re
from collections.abc import Collection, Iterator

from abate.fhir.types import WRITTEN_NAMES
from abate.survey.model import Advice, Sample, SampledCode, Survey
from abate.survey.probes.categories import advise_category, setting
from abate.survey.probes.declared import TRANSACTION
from abate.survey.probes.read import without_code

# In the languages of the servers that were surveyed; a stem is enough.
INDEX_WORDS = re.compile(
    r"cementoplast|vertebroplast|kyphoplast|kifoplast|sacroplast|osteoplast|zementoplast"
    r"|cifoplast|vertebral augment|bone cement|knochenzement",
    re.IGNORECASE,
)
SCORE_WORDS = re.compile(
    r"\bpain|schmerz|douleur|dolor\b|dolore|\bpijn|smerte|smärta|kipu|\bdor\b|\bnrs\b|\bvas\b"
    r"|[._-](nrs|vas|pain)\b",
    re.IGNORECASE,
)
# An Observation of pain that is not an intensity.
NO_INTENSITY = re.compile(
    r"interfer|locat|onset|durat|qualit|panel|character|relie|manage|goal|accept|chest pain",
    re.IGNORECASE,
)
RADIOTHERAPY_WORDS = re.compile(
    r"radiother|radiation|strahlenther|bestrahl|irradiat|brachyther", re.IGNORECASE
)
_STATES = {
    "ignored": (
        "{type}: the server ignores searches by code ({detail}): counts by code cannot be "
        "trusted and were not taken, and a run would pull everything and stop"
    ),
    "refused": "{type}: the server does not search the whole server by code ({detail})",
    "bare-only": "{type}: {detail}: each run searches again by the bare code, for all resources",
    "finds-nothing": "{type}: {detail}: {then}",
}
_UNITLESS = ("valueInteger", "valueQuantity without a unit")


def advise(survey: Survey) -> Advice:
    """Return the advice that follows from a survey."""
    return Advice(
        can=tuple(_can(survey)),
        write=tuple(_write(survey)),
        missing=tuple(_missing(survey)),
    )


def _can(survey: Survey) -> Iterator[str]:
    index, scores = survey.count_of("cementoplasty"), survey.count_of("pain-intensity")
    is_searchable = survey.is_searchable("Procedure") and survey.is_searchable("Observation")
    if index and scores and is_searchable:
        yield (
            f"pull a study: {index} index procedures and {scores} pain scores have codes that "
            "abate knows"
        )
    if not _report_refusal(survey):
        yield "take the report: transactions, and ids that the client chooses"


def _write(survey: Survey) -> Iterator[str]:
    if survey.count_of("cementoplasty"):
        yield '[index] codes = ["list:cementoplasty"]'
    for code in propose_index(survey):
        yield f'[index] perhaps "{code.reference}" ({code.n} in the sample)'
    if survey.count_of("pain-intensity") or survey.scores_by_category:
        yield '[scores] codes = ["list:pain-intensity"]'
    for code in propose_scores(survey):
        yield f'[scores] perhaps "{code.reference}" ({code.n} in the sample)'
    if survey.category.write:
        yield setting(survey.category)
    if survey.times_without_offset:
        yield "[source] timezone: some times have no offset, and are rejected without it"


def _missing(survey: Survey) -> Iterator[str]:
    for search in survey.searches:
        if search.state in _STATES:
            then = without_code(search.type)
            yield _STATES[search.state].format(type=search.type, detail=search.detail, then=then)
    for sample in survey.samples:
        if sample.problem:
            yield f"{sample.type}: the sample ends after {sample.pages} pages: {sample.problem}"
    yield from _missing_codes(survey, "index procedure", "cementoplasty", "Procedure")
    yield from _missing_codes(survey, "pain score", "pain-intensity", "Observation")
    if survey.category.is_wanted:
        yield f"Observation: refused without a category. {advise_category(survey.category)}"
    yield from _unitless_scores(survey)
    if reason := _report_refusal(survey):
        yield f"publish: {reason}; use another server as [target], or only the local results"
    if survey.stopped:
        yield f"the survey is incomplete: {survey.stopped}"


def _missing_codes(survey: Survey, what: str, name: str, kind: str) -> Iterator[str]:
    search = survey.search_of(kind)
    if survey.count_of(name) or search is None or not search.is_trusted:
        return
    seen = sum(code.n for code in survey.sample_of(kind).codes if code.list == name)
    if seen:
        yield f"{seen} sampled {kind}s have a code of list:{name}, but no search finds it"
    else:
        yield f"no {what} has a code of list:{name}: look for the server's own codes above"


def _unitless_scores(survey: Survey) -> Iterator[str]:
    """Return a warning of scores without a unit and a range, which need a code with a scale."""
    for shapes in survey.written:
        if n := sum(shape.n for shape in shapes.values if shape.what in _UNITLESS):
            yield (
                f"{n} of {shapes.n} pain scores have no unit and no reference range: they "
                "are read only if their code says the scale (0 to 10, or to 100)"
            )


def _report_refusal(survey: Survey) -> str:
    """Return why the server cannot take a report; empty if it can."""
    tried = next((row.found for row in survey.probes if row.what == TRANSACTION), "")
    if tried.startswith("NO"):
        return f"it does not accept transactions ({tried}, when tried)"
    if not survey.server.transaction:
        return "it does not offer transactions"
    kinds = [survey.server.of(kind) for kind in WRITTEN_NAMES]
    if missing := [kind.type for kind in kinds if not kind.offered]:
        return f"it does not accept {', '.join(missing)}"
    if closed := [kind.type for kind in kinds if kind.update_create is False]:
        return f"it does not let a client choose the id of {', '.join(closed)} (updateCreate)"
    return ""


def propose_index(survey: Survey) -> list[SampledCode]:
    """Return the Procedure codes outside the lists whose name means filling bone with cement."""
    return [code for code in _unknown(survey.sample_of("Procedure")) if _says(code, INDEX_WORDS)]


def propose_scores(survey: Survey) -> list[SampledCode]:
    """Return the Observation codes outside the lists whose name means the intensity of pain."""
    return name_scores(survey.sample_of("Observation"))


def name_scores(sample: Sample) -> list[SampledCode]:
    """Return the codes of a sample whose name means the intensity of pain, outside the lists."""
    named = (code for code in _unknown(sample) if _says(code, SCORE_WORDS))
    return [code for code in named if not _says(code, NO_INTENSITY)]


def propose_radiotherapy(survey: Survey) -> list[SampledCode]:
    """Return the Procedure codes whose name means radiotherapy."""
    unknown = _unknown(survey.sample_of("Procedure"))
    return [code for code in unknown if _says(code, RADIOTHERAPY_WORDS)]


def propose_others(survey: Survey, kind: str, taken: Collection[str]) -> list[SampledCode]:
    """Return the further codes of a type outside the lists, the most frequent first."""
    codes = _unknown(survey.sample_of(kind))
    return [code for code in codes if code.reference not in taken]


def _unknown(sample: Sample) -> list[SampledCode]:
    """Return the codes outside the lists that a study file can name."""
    return [code for code in sample.codes if code.system and code.exact and not code.list]


def _says(code: SampledCode, words: re.Pattern[str]) -> bool:
    return bool(words.search(code.display) or words.search(code.code))
