"""The resource types that abate reads and writes, once: for what, and by which scopes.

What a pull asks for, what a login asks for, what `check` tries, and the documentation follow from
these two lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadType:
    """A type that a pull reads.

    Attributes:
        name: the resource type.
        query: what a pull calls its resources.
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


# In the order in which a pull asks for them; Patients are asked for when it is known whom.
READ = (
    ReadType(name="Patient", query="patients", has_date=False),
    ReadType(name="Procedure", query="procedures", sections=("index", "adjunct", "history")),
    ReadType(name="Observation", query="pain scores", sections=("scores",)),
    # A Condition has a date of onset and none of its own.
    ReadType(name="Condition", query="conditions", sections=("condition", "event"), has_date=False),
)
# The type of what starts a lesion's clock: by its patients all else is asked for.
INDEX_TYPE = "Procedure"
# Each study has them: no study is possible where they cannot be read.
ALWAYS = ("index", "scores")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenType:
    """A type that a report writes.

    Attributes:
        name: the resource type.
        when: when a report holds it, in words.
        is_optional: whether a report can do without it: nothing refers to it.
    """

    name: str
    when: str = "always"
    is_optional: bool = False


# In the order in which a report holds them.
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

CODED_SECTIONS = tuple(section for one in READ for section in one.sections)
READ_NAMES = tuple(one.name for one in READ)
# In the order in which they are mapped: whose resources are kept follows from the first two.
MAPPED_NAMES = ("Patient", INDEX_TYPE, *sorted({*READ_NAMES} - {"Patient", INDEX_TYPE}))
CODED_NAMES = tuple(one.name for one in READ if one.sections)
WRITTEN_NAMES = tuple(one.name for one in WRITTEN)
OPTIONAL_TO_READ = tuple(one.name for one in READ if not one.is_needed(ALWAYS))
OPTIONAL_TO_WRITE = tuple(one.name for one in WRITTEN if one.is_optional)


def read_type(name: str) -> ReadType:
    """The entry of a type that is read."""
    return next(one for one in READ if one.name == name)
