"""A sample of a type: some pages, the newest first where the server sorts, and their codes."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import LoginRefused, SourceError
from abate.source.http import Answer
from abate.source.searchset import Page, matches
from abate.survey import categories, shapes
from abate.survey.ability import plain
from abate.survey.asking import Asker, Spent
from abate.survey.counting import SHAPED
from abate.survey.found import Sample, SeenCode, Written, ranked, tallied

PAGES = 5
PAGE_SIZE = 200
LONGEST = 200  # of a system or a code, in characters
NEWEST_FIRST = "-_lastUpdated"

Known = Mapping[tuple[str, str], tuple[str, str]]
"""The codes of the lists: system and code to the list's name and the code's."""


@dataclass(slots=True)
class _Seen:
    """What was seen of a type, each resource once."""

    kind: str
    ids: set[str] = field(default_factory=set)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    displays: dict[tuple[str, str], str] = field(default_factory=dict)
    shaped: int = 0
    values: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    without_code: int = 0
    pages: int = 0
    whole: bool = False
    newest_first: bool = False
    problem: str = ""

    def shape(self, resource: Mapping[str, Any], units: Collection[str]) -> None:
        """Count how a resource is written."""
        self.shaped += 1
        self.times[shapes.moment(resource)] += 1
        if self.kind == "Observation":
            self.values[shapes.value(resource, units)] += 1
            self.categories.update(categories.named(resource))

    def written(self) -> Written:
        """The shapes, by how many resources have them."""
        return Written(
            type=self.kind,
            n=self.shaped,
            values=tallied(self.values),
            times=tallied(self.times),
            categories=tallied(self.categories),
        )


def take(asker: Asker, kind: str, known: Known, units: Collection[str]) -> tuple[Sample, Written]:
    """The codes of some pages of a type, and how those are written whose codes are known."""
    seen = _Seen(kind)
    for resource in _resources(asker, {"_sort": NEWEST_FIRST}, PAGES, seen):
        codes = set(_codes(resource, seen))
        seen.codes.update(codes)
        seen.without_code += not codes
        if any(known.get(one, ("", ""))[0] in SHAPED for one in codes):
            seen.shape(resource, units)
    sample = Sample(
        type=kind,
        n=len(seen.ids),
        pages=seen.pages,
        whole=seen.whole,
        newest_first=seen.newest_first,
        without_code=seen.without_code,
        codes=tuple(_code(pair, n, seen, known) for pair, n in ranked(seen.codes)),
        problem=seen.problem,
    )
    return sample, seen.written()


def written(asker: Asker, kind: str, code: str, units: Collection[str]) -> Written:
    """How the resources that a search by code finds are written."""
    seen = _Seen(kind)
    for resource in _resources(asker, {"code": code, "_sort": NEWEST_FIRST}, 2, seen):
        seen.shape(resource, units)
        asker.name(resource.get("subject"))
    return seen.written()


def _resources(
    asker: Asker, parameters: Mapping[str, str], pages: int, seen: _Seen
) -> Iterator[Mapping[str, Any]]:
    """The resources of some pages, each once; what stops it is noted."""
    try:
        for page in _pages(asker, parameters, pages, seen):
            for head, raw in matches(page, seen.kind):
                if head.id not in seen.ids:
                    seen.ids.add(head.id)
                    yield msgspec.json.decode(raw)
    except (Spent, LoginRefused):
        raise
    except SourceError as error:
        seen.problem = str(error)
    except (msgspec.MsgspecError, RecursionError):
        seen.problem = "an entry is no resource that can be read"


def _pages(asker: Asker, parameters: Mapping[str, str], pages: int, seen: _Seen) -> Iterator[Page]:
    answer = _first(asker, parameters, seen)
    for number in range(1, pages + 1):
        page = asker.measured(_page(answer), PAGE_SIZE, number=number)
        seen.pages, seen.whole = number, page.next is None
        yield page
        if page.next is None or number == pages:
            return
        answer = asker.get(page.next)


def _first(asker: Asker, parameters: Mapping[str, str], seen: _Seen) -> Answer:
    """The first page; asked for without an order where the server refuses the order."""
    count = {"_count": str(PAGE_SIZE)}
    answer = asker.get(seen.kind, {**parameters, **count})
    seen.newest_first = answer.status == HTTPStatus.OK
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        kept = {name: text for name, text in parameters.items() if name != "_sort"}
        answer = asker.get(seen.kind, {**kept, **count})
    return answer


def _page(answer: Answer) -> Page:
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}")
    page: Page = answer.decode(Page)
    return page


def _codes(resource: Mapping[str, Any], seen: _Seen) -> Iterator[tuple[str, str]]:
    """The codings of a resource that have a code; the first display of each is kept."""
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        code = coding.get("code") if isinstance(coding, dict) else None
        if isinstance(code, str) and code:
            system = coding.get("system")
            pair = (system if isinstance(system, str) else "", code)
            display = plain(coding.get("display"))
            if display:
                seen.displays.setdefault(pair, display)
            yield pair


def _code(pair: tuple[str, str], n: int, seen: _Seen, known: Known) -> SeenCode:
    system, code = pair
    in_list, name = known.get(pair, ("", ""))
    display = name or seen.displays.get(pair, "")
    shown = plain(system, LONGEST), plain(code, LONGEST)
    return SeenCode(
        system=shown[0],
        code=shown[1],
        display=display,
        n=n,
        list=in_list,
        exact=shown == pair,
    )
