"""One survey under way: what is known until now, and what a probe is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from abate.codes import CodeLists
from abate.errors import SourceError
from abate.log import Log
from abate.references import local_id
from abate.source.capability import Capability
from abate.source.forms import Form
from abate.source.searchset import Head, Page
from abate.survey.budgeted_client import BudgetedClient, Spent
from abate.survey.model import Category, CodeSearch, Group, ListCount, Row, Sample, Shapes

Verdict: TypeAlias = tuple[str, str]
"""What was found, and what abate does about it."""


@dataclass(slots=True, kw_only=True)
class Context:
    """What one survey has found until now; probes read it and add to it.

    Attributes:
        client: asks the server, within the limit.
        capability: what the server says of itself.
        lists: the code lists that abate knows.
        log: told of the progress.
        rows: the rows of the table.
        searches: by type, whether it can be searched by code.
        samples: by type, its sample.
        counts: what each code list finds.
        shapes: by type, how its resources are written.
        category: whether Observations can be searched without a category.
        left: what was written and could not be deleted.
        stopped: which limit was reached, in words.
        shut: the types that the login may not read, with the status.
        patients: ids of some patients; they go into searches by POST only.
        codings: by type, the codings of its first resource.
        forms: by type, the form of a search by patient that it wants, if it is not the usual one.
        of_patients: by type, what the searches by patient brought.
        first_page: the first page of Observations.
        total: how many Observations the server says that it has.
    """

    client: BudgetedClient
    capability: Capability
    lists: CodeLists
    log: Log
    rows: list[Row] = field(default_factory=list)
    searches: dict[str, CodeSearch] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    counts: list[ListCount] = field(default_factory=list)
    shapes: dict[str, Shapes] = field(default_factory=dict)
    category: Category = field(default_factory=Category)
    left: list[str] = field(default_factory=list)
    stopped: str = ""
    shut: dict[str, int] = field(default_factory=dict)
    patients: list[str] = field(default_factory=list)
    codings: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    of_patients: dict[str, list[tuple[Head, bytes]]] = field(default_factory=dict)
    first_page: Page | None = None
    total: int | None = None

    @contextmanager
    def within_limit(self) -> Iterator[None]:
        """End what is inside at the limit, and note that; it is not an error."""
        try:
            yield
        except Spent as limit:
            if not self.stopped:
                self.stopped = str(limit)
                self.log.warning(str(limit), name="survey.stopped")

    def add(self, group: Group, what: str, verdict: Verdict) -> None:
        """Add a row to the table."""
        found, then = verdict
        self.rows.append(Row(what=what, group=group, found=found, then=then))

    def add_patient(self, subject: Any) -> None:
        """Note a patient of this server whom a resource names as its subject."""
        reference = subject.get("reference") if isinstance(subject, dict) else None
        patient = local_id(str(reference), "Patient", self.client.server.base)
        self.patients += [patient] if patient else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A row of the table: what is asked, and what follows from the answer.

    Attributes:
        what: the name of the row.
        group: the group of rows that it belongs to.
        ask: asks the server and judges the answer; None if there is no row.
        needs: a type that must be readable, or there is no row.
        unreadable: what an answer that cannot be read means; `{error}` says what it is.
        passes: errors that are not an answer, and end more than this probe.
    """

    what: str
    group: Group
    ask: Callable[[Context], Verdict | None]
    needs: str = ""
    unreadable: str = "no answer that can be read: {error}"
    passes: tuple[type[SourceError], ...] = (Spent,)

    def run(self, context: Context) -> None:
        """Ask, and add the row; at the limit there is none."""
        if self.needs in context.shut:
            return
        with context.within_limit():
            if verdict := self._judge(context):
                context.add(self.group, self.what, verdict)

    def _judge(self, context: Context) -> Verdict | None:
        try:
            return self.ask(context)
        except self.passes:
            raise
        except SourceError as error:
            return "NO", self.unreadable.format(error=error)
