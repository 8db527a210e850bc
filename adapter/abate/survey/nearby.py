"""Procedures by the pain scores that lie around them: proposals for the index of a study."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import SourceError
from abate.fhir.bundle import Head, matches
from abate.fhir.references import local_id
from abate.http.json_values import as_object, as_text
from abate.http.response import Answer
from abate.source.query import Query, in_pieces, token
from abate.source.query_forms import USUAL, other_forms
from abate.survey.advice import name_scores
from abate.survey.context import Context, Probe
from abate.survey.model import NearProcedure
from abate.survey.sample import add_displays, is_own

# How many patients one search names, and how many pages of a search are read: of scores more,
# since a server may send fewer on a page.
AT_ONCE = 20
MOST_PAGES = 20
# How many are read where a search may name one only.
SINGLE = 20
# How many codes are taken for pain scores by their names.
NAMED = 3
PAGES = 5
PAGE_SIZE = 200
# The days around a procedure within which a score counts as near.
BEFORE, AFTER = 90, 425
_TIMES = ("effectiveDateTime", "effectiveInstant", "performedDateTime")
_PERIODS = ("effectivePeriod", "performedPeriod")

Coding = tuple[str, str]


@dataclass(slots=True)
class Nearby:
    """The days of procedures and of pain scores, by patient; it names patients and stays private.

    Attributes:
        at_once: how many patients a search on this server can name.
        scores: the days with a pain score, by the patient's id.
        procedures: by code and patient the days with the procedure.
        displays: the names of the codes.
    """

    at_once: int = AT_ONCE
    scores: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    procedures: dict[Coding, dict[str, set[date]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    displays: dict[Coding, str] = field(default_factory=dict)

    def rank(self) -> list[NearProcedure]:
        """Return the procedures, those with most scores before and after first."""
        counted = [self._count(coding) for coding in self.procedures]
        return sorted(
            (procedure for procedure in counted if procedure.after or procedure.before),
            key=lambda procedure: (
                -procedure.both, -procedure.after, -procedure.before, procedure.reference,
            ),
        )  # fmt: skip

    def patients_with(self, reference: str) -> list[str]:
        """Return the ids of the patients with a procedure, those with most scores first."""
        system, _, code = reference.rpartition("|")
        patients = self.procedures.get((system, code), {})
        return sorted(patients, key=lambda patient: (-len(self.scores[patient]), patient))

    def _count(self, coding: Coding) -> NearProcedure:
        by_patient, days, counts = self.procedures[coding], Counter[int](), Counter[str]()
        for patient, dates in by_patient.items():
            near = [
                offset
                for day in dates
                for score in self.scores.get(patient, ())
                if -BEFORE <= (offset := (score - day).days) <= AFTER
            ]
            days.update(near)
            is_before, is_after = any(day <= 0 for day in near), any(day > 0 for day in near)
            counts.update(
                before=int(is_before), after=int(is_after), both=int(is_before and is_after)
            )
        return NearProcedure(
            system=coding[0],
            code=coding[1],
            display=self.displays.get(coding, ""),
            patients=len(by_patient),
            n=sum(map(len, by_patient.values())),
            before=counts["before"],
            after=counts["after"],
            both=counts["both"],
            days=dict(sorted(days.items())),
        )


def _look(context: Context, nearby: Nearby) -> None:
    """Read the scores and the procedures of those patients who have most scores.

    Raises:
        SourceError: the limit is reached, or the server does not answer.
    """
    tokens, patients = _score_tokens(context), context.patients_near
    if not tokens:
        return
    query = Query(name="pain scores", type="Observation", tokens=tokens)
    _add_scores(context, nearby, query, most=2 * patients)
    ranked = sorted(nearby.scores, key=lambda patient: (-len(nearby.scores[patient]), patient))
    size = nearby.at_once = _at_once(context, query, ranked)
    for piece in in_pieces(ranked[: patients if size > 1 else SINGLE], size):
        _add_scores(context, nearby, query.of(patients=piece))
        of_patients = Query(name="procedures", type="Procedure", patients=piece)
        for head, resource in _rows(context, of_patients):
            _add_procedure(context, nearby, head, resource)


def _score_tokens(context: Context) -> tuple[str, ...]:
    """Return the codes of pain scores on the server: those of the list, else those so named."""
    codes = [
        (code.system, code.code)
        for counted in context.counts
        if counted.list == "pain-intensity"
        for code in counted.codes
    ]
    sample = context.samples.get("Observation")
    if not codes and sample is not None:
        codes = [(code.system, code.code) for code in name_scores(sample)[:NAMED]]
    search = context.searches.get("Observation")
    is_bare = search is not None and search.state == "bare-only"
    return tuple(dict.fromkeys(token("" if is_bare else system, code) for system, code in codes))


def _at_once(context: Context, query: Query, patients: Sequence[str]) -> int:
    """Return how many patients one search names: one, if the server refuses several."""
    if len(patients) < 2:
        return 1
    _, answer = _ask_first(context, query.of(patients=tuple(patients[:2])))
    return AT_ONCE if answer.status == HTTPStatus.OK else 1


def _add_scores(context: Context, nearby: Nearby, query: Query, most: int = 0) -> None:
    """Add the days with a score; with `most`, read on until so many patients have one."""
    for head, resource in _rows(context, query, MOST_PAGES if most else PAGES):
        patient, day = _patient(context, head), _day(resource)
        if patient and day and not is_own(resource):
            nearby.scores[patient].add(day)
        if most and len(nearby.scores) >= most:
            return


def _add_procedure(
    context: Context, nearby: Nearby, head: Head, resource: Mapping[str, Any]
) -> None:
    patient, day = _patient(context, head), _day(resource)
    if not (patient and day) or resource.get("status") not in (None, "completed"):
        return
    add_displays(resource, nearby.displays)
    for system, code in set(head.codings):
        if system:
            nearby.procedures[system, code][patient].add(day)


def _rows(
    context: Context, query: Query, pages: int = PAGES
) -> Iterator[tuple[Head, Mapping[str, Any]]]:
    """Yield the matching resources of some pages, in the first form that the server accepts."""
    asked, answer = _ask_first(context, query)
    for _ in range(pages):
        if answer.status != HTTPStatus.OK:
            return
        page = context.client.read_page(answer, PAGE_SIZE, is_of_patient=asked.is_private)
        for head, raw in matches(page, query.type):
            if asked.is_wanted(head):
                yield head, msgspec.json.decode(raw)
        if page.next is None:
            return
        answer = context.client.get(page.next)


def _ask_first(context: Context, query: Query) -> tuple[Query, Answer]:
    """Return the first page, and the form of the query that the server accepts."""
    known = context.forms.get(query.type, USUAL)
    for form in (known, *other_forms(query)):
        asked = form.of(query)
        if asked.is_private:
            answer = context.client.search_by_post(asked.type, asked.pairs, PAGE_SIZE)
        else:
            parameters = {**dict(asked.pairs), "_count": str(PAGE_SIZE)}
            answer = context.client.get(asked.type, parameters)
        if answer.status == HTTPStatus.OK:
            break
    return asked, answer


def _patient(context: Context, head: Head) -> str | None:
    return local_id(head.subject_reference, "Patient", context.client.server.base)


def _day(resource: Mapping[str, Any]) -> date | None:
    """Return the day of a resource; None if it is not known to the day."""
    texts = [as_text(resource.get(name)) for name in _TIMES]
    texts += [as_text(as_object(resource.get(name)).get("start")) for name in _PERIODS]
    for text in filter(None, texts):
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            return None
    return None


def _ask(context: Context) -> None:
    """Rank the procedures by the scores near them; without a result if the server refuses it."""
    context.nearby = Nearby()  # What is found until an error counts.
    try:
        _look(context, context.nearby)
    except SourceError as error:
        context.log.info(f"the procedures cannot be ranked by the pain scores near them: {error}")


NEARBY = Probe(group="read", ask=_ask, passes=(SourceError,))
