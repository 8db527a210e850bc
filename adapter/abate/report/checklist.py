"""The checklists of reporting: what abate says, what a person said, what is missing.

The lists are TOML files beside this module, with a legend at the head of `strobe.toml`.
"""

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec

from abate.results import Results

FILLED, STATED, PARTLY, MISSING = "by abate", "by a person", "in part", "missing"
STATES = (FILLED, STATED, PARTLY, MISSING)
# In the order of the page: the one for routine data first.
LISTS = ("record", "strobe", "process", "consort-pro")
# Places that only some results have.
_ANY = "*"


class Item(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a report must say. `both`: abate and a person each say a part of it."""

    id: str
    topic: str
    number: str = ""
    abate: str = ""
    analysis: tuple[str, ...] = ()
    statement: str = ""
    both: bool = False


class Checklist(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A published checklist in our own words."""

    title: str
    source: str
    item: tuple[Item, ...]


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its state: where abate says it, what a person says, which key is wanted."""

    item: Item
    state: str
    places: tuple[tuple[str, str], ...] = ()
    statement: str = ""
    wanted: str = ""


class FilledList(msgspec.Struct, frozen=True, kw_only=True):
    """A checklist filled in."""

    title: str
    source: str
    items: tuple[Filled, ...]


def load() -> list[Checklist]:
    """The checklists that come with abate."""
    folder = files(__package__) / "checklists"
    texts = [(folder / f"{name}.toml").read_text("utf-8") for name in LISTS]
    return [msgspec.convert(tomllib.loads(text), Checklist) for text in texts]


def filled(results: Results) -> list[FilledList]:
    """The checklists, filled from the results and from the study file's `[statements]`."""
    return [
        FilledList(
            title=one.title,
            source=one.source,
            items=tuple(_filled(item, results) for item in one.item),
        )
        for one in load()
    ]


def counts(lists: Sequence[FilledList]) -> dict[str, int]:
    """How many items are in each state."""
    states = [item.state for one in lists for item in one.items]
    return {state: states.count(state) for state in STATES}


def statements(lists: Sequence[Checklist]) -> list[str]:
    """The keys of `[statements]` that an item asks for, sorted."""
    return sorted({item.statement for one in lists for item in one.item if item.statement})


def _filled(item: Item, results: Results) -> Filled:
    places = tuple(_places(item, results))
    said = results.statements.get(item.statement, "")
    state = _state(item, is_shown=bool(places), is_said=bool(said))
    wanted = item.statement if state in (PARTLY, MISSING) and not said else ""
    return Filled(item=item, state=state, places=places, statement=said, wanted=wanted)


def _state(item: Item, *, is_shown: bool, is_said: bool) -> str:
    if item.both and is_shown != is_said:
        return PARTLY
    if is_shown:
        return FILLED
    return STATED if is_said else MISSING


def _places(item: Item, results: Results) -> Iterator[tuple[str, str]]:
    """The parts of the page that say it: a link's target and its words."""
    if not item.abate or not _has(item.abate, results):
        return
    if not item.analysis:
        yield item.abate, item.abate
        return
    for outcome in results.outcomes:
        is_named = _ANY in item.analysis or outcome.use in item.analysis
        if is_named and outcome.result and outcome.result.estimates:
            if item.abate == "results":
                yield f"analysis-{outcome.name}", outcome.name
            else:
                yield item.abate, item.abate
                return


def _has(place: str, results: Results) -> bool:
    return {"attrition": bool(results.attrition), "methods": bool(results.design)}.get(place, True)
