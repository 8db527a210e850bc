"""The resource types that abate reads and writes.

The queries of a pull, the scopes of a login, the probes of `check` and the documentation all follow
from these two lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadType:
    """A type that a pull reads.

    Attributes:
        name: the resource type.
        query: the name of the query, in messages and in the ledger.
        sections: the tables of the study file whose codes are searched in it; a type without any
            is read by the ids of the study's patients.
        has_date: whether a server can search it by `date`.
    """

    name: str
    query: str
    sections: tuple[str, ...] = ()
    has_date: bool = True

    def is_needed(self, sections: Iterable[str]) -> bool:
        """Whether a study with these tables reads it."""
        return not self.sections or not set(self.sections).isdisjoint(sections)


# In the order in which a pull asks for them; Patients come last, when their ids are known.
READ = (
    ReadType(name="Patient", query="patients", has_date=False),
    ReadType(name="Procedure", query="procedures", sections=("index", "adjunct", "history")),
    ReadType(name="Observation", query="pain scores", sections=("scores",)),
    # FHIR has no search parameter `date` for Condition, but `onset-date` and `recorded-date`.
    ReadType(name="Condition", query="conditions", sections=("condition", "event"), has_date=False),
)
# The type of the index procedures: all other resources are asked for by their patients.
INDEX_TYPE = "Procedure"
# Each study needs these tables: without their resources there is no study.
ALWAYS = ("index", "scores")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenType:
    """A type that a report writes.

    Attributes:
        name: the resource type.
        when: when a report has it, in words.
        is_optional: whether a report is valid without it: no other resource refers to it.
    """

    name: str
    when: str = "always"
    is_optional: bool = False


# In the order of a report.
WRITTEN = (
    WrittenType(name="CodeSystem", when="if the target takes it", is_optional=True),
    WrittenType(name="Group"),
    WrittenType(name="List"),
    WrittenType(name="Measure", when="if an analysis has a proportion to measure"),
    WrittenType(name="MeasureReport", when="if an analysis has a proportion to measure"),
    WrittenType(name="Observation", when="if an analysis has an estimate"),
    WrittenType(name="DiagnosticReport"),
    WrittenType(name="Provenance"),
)

CODED_SECTIONS = tuple(section for kind in READ for section in kind.sections)
READ_NAMES = tuple(kind.name for kind in READ)
# In the order in which they are mapped: the first two decide which patients are in the study.
MAPPED_NAMES = ("Patient", INDEX_TYPE, *sorted({*READ_NAMES} - {"Patient", INDEX_TYPE}))
CODED_NAMES = tuple(kind.name for kind in READ if kind.sections)
WRITTEN_NAMES = tuple(kind.name for kind in WRITTEN)
OPTIONAL_TO_READ = tuple(kind.name for kind in READ if not kind.is_needed(ALWAYS))
OPTIONAL_TO_WRITE = tuple(kind.name for kind in WRITTEN if kind.is_optional)


def read_type(name: str) -> ReadType:
    """Return the entry of a type that is read."""
    return next(kind for kind in READ if kind.name == name)
