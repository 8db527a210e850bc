"""A first study file, made of what a survey found: a person reads it, and changes it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from abate.survey import candidates
from abate.survey.advice import found, searchable, without_offset
from abate.survey.found import Category, ListCount, SeenCode, Survey

FILL = "FILL IN"

_HEAD = """\
# A first study file, written by abate init from what it found at the server. Read it through:
# what stands here is a proposal. `abate run` pulls and computes, and nothing leaves the machine.
# The numbers behind codes are counts at the server{day}. Where small counts may not
# be seen, do not pass this file on with them.

[study]
id = {study}{study_comment}
title = "Pain before and after cementoplasty"
timezone = {timezone}{timezone_comment}
# synthetic = true                 # only where no patient is real: for a public test server

[source]
url = {url}
"""
_CATEGORY = """
[source.query.observation]         # refused without a category: what has none of these is not found
category = {categories}{comment}
"""
_SOURCE_TIMEZONE = """\
timezone = {timezone}              # {n} of the times have no offset: they are read as of this zone
"""
_INDEX_HEAD = """\
[index]                            # which procedures start a lesion's clock
"""
_INDEX_REST = """\
unit = "procedure"
repeat = "censor"                  # a later one at the same site: censor, new, ignore
"""
_SCORES_REST = """\
per_visit = "nearest"              # nearest, worst, first, last, median
minimum_after = 1                  # lesions with fewer scores after the procedure are excluded
"""
_VISITS = """\
[visits]                           # in days from the procedure; a month is 4 weeks
baseline = { from = -7, to = 0, same_day = "before" }
D1 = 1
D2 = 2
Wk1 = { day = 7, from = 5, to = 10 }
Wk2 = { day = 14, from = 11, to = 17 }
Wk3 = { day = 21, from = 18, to = 24 }
M1 = { day = 28, from = 25, to = 41 }
M2 = { day = 56, from = 42, to = 69 }
M3 = { day = 84, from = 70, to = 97 }
M4 = { day = 112, from = 98, to = 125 }
M5 = { day = 140, from = 126, to = 153 }
M6 = { day = 168, from = 154, to = 181 }
M7 = { day = 196, from = 182, to = 209 }
M8 = { day = 224, from = 210, to = 237 }
M9 = { day = 252, from = 238, to = 265 }
"""
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
_REPORT = """\
[report]
minimum_cell = 5                   # counts from 1 to 4 are hidden in what is published
members = false                    # patients are not listed in what is published
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text of a study file, the codes in it, and the keys that a person has to fill in."""

    text: str
    index: tuple[str, ...]
    scores: tuple[str, ...]
    to_fill: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a draft states that no survey finds.

    Attributes:
        suffix: what makes the study's id unique: small letters and digits.
        timezone: whose calendar days count, or nothing for UTC.
        day: when the survey was made, for the comment.
        entry: how the server was entered, as TOML below [source].
    """

    suffix: str
    timezone: str = ""
    day: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One code reference of a list: active, or a proposal behind a `#`."""

    reference: str
    comment: str
    active: bool = True


def draft(survey: Survey, basis: Basis, analyses: Mapping[str, Collection[str]]) -> Draft:
    """A study file by what is at the server.

    Args:
        survey: what was found.
        basis: what the draft states besides.
        analyses: the names of those that can run, each with its parameters.
    """
    index, scores = _index(survey), _scores(survey)
    parts = [
        _head(survey, _study_id(index, basis.suffix), basis)
        + basis.entry
        + _category(survey.category),
        f"{_INDEX_HEAD}{_codes(index)}{_INDEX_REST}",
        *_beside(survey),
        f"[scores]\n{_codes(scores)}{_SCORES_REST}",
        _VISITS,
        *_analyses(analyses),
        _REPORT,
    ]
    filled = {"[index] codes": _active(index), "[scores] codes": _active(scores)}
    return Draft(
        text="\n".join(parts),
        index=_active(index),
        scores=_active(scores),
        to_fill=tuple(key for key, references in filled.items() if not references),
    )


def _study_id(index: Sequence[_Line], suffix: str) -> str:
    """An id that no other study has: the first code list of the index procedures, and chance.

    It is published, so that it names neither the server nor a code of the server's own.
    """
    lists = [one.removeprefix("list:") for one in _active(index) if one.startswith("list:")]
    return f"{next(iter(lists), 'pain-study')}-{suffix}"


def _head(survey: Survey, study: str, basis: Basis) -> str:
    day, timezone = basis.day, basis.timezone
    head = _HEAD.format(
        day=f" on {day}" if day else "",
        study=_quoted(study),
        study_comment=_aside("part of all that is published: never change it afterwards"),
        timezone=_quoted(timezone or "UTC"),
        timezone_comment=_aside("" if timezone else "whose calendar days count: write your own"),
        url=_quoted(survey.url),
    )
    if n := without_offset(survey):
        head += _SOURCE_TIMEZONE.format(timezone=_quoted(timezone or "UTC"), n=n)
    return head


def _category(category: Category) -> str:
    """The categories of pain scores, where the server refuses Observations without one."""
    if not category.is_wanted:
        return ""
    comment = _aside(f"of {category.n} pain scores that were seen" if category.write else FILL)
    table = _CATEGORY.format(categories=json.dumps(category.write), comment=comment)
    return table if category.write else f"\n{_behind(table.strip())}"


def _index(survey: Survey) -> list[_Line]:
    """Codes of the list, local codes whose name says so, and the frequent ones as proposals."""
    local = candidates.local_index(survey)
    taken = [*local, *candidates.radiotherapy(survey)]
    return [
        *_of_list(survey, "cementoplasty", "Procedure"),
        *(_seen(one, "by its name: check") for one in local),
        *(_seen(one, active=False) for one in candidates.other(survey, "Procedure", taken)),
    ]


def _scores(survey: Survey) -> list[_Line]:
    """Codes of the list; what only speaks of pain is a proposal, for pain has many sides."""
    named = candidates.local_scores(survey)
    listed = _of_list(survey, "pain-intensity", "Observation")
    other = candidates.other(survey, "Observation", named)
    if not listed and (n := survey.scores_by_category):
        listed = [_Line(reference="list:pain-intensity", comment=f"{n} of a few patients")]
    return [
        *listed,
        *(_seen(one, "by its name: check", active=False) for one in named),
        *(_seen(one, active=False) for one in ([] if listed or named else other)),
    ]


def _of_list(survey: Survey, name: str, kind: str) -> list[_Line]:
    counted = survey.list_of(name)
    if counted is not None and found(survey, name) and searchable(survey, kind):
        return [_Line(reference=f"list:{name}", comment=_named(counted))]
    seen = [one for one in survey.sample_of(kind).codes if one.list == name]
    if not seen:
        return []
    known = ", ".join(f"{one.display} {one.n}" for one in seen)
    # Seen, and no search finds them: the run will say so; the list is right all the same.
    return [_Line(reference=f"list:{name}", comment=f"in the sample: {known}")]


def _named(counted: ListCount) -> str:
    n = "some" if counted.n is None else str(counted.n)
    codes = (
        f"{one.name} ({one.code}) {'some' if one.n is None else one.n}" for one in counted.codes
    )
    return f"{n} there: {', '.join(codes)}"


def _seen(one: SeenCode, note: str = "", *, active: bool = True) -> _Line:
    words = [one.display, f"{one.n} in the sample", note]
    comment = ", ".join(filter(None, words))
    return _Line(reference=one.reference, comment=comment, active=active)


def _codes(lines: Sequence[_Line]) -> str:
    """`codes = [...]`, a line a code."""
    rows = [
        f"  {'' if line.active else '# '}{_quoted(line.reference)},  # {line.comment}"
        for line in lines
    ]
    if not _active(lines):
        rows.insert(0, f'  # {FILL}: "system|code" of the server, or "list:NAME"')
    return "\n".join(["codes = [", *rows, "]\n"])


def _beside(survey: Survey) -> list[str]:
    """The tables that a study may have besides: written where something was found."""
    radiotherapy = [_seen(one, "by its name: check") for one in candidates.radiotherapy(survey)]
    return [
        _optional(survey, "[adjunct.ablation]", "bone-ablation", "within_hours = 24\n"),
        _optional(survey, "[condition.primary]", "primary-tumour", ""),
        _table("[history.radiotherapy]", radiotherapy)
        if radiotherapy
        else _behind(f"[history.radiotherapy]\n{_codes([])}"),
        _behind(f"[event.complication]\n{_codes([])}"),
    ]


def _optional(survey: Survey, head: str, name: str, more: str) -> str:
    counted = survey.list_of(name)
    there = counted is not None and bool(found(survey, name))
    comment = _named(counted) if counted and there else _none_found(survey, counted)
    table = f'{head}\ncodes = ["list:{name}"]  # {comment}\n{more}'
    return table if there else _behind(table)


def _none_found(survey: Survey, counted: ListCount | None) -> str:
    search = survey.search_of(counted.type) if counted else None
    if search is None or search.state != "finds-nothing":
        return "none found"
    return f"no search by code finds a {search.type} here: a run asks by patient"


def _table(head: str, lines: Sequence[_Line]) -> str:
    return f"{head}\n{_codes(lines)}"


def _behind(table: str) -> str:
    """A table that is there to be read, not to be run."""
    return "".join(f"# {line}\n" for line in table.splitlines())


def _analyses(offered: Mapping[str, Collection[str]]) -> list[str]:
    return [_analysis(use, offered[use]) for use in _ANALYSES if use in offered]


def _analysis(use: str, parameters: Collection[str]) -> str:
    endpoint = _ENDPOINT if "endpoint" in parameters else ""
    primary = "primary = true\n" if use == _PRIMARY else ""
    return f"[[analysis]]\nuse = {_quoted(use)}\n{endpoint}{primary}"


def _active(lines: Sequence[_Line]) -> tuple[str, ...]:
    return tuple(line.reference for line in lines if line.active)


def _aside(comment: str) -> str:
    return f"  # {comment}" if comment else ""


def _quoted(text: str) -> str:
    """A TOML basic string: what JSON escapes, TOML escapes in the same way."""
    return json.dumps(text, ensure_ascii=False)
