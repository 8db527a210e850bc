"""The reporting checklists: items from abate, items from a person, and missing items.

The lists are in `checklists.toml`, which begins with a legend.
"""

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec

from abate import PageSection, Results

FILLED, STATED, PARTLY, MISSING = "by abate", "by a person", "in part", "missing"
STATES = (FILLED, STATED, PARTLY, MISSING)
# In an item's `analysis`: any analysis with a result.
_ANY = "*"


class Item(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An item that a report must have; `both` means that abate and a person each give a part."""

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


class FilledItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its state: the place of abate's part, a person's text, or the missing key."""

    item: Item
    state: str
    places: Sequence[tuple[str, str]]
    statement: str
    wanted: str


def load() -> list[Checklist]:
    """Load the checklists, in the order of the page."""
    text = (files(__package__) / "checklists.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["checklist"], list[Checklist])


def statements() -> list[str]:
    """Return the keys of `[statements]` that the items need, sorted."""
    return sorted(
        {item.statement for checklist in load() for item in checklist.item if item.statement}
    )


def fill(results: Results) -> list[tuple[Checklist, list[FilledItem]]]:
    """Fill each checklist from the results and from the study file's `[statements]`."""
    return [
        (checklist, [_fill_item(item, results) for item in checklist.item]) for checklist in load()
    ]


def count_states(filled: Sequence[tuple[Checklist, Sequence[FilledItem]]]) -> dict[str, int]:
    """Return the number of items in each state."""
    states = [item.state for _, items in filled for item in items]
    return {state: states.count(state) for state in STATES}


def section(results: Results) -> PageSection:
    """Return the section of the page."""
    from abate import page_html

    template = (files(__package__) / "checklists.html").read_text("utf-8")
    filled = fill(results)
    html = page_html(template, lists=filled, states=count_states(filled))
    return PageSection(name="checklist", title="Checklist", html=html)


def _fill_item(item: Item, results: Results) -> FilledItem:
    places = list(dict.fromkeys(_places(item, results)))
    statement = results.statements.get(item.statement, "")
    state = _state(item, is_shown=bool(places), is_stated=bool(statement))
    wanted = item.statement if state in (PARTLY, MISSING) and not statement else ""
    shown = msgspec.structs.replace(item, topic=results.noun.reword(item.topic))
    return FilledItem(item=shown, state=state, places=places, statement=statement, wanted=wanted)


def _state(item: Item, *, is_shown: bool, is_stated: bool) -> str:
    if item.both and is_shown != is_stated:
        return PARTLY
    if is_shown:
        return FILLED
    return STATED if is_stated else MISSING


def _places(item: Item, results: Results) -> Iterator[tuple[str, str]]:
    """Return the parts of the page with an item: the target and the text of a link."""
    is_there = {"": False, "attrition": results.attrition, "methods": results.design}
    if not is_there.get(item.abate, True):
        return
    if not item.analysis:
        yield item.abate, item.abate
    for outcome in results.outcomes:
        is_named = _ANY in item.analysis or outcome.use in item.analysis
        if is_named and outcome.result and outcome.result.estimates:
            is_own = item.abate == "results"
            yield (f"analysis-{outcome.name}", outcome.name) if is_own else (item.abate,) * 2
