"""The categories of pain scores, and whether the server needs one in a search.

Epic and Oracle Health refuse searches of Observations without a category (both vendors'
documentation, 2026). Only the scores themselves show which category a site gives them.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from http import HTTPStatus

import msgspec

from abate.errors import SourceError
from abate.fhir.bundle import Head, Page, matches
from abate.fhir.references import local_id
from abate.source.query import Query, token
from abate.source.query_forms import CATEGORIES, USUAL
from abate.survey.budgeted_client import Spent
from abate.survey.code_counts import known_scores
from abate.survey.context import Context, Probe, Verdict
from abate.survey.model import Category, Shapes, count_frequencies
from abate.survey.probes.by_patient import search
from abate.survey.sample import NO_CATEGORY, UNSEARCHABLE, name_categories

WHAT = "scores without a category"
TYPE = "Observation"
KEY = "[source.query.observation] category"
_IF_WANTED = (
    "If the server needs a category, a run uses those of FHIR's own code system, and does not "
    "find a score that has only a local category"
)

_Rows = Sequence[tuple[Head, bytes]]


def advise_category(category: Category) -> str:
    """Return what to do if the server needs a category."""
    if not category.write:
        return (
            "A run uses FHIR's own categories, and does not find a score that has only a "
            "local category: ask the server's operator for it, and write it: "
            f"{KEY} = [...]"
        )
    return (
        f"Write {setting(category)}: scores in other categories are not found. This check "
        "does not see scores with only a local category: ask the server's operator, and add it"
    )


def setting(category: Category) -> str:
    """Return the line of a study file."""
    return f"{KEY} = {json.dumps(category.write)}"


def _ask(context: Context) -> Verdict:
    category = context.category = _find_category(context)
    seen = ", ".join(f"{tally.what} ({tally.n})" for tally in category.seen)
    if category.is_wanted is None:
        return "not tried", f"no search of Observations was accepted. {_IF_WANTED}"
    if not category.is_wanted:
        return "yes", "a pull needs no category" + (f"; seen: {seen}" if category.n else "")
    came = (
        f"{category.n} pain scores were found: {seen}"
        if category.n
        else "no pain scores were found"
    )
    return "NO", (
        f"refused. With the categories of FHIR's own code system, {came}. "
        f"{advise_category(category)}"
    )


def _find_category(context: Context) -> Category:
    """Note the categories of pain scores that the searches by patient found.

    If the server needs a category, the found ones are tried: they must find the same scores.
    """
    if not context.forms.get(TYPE, USUAL).categories:
        sampled = context.shapes.get(TYPE, Shapes(type=TYPE, n=0))
        is_taken = TYPE in context.of_patients or sampled.n > 0
        return Category(is_wanted=False if is_taken else None, n=sampled.n, seen=sampled.categories)
    codes = known_scores(context)
    scores = [
        row
        for row in context.of_patients.get(TYPE, ())
        if not set(codes).isdisjoint(row[0].codings)
    ]
    seen = [name for _, raw in scores for name in _name_categories(raw)]
    named = sorted(set(seen) - {NO_CATEGORY, UNSEARCHABLE})
    tries = dict.fromkeys([tuple(named), tuple(name for name in named if name in CATEGORIES)])
    write = next(
        (
            categories
            for categories in tries
            if categories and _brings(context, codes, scores, categories)
        ),
        (),
    )
    return Category(is_wanted=True, n=len(scores), seen=count_frequencies(seen), write=write)


def _name_categories(raw: bytes) -> set[str]:
    try:
        return name_categories(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, RecursionError):
        return {UNSEARCHABLE}


def _brings(
    context: Context,
    codes: Collection[tuple[str, str]],
    scores: _Rows,
    categories: tuple[str, ...],
) -> bool:
    """Whether a search with these categories finds the scores of the first patient again."""
    first = scores[0][0].subject_reference
    patient = local_id(first, "Patient", context.client.server.base)
    if patient is None:
        return False
    tokens = tuple(token(*code) for code in codes)
    form = replace(context.forms[TYPE], categories=categories)
    query = form.of(Query(name=WHAT, type=TYPE, tokens=tokens, patients=(patient,)))
    wanted = {head.id for head, _ in scores if head.subject_reference == first}
    try:
        answer = search(context, query)
        page: Page | None = answer.decode(Page) if answer.status == HTTPStatus.OK else None
        return page is not None and wanted <= {head.id for head, _ in matches(page, TYPE)}
    except Spent:
        raise
    except SourceError:
        return False


CATEGORIES_OF_SCORES = Probe(what=WHAT, group="pull", ask=_ask)
