"""A first study file, made from the findings of a survey, for a person to review and change."""

import json
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from abate.survey import advice
from abate.survey.code_proposals import (
    BY_NAME,
    CHECK,
    FILL,
    LISTED,
    ProposedCode,
    describe_sampled,
    list_used,
    name_codes,
    propose_index,
    propose_scores,
    quote,
    write_codes,
)
from abate.survey.model import Survey
from abate.survey.visit_proposals import VisitProposal, propose_visits

# How many codes a study file proposes, unless all are requested.
SHOWN = 8
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
_HEAD = (
    "A first study file, written by abate init from what it found at the server: read it through."
)


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
        entry: the login at the server, and more keys, as TOML below [source].
        title: the title; by default it names the procedure.
        head: the first line of the file.
        has_all_codes: whether all codes of the sample are listed.
        is_sample: whether only procedures with pain scores near them can be studied.
    """

    suffix: str
    timezone: str = ""
    day: str = ""
    entry: str = ""
    title: str = ""
    head: str = _HEAD
    has_all_codes: bool = False
    is_sample: bool = False


def fill_template(
    survey: Survey, basis: Basis, analyses: Mapping[str, Collection[str]]
) -> StudyTemplate:
    """Return a study file for the surveyed server.

    Args:
        survey: the findings.
        basis: the content that a survey cannot find.
        analyses: the names of the analyses that can run, each with its parameters.
    """
    shown = sys.maxsize if basis.has_all_codes else SHOWN
    index, scores = (
        propose_index(survey, shown, is_near=basis.is_sample),
        propose_scores(survey, shown),
    )
    is_listed = f"list:{LISTED}" in list_used(index)
    proposed = propose_visits(_days(survey, list_used(index)))
    template = files("abate.survey").joinpath("study_template.toml").read_text("utf-8")
    text = Template(template).substitute(
        head=basis.head,
        day=f" on {basis.day}" if basis.day else "",
        study=quote(f"{_study_name(index)}-{basis.suffix}"),
        title=quote(basis.title or _title(index, is_listed=is_listed)),
        noun="" if is_listed else _NOUN,
        timezone=_timezone(basis),
        url=quote(survey.url),
        source=_source(survey, basis),
        index=write_codes(index),
        repeat=f"{quote('censor' if is_listed else 'first-per-patient'):20}",
        beside="\n".join(_beside(survey)),
        scores=write_codes(scores),
        visits=_visits(proposed),
        analyses="\n".join(
            _analysis(use, analyses[use], proposed) for use in _ANALYSES if use in analyses
        ),
    )
    used = {"[index] codes": list_used(index), "[scores] codes": list_used(scores)}
    return StudyTemplate(
        text=text,
        index=used["[index] codes"],
        scores=used["[scores] codes"],
        to_fill=tuple(key for key, references in used.items() if not references),
    )


_NOUN = (
    'noun = { one = "procedure", many = "procedures" }  # the word for what is analysed: "knee"\n'
)


def _study_name(index: Sequence[ProposedCode]) -> str:
    """Return the name of the study: the first code list of the index procedures.

    It is published, so it must not name the server or a local code.
    """
    lists = [each.removeprefix("list:") for each in list_used(index) if each.startswith("list:")]
    return lists[0] if lists else "pain-study"


def _title(index: Sequence[ProposedCode], *, is_listed: bool) -> str:
    """Return a title with the name of the procedure; SNOMED CT's tag after the name is left out."""
    if is_listed:
        return f"Pain before and after {LISTED}"
    names = [code.name.removesuffix(" (procedure)") for code in index if code.is_used and code.name]
    return f"Pain before and after {names[0] if names else 'a procedure'}"


def _days(survey: Survey, used: Collection[str]) -> Mapping[int, int]:
    """Return the scored days around the index procedures; those of all lists if a list is used."""
    near = [code for code in survey.nearby if code.reference in used]
    if any(reference.startswith("list:") for reference in used):
        counted = survey.list_of(LISTED)
        listed = {f"{code.system}|{code.code}" for code in counted.codes} if counted else set()
        near += [code for code in survey.nearby if code.reference in listed]
    return sum((Counter(code.days) for code in near), Counter())


def _timezone(basis: Basis) -> str:
    if basis.timezone:
        return quote(basis.timezone)
    return '"UTC"  # the time zone of calendar days: write your own'


def _source(survey: Survey, basis: Basis) -> str:
    """Return the keys of [source] besides the URL, and the categories of pain scores."""
    text = ""
    if n := survey.times_without_offset:
        comment = f"{n} of the times have no offset: they are read as of this zone"
        text = f"timezone = {quote(basis.timezone or 'UTC')}              # {comment}\n"
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


def _visits(proposed: VisitProposal) -> str:
    """Return the lines of [visits]."""
    note = f"  # {CHECK}: from the days of the scores" if proposed.is_from_data else ""
    lines = [
        f'baseline = {{ from = -{proposed.baseline}, to = 0, same_day = "before" }}{note}',
        *(
            f"{name} = {day}"
            if (first, last) == (day, day)
            else f"{name} = {{ day = {day}, from = {first}, to = {last} }}"
            for name, day, first, last in proposed.visits
        ),
    ]
    return "\n".join(lines)


def _beside(survey: Survey) -> list[str]:
    """Return the optional tables of a study: used if a resource was found for them."""
    radiotherapy = [describe_sampled(code, BY_NAME) for code in advice.propose_radiotherapy(survey)]
    history = f"[history.radiotherapy]\n{write_codes(radiotherapy)}\n"
    return [
        _optional(survey, "[adjunct.ablation]", "bone-ablation", "within_hours = 24\n"),
        _optional(survey, "[condition.primary]", "primary-tumour", ""),
        history if radiotherapy else _comment_out(history),
        _comment_out(f"[event.complication]\n{write_codes([])}\n"),
    ]


def _optional(survey: Survey, head: str, name: str, more: str) -> str:
    counted = survey.list_of(name)
    if counted is not None and survey.count_of(name):
        return f'{head}\ncodes = ["list:{name}"]  # {name_codes(counted)}\n{more}'
    search = survey.search_of(counted.type) if counted else None
    comment = "none found"
    if search is not None and search.state == "finds-nothing":
        comment = f"no search by code finds a {search.type} here: a run searches by patient"
    return _comment_out(f'{head}\ncodes = ["list:{name}"]  # {comment}\n{more}')


def _comment_out(table: str) -> str:
    """Return a table as comments."""
    return "".join(f"# {line}\n" for line in table.splitlines())


def _analysis(use: str, parameters: Collection[str], proposed: VisitProposal) -> str:
    endpoint = f"{_endpoint(proposed)}\n" if "endpoint" in parameters else ""
    primary = "primary = true\n" if use == _PRIMARY else ""
    return f"[[analysis]]\nuse = {quote(use)}\n{endpoint}{primary}"


def _endpoint(proposed: VisitProposal) -> str:
    if len(proposed.endpoint) > 1:
        visits = json.dumps(list(proposed.endpoint))
        return f"endpoint = {{ last_of = {visits} }}  # the last score of the first week"
    return f"endpoint = {quote(*proposed.endpoint)}  # {CHECK}: the visit with most scores"
