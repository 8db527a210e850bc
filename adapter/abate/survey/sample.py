"""A sample of a type: some pages, the newest first if the server sorts; its codes and shapes.

A shape is the form of a resource's value, time and categories, never their content.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec

from abate.errors import LoginRefused, SourceError
from abate.fhir.bundle import Head, matches
from abate.fhir.canonical import SYSTEM, forms_of
from abate.http.display import one_line
from abate.http.json_values import as_object, as_objects, as_text
from abate.http.response import Answer
from abate.source.query import token
from abate.source.query_forms import CATEGORIES
from abate.survey.budgeted_client import Spent
from abate.survey.context import Context
from abate.survey.model import Sample, SampledCode, Shapes, count_frequencies

PAGES = 5
PAGES_OF_SHAPES = 2
PAGE_SIZE = 200
LONGEST = 1000  # The longest system, code or category that is shown, in characters.
_NEWEST_FIRST = {"_sort": "-_lastUpdated"}

NO_CATEGORY = "no category"
UNSEARCHABLE = "a category that a search cannot name"
_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
_VALUES = (
    *("valueQuantity", "valueInteger", "valueCodeableConcept", "valueString", "valueBoolean"),
    *("valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
)
_TIMES = (
    *("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"),
    *("performedDateTime", "performedPeriod", "performedString", "performedAge", "performedRange"),
)

Coding: TypeAlias = tuple[str, str]
KnownCodes: TypeAlias = Mapping[Coding, tuple[str, str]]
"""The codes of the lists: from system and code to the list's name and the code's name."""


@dataclass(slots=True)
class _Pages:
    """Some pages of a search, each resource once, and whether they are complete."""

    kind: str
    parameters: Mapping[str, str]
    most: int
    ids: set[str] = field(default_factory=set)
    number: int = 0
    is_whole: bool = False
    is_newest_first: bool = False
    problem: str = ""

    def read(self, context: Context) -> Iterator[tuple[Head, Mapping[str, Any]]]:
        """Return the resources; note an error as the problem."""
        try:
            for head, raw in self._rows(context):
                if head.id not in self.ids:
                    self.ids.add(head.id)
                    yield head, msgspec.json.decode(raw)
        except (Spent, LoginRefused):
            raise
        except SourceError as error:
            self.problem = str(error)
        except (msgspec.MsgspecError, RecursionError):
            self.problem = "an entry is not a readable resource"

    def _rows(self, context: Context) -> Iterator[tuple[Head, bytes]]:
        answer = self._ask_first(context)
        while True:
            if answer.status != HTTPStatus.OK:
                raise SourceError(f"{answer.place} answered {answer.status}")
            page = context.client.read_page(answer, PAGE_SIZE)
            self.number, self.is_whole = self.number + 1, page.next is None
            yield from matches(page, self.kind)
            if page.next is None or self.number == self.most:
                return
            answer = context.client.get(page.next)

    def _ask_first(self, context: Context) -> Answer:
        """Return the first page; request it without an order if the server refuses the order."""
        asked = {**self.parameters, "_count": str(PAGE_SIZE)}
        answer = context.client.get(self.kind, {**asked, **_NEWEST_FIRST})
        self.is_newest_first = answer.status == HTTPStatus.OK
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            answer = context.client.get(self.kind, asked)
        return answer


def take(context: Context, kind: str, known: KnownCodes, shaped: Collection[str]) -> Sample:
    """Note the codes on some pages of a type, and the shapes of the `shaped` lists."""
    pages, codes, displays = _Pages(kind, {}, PAGES), Counter[Coding](), dict[Coding, str]()
    resources, without_code = [], 0
    for head, resource in pages.read(context):
        if is_own(resource):
            continue
        codings = set(head.codings)
        codes.update(codings)
        without_code += not codings
        add_displays(resource, displays)
        if any(known.get(coding, ("", ""))[0] in shaped for coding in codings):
            resources.append(resource)
    ranked = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    taken = context.samples[kind] = Sample(
        type=kind,
        n=len(pages.ids),
        pages=pages.number,
        whole=pages.is_whole,
        newest_first=pages.is_newest_first,
        without_code=without_code,
        codes=tuple(_code(pair, n, displays, known) for pair, n in ranked),
        problem=pages.problem,
    )
    context.shapes[kind] = _count_shapes(context, kind, resources)
    context.log.info(
        f"sampled {taken.n} of type {kind}; different codes: {len(taken.codes)}",
        name="sample.seen",
        type=kind,
        n=taken.n,
        codes=len(taken.codes),
    )
    return taken


def is_own(resource: Mapping[str, Any]) -> bool:
    """Whether abate wrote the resource: a statistic of a report is not data of a patient."""
    identifiers = as_objects(resource.get("identifier"))
    return any(identifier.get("system") in forms_of(SYSTEM) for identifier in identifiers)


def take_shapes(context: Context, kind: str, code: str) -> None:
    """Note the shapes of the resources that a search by code finds, instead of the sample's."""
    resources = []
    for head, resource in _Pages(kind, {"code": code}, PAGES_OF_SHAPES).read(context):
        resources.append(resource)
        context.add_patient(head.subject)
    if resources:
        context.shapes[kind] = _count_shapes(context, kind, resources)


def _count_shapes(context: Context, kind: str, resources: Sequence[Mapping[str, Any]]) -> Shapes:
    units = {unit.code for unit in context.lists.get("pain-units", ())}
    scores = resources if kind == "Observation" else []
    return Shapes(
        type=kind,
        n=len(resources),
        values=count_frequencies(shape_of_value(score, units) for score in scores),
        times=count_frequencies(map(shape_of_time, resources)),
        categories=count_frequencies(name for score in scores for name in name_categories(score)),
    )


def add_displays(resource: Mapping[str, Any], displays: dict[Coding, str]) -> None:
    """Keep the first display of each code of a resource."""
    for coding in as_objects(as_object(resource.get("code")).get("coding")):
        if display := one_line(coding.get("display")):
            pair = as_text(coding.get("system")), str(coding.get("code"))
            displays.setdefault(pair, display)


def _code(pair: Coding, n: int, displays: Mapping[Coding, str], known: KnownCodes) -> SampledCode:
    in_list, name = known.get(pair, ("", ""))
    system, code = (one_line(part, LONGEST) for part in pair)
    return SampledCode(
        system=system,
        code=code,
        display=name or displays.get(pair, ""),
        n=n,
        list=in_list,
        exact=(system, code) == pair,
    )


def shape_of_value(observation: Mapping[str, Any], units: Collection[str]) -> str:
    """Return the shape of an Observation's value.

    Args:
        observation: the resource.
        units: units that are always shown. Any other unit is shown only if it has no digit, since
            some servers put the value there.
    """
    name = next((name for name in _VALUES if name in observation), None)
    if name is None:
        if "component" in observation:
            return "component"
        return "no value: dataAbsentReason" if "dataAbsentReason" in observation else "no value"
    shape = _shape_of_quantity(observation[name], units) if name == "valueQuantity" else name
    ranges = observation.get("referenceRange")
    has_high = isinstance(ranges, list) and any("high" in each for each in ranges)
    is_number = name in ("valueQuantity", "valueInteger")
    return f"{shape}, with a reference range" if has_high and is_number else shape


def shape_of_time(resource: Mapping[str, Any]) -> str:
    """Return the shape of the time of a resource."""
    name = next((name for name in _TIMES if name in resource), None)
    if name is None:
        return "no time"
    time = resource[name]
    if name.endswith("Period"):
        time = as_object(time).get("start")
        if not time:
            return f"{name} without a start"
    return f"{name}, {_precision(time)}"


def name_categories(observation: Mapping[str, Any]) -> set[str]:
    """Return the categories of an Observation as a study file names them, or why it has none."""
    names = {_name_category(*coding) for coding in _category_codings(observation)}
    return {name or UNSEARCHABLE for name in names} or {NO_CATEGORY}


def _category_codings(observation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return system and code of the categories; an empty code if there is only text."""
    concepts = observation.get("category")
    for concept in concepts if isinstance(concepts, list) else []:
        codings = as_object(concept).get("coding")
        for coding in codings if isinstance(codings, list) and codings else [None]:
            parts = as_object(coding)
            yield as_text(parts.get("system")), as_text(parts.get("code"))


def _name_category(system: str, code: str) -> str:
    """Return a category as a study file names it; empty if that is impossible."""
    name = token("" if system == _CATEGORY_SYSTEM and code in CATEGORIES else system, code)
    is_nameable = re.fullmatch(r"[^\s,$]+", name) and one_line(name, LONGEST) == name
    return name if code and is_nameable else ""


def _shape_of_quantity(quantity: Any, units: Collection[str]) -> str:
    if not isinstance(quantity, dict):
        return "valueQuantity of another shape"
    if "value" not in quantity:
        return "valueQuantity without a value"
    unit = one_line(quantity.get("code") or quantity.get("unit"), 20)
    if not unit:
        return "valueQuantity without a unit"
    if unit not in units and re.search(r"\d", unit):
        unit = "another unit, with digits"
    return f"valueQuantity in {unit}"


def _precision(time: Any) -> str:
    if not isinstance(time, str):
        return "of another shape"
    if "T" not in time:
        return "a date without a time"
    return "with an offset" if re.search(r"(Z|[+-]\d\d:\d\d)$", time) else "without an offset"
