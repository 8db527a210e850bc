"""In which categories pain scores are, and whether the server wants one to be named.

Epic and Oracle Health refuse Observations without a category (both vendors' documentation, 2026).
Which one a site files pain scores under is known only from the scores themselves.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import SourceError
from abate.references import local_id
from abate.source.forms import CATEGORIES, USUAL
from abate.source.query import Query, token
from abate.source.searchset import Head, Page, matches
from abate.survey.ability import plain
from abate.survey.asking import Asker, Spent
from abate.survey.found import Category, Probe, Written, tallied
from abate.survey.one_patient import search

WHAT = "scores without a category"
TYPE = "Observation"
KEY = "[source.query.observation] category"
SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
NONE = "no category"
UNSEARCHABLE = "a category that no search can name"
_LONGEST = 200  # in characters
_IF_WANTED = (
    "If the server wants a category, a run asks for those of FHIR's own code system, and does not "
    "find a score that has only a category of the site's own"
)

Codes = Collection[tuple[str, str]]
Row = tuple[Head, bytes]


def named(resource: Mapping[str, Any]) -> set[str]:
    """The categories of an Observation as a study file names them; or a word for their lack."""
    codings = list(_codings(resource))
    found = {_name(*one) for one in codings} or {NONE}
    return {one or UNSEARCHABLE for one in found}


def look(asker: Asker, codes: Codes, written: Iterable[Written]) -> Category:
    """What is known of the categories of pain scores after the searches by patient.

    Where the server wants a category, what was found is tried: it must bring the same scores.

    Args:
        asker: asks, and knows what the searches by patient brought.
        codes: system and code of the pain scores that abate knows.
        written: how the scores of the samples are written.
    """
    if not asker.forms.get(TYPE, USUAL).categories:
        sampled = next(
            (one for one in written if one.type == TYPE and one.n), Written(type=TYPE, n=0)
        )
        is_taken = TYPE in asker.of_patients or sampled.n > 0
        is_wanted = False if is_taken else None
        return Category(is_wanted=is_wanted, n=sampled.n, seen=sampled.categories)
    scores = [row for row in asker.of_patients.get(TYPE, ()) if _is_score(row[0], codes)]
    seen = Counter(name for _, raw in scores for name in _named(raw))
    return Category(
        is_wanted=True, n=len(scores), seen=tallied(seen), write=_tried(asker, codes, scores, seen)
    )


def _named(raw: bytes) -> set[str]:
    try:
        return named(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, RecursionError):
        return {UNSEARCHABLE}


def row(category: Category) -> Probe:
    """The row of the table."""
    if category.is_wanted is None:
        then = f"no search of Observations was taken. {_IF_WANTED}"
        return Probe(what=WHAT, found="not tried", then=then)
    if not category.is_wanted:
        seen = f"; seen: {_seen(category)}" if category.n else ""
        return Probe(what=WHAT, found="yes", then=f"a pull names no category{seen}")
    return Probe(what=WHAT, found="NO", then=f"{_asked(category)}. {advice(category)}")


def advice(category: Category) -> str:
    """What to do where the server wants a category."""
    if not category.write:
        return (
            "A run asks for FHIR's own categories, and does not find a score that has only a "
            "category of the site's own: ask the server's operator for it, and write it: "
            f"{KEY} = [...]"
        )
    return (
        f"Write {line(category)}: what has none of these is not found. A score that has only a "
        "category of the site's own was not seen: ask the server's operator, and add it"
    )


def line(category: Category) -> str:
    """The setting, as it is pasted into a study file."""
    return f"{KEY} = {json.dumps(category.write)}"


def _asked(category: Category) -> str:
    seen = f": {_seen(category)}" if category.n else ""
    return (
        "refused. With the categories of FHIR's own code system, "
        f"{category.n or 'no'} pain scores came{seen}"
    )


def _seen(category: Category) -> str:
    return ", ".join(f"{one.what} ({one.n})" for one in category.seen)


def _codings(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """System and code of the categories; an empty code where there is only text."""
    concepts = resource.get("category")
    for concept in concepts if isinstance(concepts, list) else []:
        codings = concept.get("coding") if isinstance(concept, dict) else None
        for coding in codings if isinstance(codings, list) and codings else [None]:
            found = coding if isinstance(coding, dict) else {}
            system, code = found.get("system"), found.get("code")
            yield system if isinstance(system, str) else "", code if isinstance(code, str) else ""


def _name(system: str, code: str) -> str:
    """A category as a study file names it; empty if it cannot be named there."""
    name = token("" if system == SYSTEM and code in CATEGORIES else system, code)
    is_nameable = code and re.fullmatch(r"[^\s,$]+", name) and plain(name, _LONGEST) == name
    return name if is_nameable else ""


def _is_score(head: Head, codes: Codes) -> bool:
    return not set(head.codings).isdisjoint(codes)


def _tried(
    asker: Asker, codes: Codes, scores: Sequence[Row], seen: Counter[str]
) -> tuple[str, ...]:
    """The categories that were seen, or FHIR's own among them, if they bring what was seen."""
    found = sorted(name for name in seen if name not in (NONE, UNSEARCHABLE))
    own = [name for name in found if name in CATEGORIES]
    for some in dict.fromkeys((tuple(found), tuple(own))):
        if some and _brings(asker, codes, scores, some):
            return some
    return ()


def _brings(asker: Asker, codes: Codes, scores: Sequence[Row], categories: tuple[str, ...]) -> bool:
    """Whether a search with these categories brings the scores of the first patient again."""
    first = scores[0][0].subject_reference
    patient = local_id(first, "Patient", asker.server.base)
    if patient is None:
        return False
    tokens = tuple(token(*code) for code in codes)
    form = replace(asker.forms[TYPE], categories=categories)
    query = form.of(Query(name=WHAT, type=TYPE, tokens=tokens, patients=(patient,)))
    wanted = {head.id for head, _ in scores if head.subject_reference == first}
    try:
        answer = search(asker, query)
        page = answer.decode(Page) if answer.status == HTTPStatus.OK else None
        return page is not None and wanted <= {head.id for head, _ in matches(page, TYPE)}
    except Spent:
        raise
    except SourceError:
        return False
