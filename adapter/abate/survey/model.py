"""The findings of a survey: counts, codes and abilities; no value, id or name of a patient."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from abate.fhir.capability import Capability
from abate.survey.estimate import PullEstimate

# What a pull needs, how it pulls, what a report needs.
Group: TypeAlias = Literal["read", "pull", "report"]
GROUPS: tuple[Group, ...] = ("read", "pull", "report")


class SurveyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: the question, the finding, and what abate does about it.

    `found` is `yes` or `NO` if it was tried, otherwise `not tried`. If only the server's own
    statement is known, it is `says yes`, `says no` or `not said`. A status may follow, such as
    `NO (403)`.
    """

    what: str
    group: Group
    found: str
    then: str


class CodeSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a type can be searched by code.

    `state` is `works`, `bare-only` (codes are found only without their system), `finds-nothing`
    (a code that exists is not found), `ignored` (a code that cannot exist finds resources),
    `refused`, or `untried` (no code was available to try it).
    """

    type: str
    state: str
    detail: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether a count by code can be trusted."""
        return self.state not in ("ignored", "refused")


class CodeCount(msgspec.Struct, frozen=True, kw_only=True):
    """The number of resources that a known code finds, with its system and without."""

    system: str
    code: str
    name: str
    n: int | None
    bare: int | None


class ListCount(msgspec.Struct, frozen=True, kw_only=True):
    """The number of distinct resources that a code list finds; `codes` are the codes that find any.

    `n` is None if the server gives no count, and `problem` is the reason.
    """

    what: str
    list: str
    type: str
    n: int | None
    bare: int | None
    problem: str = ""
    codes: tuple[CodeCount, ...] = ()


class SampledCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code in the sample; `list` is the code list that has it, or empty.

    `exact` means that it is shown as the server has it. A code with blanks around it, or with
    control characters, is changed for display, and cannot be named in a study file.
    """

    system: str
    code: str
    display: str
    n: int
    list: str = ""
    exact: bool = True

    @property
    def reference(self) -> str:
        """The code as a study file writes it."""
        return f"{self.system}|{self.code}"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of the newest resources of a type.

    `whole` means that the sample has all resources of the type; `without_code` counts those with
    only text, or no code at all.
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
    """The number of occurrences of a name."""

    what: str
    n: int


class Shapes(msgspec.Struct, frozen=True, kw_only=True):
    """The forms of values, times and categories in index procedures or pain scores."""

    type: str
    n: int
    values: tuple[Frequency, ...] = ()
    times: tuple[Frequency, ...] = ()
    categories: tuple[Frequency, ...] = ()


class NearProcedure(msgspec.Struct, frozen=True, kw_only=True):
    """A procedure's code, and the pain scores near it, of the patients who have most scores.

    `patients` and `n` count the patients and the procedures. `before`, `after` and `both` count
    the patients with a score in the 90 days before, in the year after, and in both. `days` counts
    the days with a score by their distance from a procedure: day 0 is its own day.
    """

    system: str
    code: str
    display: str
    patients: int
    n: int
    before: int
    after: int
    both: int
    days: dict[int, int] = {}

    @property
    def reference(self) -> str:
        """The code as a study file writes it."""
        return f"{self.system}|{self.code}"


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server refuses Observations without a category; None if that was not tried.

    `seen` counts the pain scores by category. `write` has the categories that a study file needs;
    it is empty if the server needs none, or none was found.
    """

    is_wanted: bool | None = None
    n: int = 0
    seen: tuple[Frequency, ...] = ()
    write: tuple[str, ...] = ()


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """The advice: what abate can do, what the study file needs, what is missing."""

    can: tuple[str, ...]
    write: tuple[str, ...]
    missing: tuple[str, ...]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """All findings at a server, and the cost of the survey.

    `shut` names the types that a pull needs and may not read, and `left` the written resources
    that could not be deleted.
    """

    url: str
    server: Capability
    searches: tuple[CodeSearch, ...]
    lists: tuple[ListCount, ...]
    samples: tuple[Sample, ...]
    written: tuple[Shapes, ...]
    category: Category
    nearby: tuple[NearProcedure, ...]
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
        """The number of pain scores found if the server needs a category; 0 if it needs none."""
        return self.category.n if self.category.is_wanted else 0

    @property
    def times_without_offset(self) -> int:
        """The number of examined times without an offset."""
        times = (tally for shapes in self.written for tally in shapes.times)
        return sum(tally.n for tally in times if tally.what.endswith("without an offset"))

    def list_of(self, name: str) -> ListCount | None:
        """Return the counts of a code list, if they were taken."""
        return next((counted for counted in self.lists if counted.list == name), None)

    def count_of(self, name: str) -> int:
        """Return the number of resources of a code list; 1 if found but uncounted, 0 if none."""
        counted = self.list_of(name)
        if counted is None:
            return 0
        search = self.search_of(counted.type)
        n = counted.bare if search and search.state == "bare-only" else counted.n
        return n if n is not None else int(bool(counted.codes))

    def search_of(self, kind: str) -> CodeSearch | None:
        """Return how a type can be searched by code, if that was tried."""
        return next((search for search in self.searches if search.type == kind), None)

    def is_searchable(self, kind: str) -> bool:
        """Whether a run can search a type by code."""
        search = self.search_of(kind)
        return search is not None and search.state in ("works", "untried", "bare-only")

    def sample_of(self, kind: str) -> Sample:
        """Return the sample of a type; an empty one if none was taken."""
        return next((sample for sample in self.samples if sample.type == kind), Sample(type=kind))


def count_frequencies(shapes: Iterable[str]) -> tuple[Frequency, ...]:
    """Count the names, the most frequent first."""
    ranked = sorted(Counter(shapes).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Frequency(what=what, n=n) for what, n in ranked)
