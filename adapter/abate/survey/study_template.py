"""A first study file, made from the findings of a survey, for a person to review and change."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from abate.survey import advice
from abate.survey.model import ListCount, SampledCode, Survey

FILL = "FILL IN"
CHECK = "by its name: check"
_ANALYSES = (
    "profile",
    "pain-course",
    "paired-change",
    "visit-changes",
    "responders",
    "durability",
    "safety",
)
_PRIMARY = "paired-change"
_ENDPOINT = 'endpoint = { last_of = ["D1", "D2", "Wk1"] }  # the last score of the first week\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyTemplate:
    """The text of a study file, its codes, and the keys that a person must fill in."""

    text: str
    index: tuple[str, ...]
    scores: tuple[str, ...]
    to_fill: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The content of a study file that a survey cannot find.

    Attributes:
        suffix: lower-case letters and digits that make the study's id unique.
        timezone: the time zone of the calendar days; empty for UTC.
        day: the day of the survey, for the comment.
        entry: the login at the server, as TOML below [source].
    """

    suffix: str
    timezone: str = ""
    day: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """One code reference of a list: used, or proposed in a comment."""

    reference: str
    comment: str
    is_used: bool = True


def fill_template(
    survey: Survey, basis: Basis, analyses: Mapping[str, Collection[str]]
) -> StudyTemplate:
    """Return a study file for the surveyed server.

    Args:
        survey: the findings.
        basis: the content that a survey cannot find.
        analyses: the names of the analyses that can run, each with its parameters.
    """
    index, scores = _index(survey), _scores(survey)
    template = files("abate.survey").joinpath("study_template.toml").read_text("utf-8")
    text = Template(template).substitute(
        day=f" on {basis.day}" if basis.day else "",
        study=_quote(f"{_study_name(index)}-{basis.suffix}"),
        timezone=_timezone(basis),
        url=_quote(survey.url),
        source=_source(survey, basis),
        index=_codes(index),
        beside="\n".join(_beside(survey)),
        scores=_codes(scores),
        analyses="\n".join(_analysis(use, analyses[use]) for use in _ANALYSES if use in analyses),
    )
    used = {"[index] codes": _use(index), "[scores] codes": _use(scores)}
    return StudyTemplate(
        text=text,
        index=used["[index] codes"],
        scores=used["[scores] codes"],
        to_fill=tuple(key for key, references in used.items() if not references),
    )


def _study_name(index: Sequence[_Code]) -> str:
    """Return the name of the study: the first code list of the index procedures.

    It is published, so it must not name the server or a local code.
    """
    lists = [each.removeprefix("list:") for each in _use(index) if each.startswith("list:")]
    return lists[0] if lists else "pain-study"


def _timezone(basis: Basis) -> str:
    if basis.timezone:
        return _quote(basis.timezone)
    return '"UTC"  # the time zone of calendar days: write your own'


def _source(survey: Survey, basis: Basis) -> str:
    """Return the keys of [source] besides the URL, and the categories of pain scores."""
    text = ""
    if n := survey.times_without_offset:
        comment = f"{n} of the times have no offset: they are read as of this zone"
        text = f"timezone = {_quote(basis.timezone or 'UTC')}              # {comment}\n"
    category = survey.category
    text += basis.entry
    if not category.is_wanted:
        return text
    comment = f"of {category.n} sampled pain scores" if category.write else FILL
    table = (
        "[source.query.observation]         # refused without a category; other categories "
        f"are not found\ncategory = {json.dumps(category.write)}  # {comment}\n"
    )
    return f"{text}\n{table if category.write else _comment_out(table)}"


def _index(survey: Survey) -> list[_Code]:
    """Return the codes of the list, local codes by name, and frequent codes as proposals."""
    local = advice.propose_index(survey)
    taken = [*local, *advice.propose_radiotherapy(survey)]
    return [
        *_list(survey, "cementoplasty", "Procedure"),
        *(_find_sampled(code, CHECK) for code in local),
        *(
            _find_sampled(code, is_used=False)
            for code in advice.propose_others(survey, "Procedure", taken)
        ),
    ]


def _scores(survey: Survey) -> list[_Code]:
    """Return the codes of the list; other codes with pain in their name are only proposed."""
    named = advice.propose_scores(survey)
    listed = _list(survey, "pain-intensity", "Observation")
    if not listed and (n := survey.scores_by_category):
        listed = [_Code(reference="list:pain-intensity", comment=f"{n} of a few patients")]
    other = [] if listed or named else advice.propose_others(survey, "Observation", named)
    return [
        *listed,
        *(_find_sampled(code, CHECK, is_used=False) for code in named),
        *(_find_sampled(code, is_used=False) for code in other),
    ]


def _list(survey: Survey, name: str, kind: str) -> list[_Code]:
    """Return the code list, if a search by it or the sample has found a resource."""
    counted = survey.list_of(name)
    if counted is not None and survey.count_of(name) and survey.is_searchable(kind):
        return [_Code(reference=f"list:{name}", comment=_name_codes(counted))]
    seen = [code for code in survey.sample_of(kind).codes if code.list == name]
    known = ", ".join(f"{code.display} {code.n}" for code in seen)
    # The sample has them, but no search finds them: the run reports it, and the list is right.
    return [_Code(reference=f"list:{name}", comment=f"in the sample: {known}")] if seen else []


def _name_codes(counted: ListCount) -> str:
    codes = (f"{code.name} ({code.code}) {_number(code.n)}" for code in counted.codes)
    return f"{_number(counted.n)} there: {', '.join(codes)}"


def _number(n: int | None) -> str:
    return "some" if n is None else str(n)


def _find_sampled(code: SampledCode, note: str = "", *, is_used: bool = True) -> _Code:
    comment = ", ".join(filter(None, [code.display, f"{code.n} in the sample", note]))
    return _Code(reference=code.reference, comment=comment, is_used=is_used)


def _codes(codes: Sequence[_Code]) -> str:
    """Return `codes = [...]`, with one code per line."""
    lines = [
        f"  {'' if code.is_used else '# '}{_quote(code.reference)},  # {code.comment}"
        for code in codes
    ]
    if not _use(codes):
        lines.insert(0, f'  # {FILL}: "system|code" of the server, or "list:NAME"')
    return "\n".join(["codes = [", *lines, "]"])


def _beside(survey: Survey) -> list[str]:
    """Return the optional tables of a study: used if a resource was found for them."""
    radiotherapy = [_find_sampled(code, CHECK) for code in advice.propose_radiotherapy(survey)]
    history = f"[history.radiotherapy]\n{_codes(radiotherapy)}\n"
    return [
        _optional(survey, "[adjunct.ablation]", "bone-ablation", "within_hours = 24\n"),
        _optional(survey, "[condition.primary]", "primary-tumour", ""),
        history if radiotherapy else _comment_out(history),
        _comment_out(f"[event.complication]\n{_codes([])}\n"),
    ]


def _optional(survey: Survey, head: str, name: str, more: str) -> str:
    counted = survey.list_of(name)
    if counted is not None and survey.count_of(name):
        return f'{head}\ncodes = ["list:{name}"]  # {_name_codes(counted)}\n{more}'
    search = survey.search_of(counted.type) if counted else None
    comment = "none found"
    if search is not None and search.state == "finds-nothing":
        comment = f"no search by code finds a {search.type} here: a run searches by patient"
    return _comment_out(f'{head}\ncodes = ["list:{name}"]  # {comment}\n{more}')


def _comment_out(table: str) -> str:
    """Return a table as comments."""
    return "".join(f"# {line}\n" for line in table.splitlines())


def _analysis(use: str, parameters: Collection[str]) -> str:
    endpoint = _ENDPOINT if "endpoint" in parameters else ""
    primary = "primary = true\n" if use == _PRIMARY else ""
    return f"[[analysis]]\nuse = {_quote(use)}\n{endpoint}{primary}"


def _use(codes: Sequence[_Code]) -> tuple[str, ...]:
    return tuple(code.reference for code in codes if code.is_used)


def _quote(text: str) -> str:
    """Return a TOML basic string; TOML has the same escapes as JSON."""
    return json.dumps(text, ensure_ascii=False)
