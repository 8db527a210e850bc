"""What a survey finds: counts, codes and abilities; no value, id or name of a patient."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from abate.fhir.capability import Capability
from abate.survey.estimate import PullEstimate

# What a pull rests on, how it pulls, what a report needs.
Group: TypeAlias = Literal["read", "pull", "report"]
GROUPS: tuple[Group, ...] = ("read", "pull", "report")


class SurveyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: what was asked, what was found, and what abate does about it.

    `found` is `yes` or `NO` if it was tried, and else `not tried`; or, if only the server's own
    words are known, `says yes`, `says no` or `not said`. A status may follow, as `NO (403)`.
    """

    what: str
    group: Group
    found: str
    then: str


class CodeSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a type can be searched by code.

    `state` is `works`, `bare-only` (codes are found only without their system), `finds-nothing`
    (a code that exists is not found), `ignored` (a code that cannot exist finds something),
    `refused`, or `untried` (there was no code to try it with).
    """

    type: str
    state: str
    detail: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether a count by code can be trusted."""
        return self.state not in ("ignored", "refused")


class CodeCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many resources a known code finds, with its system and without."""

    system: str
    code: str
    name: str
    n: int | None
    bare: int | None


class ListCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many resources a whole code list finds, each once; `codes` are those that find some.

    `n` is None if the server gives no count, and `problem` says why.
    """

    what: str
    list: str
    type: str
    n: int | None
    bare: int | None
    problem: str = ""
    codes: tuple[CodeCount, ...] = ()


class SampledCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code in the sample; `list` is the code list that has it, or nothing.

    `exact` says that it is shown as the server has it. One with blanks around it, or with control
    characters, is not, and cannot be named in a study file.
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
    codes: tuple[SampledCode, ...] = ()
    problem: str = ""


class Frequency(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was seen."""

    what: str
    n: int


class Shapes(msgspec.Struct, frozen=True, kw_only=True):
    """How index procedures, or pain scores, write their values, times and categories."""

    type: str
    n: int
    values: tuple[Frequency, ...] = ()
    times: tuple[Frequency, ...] = ()
    categories: tuple[Frequency, ...] = ()


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server refuses Observations without a category; None if that was not tried.

    `seen` counts the pain scores by their categories. `write` has the categories that a study file
    needs; none if the server needs none, or none was found.
    """

    is_wanted: bool | None = None
    n: int = 0
    seen: tuple[Frequency, ...] = ()
    write: tuple[str, ...] = ()


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in words: what abate can do, what the study file needs, what is missing."""

    can: tuple[str, ...]
    write: tuple[str, ...]
    missing: tuple[str, ...]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found at a server, and what it cost.

    `shut` says what a pull needs and may not read, and `left` names what was written and could not
    be deleted.
    """

    url: str
    server: Capability
    searches: tuple[CodeSearch, ...]
    lists: tuple[ListCount, ...]
    samples: tuple[Sample, ...]
    written: tuple[Shapes, ...]
    category: Category
    probes: tuple[SurveyRow, ...]
    estimate: PullEstimate
    shut: str
    wrote: bool
    left: tuple[str, ...]
    stopped: str
    requests: int
    bytes: int

    @property
    def scores_by_category(self) -> int:
        """How many pain scores came if the server wants a category; 0 if it wants none."""
        return self.category.n if self.category.is_wanted else 0

    @property
    def times_without_offset(self) -> int:
        """How many of the times that were looked at have no offset."""
        times = (tally for shapes in self.written for tally in shapes.times)
        return sum(tally.n for tally in times if tally.what.endswith("without an offset"))

    def list_of(self, name: str) -> ListCount | None:
        """The counts of a code list, if they were asked for."""
        return next((counted for counted in self.lists if counted.list == name), None)

    def count_of(self, name: str) -> int:
        """How many resources a code list finds; 1 if some came uncounted, 0 if none."""
        counted = self.list_of(name)
        if counted is None:
            return 0
        search = self.search_of(counted.type)
        n = counted.bare if search and search.state == "bare-only" else counted.n
        return n if n is not None else int(bool(counted.codes))

    def search_of(self, kind: str) -> CodeSearch | None:
        """How a type can be searched by code, if that was tried."""
        return next((search for search in self.searches if search.type == kind), None)

    def is_searchable(self, kind: str) -> bool:
        """Whether a run can ask for a type by code."""
        search = self.search_of(kind)
        return search is not None and search.state in ("works", "untried", "bare-only")

    def sample_of(self, kind: str) -> Sample:
        """The sample of a type; an empty one if none was taken."""
        return next((sample for sample in self.samples if sample.type == kind), Sample(type=kind))


def count_frequencies(shapes: Iterable[str]) -> tuple[Frequency, ...]:
    """Count them, the most frequent first."""
    ranked = sorted(Counter(shapes).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Frequency(what=what, n=n) for what, n in ranked)
