"""What a survey found: counts, codes and abilities. No value, id or name of a patient is in it."""

from collections import Counter
from typing import TypeVar

import msgspec

from abate.survey.estimate import Estimate

T = TypeVar("T", str, tuple[str, str])


class Ability(msgspec.Struct, frozen=True, kw_only=True):
    """What the CapabilityStatement says of one type; None where it says nothing."""

    type: str
    offered: bool
    read: bool = False
    search: bool = False
    create: bool = False
    update: bool = False
    update_create: bool | None = None
    conditional_update: bool | None = None
    heeds_versions: bool | None = None
    parameters: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The server by its own words; `exports` says of what: `system`, `Patient`, `Group`."""

    software: str
    version: str
    fhir_version: str
    formats: tuple[str, ...]
    transaction: bool
    types: tuple[Ability, ...]
    exports: tuple[str, ...] = ()

    def of(self, kind: str) -> Ability:
        """What it says of a type."""
        return next(one for one in self.types if one.type == kind)


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, what was found, and what abate does about it.

    `found` is `yes` or `NO` where it was tried, and else `not tried`; or, where only the server's
    own words are known, `says yes`, `says no` or `not said`. A status may follow, as `NO (403)`.
    """

    what: str
    found: str
    then: str


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A count that was asked for: `n` is None where the server gives none, and `problem` says why.

    `any` says whether something came where nothing could be counted.
    """

    n: int | None = None
    any: bool = False
    problem: str = ""


class CodeSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a type can be found by code.

    `state` is `works`, `bare-only` (codes are found without their system only), `finds-nothing`
    (a code that is there is not found), `ignored` (a code that cannot be there finds something),
    `refused`, or `untried` (there was no code to try it with).
    """

    type: str
    state: str
    detail: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether a count by code means something."""
        return self.state not in ("ignored", "refused")


class CodeCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many resources a known code finds, with its system and without."""

    system: str
    code: str
    name: str
    n: int | None
    bare: int | None


class ListCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many resources a whole code list finds, each once; `codes` are those that find some."""

    what: str
    list: str
    type: str
    n: int | None
    bare: int | None
    problem: str = ""
    codes: tuple[CodeCount, ...] = ()


class SeenCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code in the sample: `list` is the code list that knows it, or nothing.

    `exact` says that it is shown as the server has it; one with blanks around it, or control
    characters in it, is not, and cannot be named in a study file.
    """

    system: str
    code: str
    display: str
    n: int
    list: str = ""
    exact: bool = True

    @property
    def reference(self) -> str:
        """As a study file writes it."""
        return f"{self.system}|{self.code}"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was seen."""

    what: str
    n: int


def ranked(counter: Counter[T]) -> list[tuple[T, int]]:
    """What was counted, the most frequent first."""
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def tallied(counter: Counter[str]) -> tuple[Tally, ...]:
    """The same as tallies."""
    return tuple(Tally(what=what, n=n) for what, n in ranked(counter))


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of the newest resources of a type.

    `whole` says that the sample is all there is; `without_code` counts those with text only, or
    with nothing.
    """

    type: str
    n: int = 0
    pages: int = 0
    whole: bool = False
    newest_first: bool = False
    without_code: int = 0
    codes: tuple[SeenCode, ...] = ()
    problem: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How index procedures, or pain scores, write their values, times and categories."""

    type: str
    n: int
    values: tuple[Tally, ...] = ()
    times: tuple[Tally, ...] = ()
    categories: tuple[Tally, ...] = ()


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server refuses Observations without a category; None if that was not tried.

    `seen` counts the pain scores that were seen by their categories. `write` has the categories
    that a study file needs; none if the server needs none, or none was found.
    """

    is_wanted: bool | None = None
    n: int = 0
    seen: tuple[Tally, ...] = ()
    write: tuple[str, ...] = ()


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in words: what abate can do, what the study file needs, what is missing."""

    can: tuple[str, ...]
    write: tuple[str, ...]
    missing: tuple[str, ...]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found at a server, and what it cost.

    `shut` says what a pull needs and may not read, and `left` names what was written and could
    not be taken away.
    """

    url: str
    server: Server
    searches: tuple[CodeSearch, ...]
    lists: tuple[ListCount, ...]
    samples: tuple[Sample, ...]
    written: tuple[Written, ...]
    category: Category
    probes: tuple[Probe, ...]
    estimate: Estimate
    shut: str
    wrote: bool
    left: tuple[str, ...]
    stopped: str
    requests: int
    bytes: int

    @property
    def scores_by_category(self) -> int:
        """How many pain scores came where the server wants a category; 0 where it wants none."""
        return self.category.n if self.category.is_wanted else 0

    def list_of(self, name: str) -> ListCount | None:
        """The counts of a code list, if they were asked for."""
        return next((one for one in self.lists if one.list == name), None)

    def search_of(self, kind: str) -> CodeSearch | None:
        """How a type can be found by code, if that was tried."""
        return next((one for one in self.searches if one.type == kind), None)

    def sample_of(self, kind: str) -> Sample:
        """The sample of a type; an empty one if none was taken."""
        return next((one for one in self.samples if one.type == kind), Sample(type=kind))
