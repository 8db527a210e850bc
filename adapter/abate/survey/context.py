"""The state of a running survey, and the definition of a probe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from abate.errors import SourceError
from abate.fhir.bundle import Head, Page
from abate.fhir.capability import Capability
from abate.fhir.references import local_id
from abate.http.json_values import as_object
from abate.mapping.code_lists import CodeLists
from abate.source.query_forms import Form
from abate.survey.budgeted_client import BudgetedClient, Spent
from abate.survey.model import Category, CodeSearch, Group, ListCount, Sample, Shapes, SurveyRow
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.survey.nearby import Nearby

Verdict: TypeAlias = tuple[str, str]
"""The finding, and what abate does about it."""


@dataclass(slots=True, kw_only=True)
class Context:
    """The findings of a survey until now; probes read them and add to them."""

    client: BudgetedClient
    capability: Capability
    lists: CodeLists
    log: Log
    # Whether the survey may write, to try what a report needs; whether a transaction was written.
    write: bool = False
    takes_report: bool = False
    rows: list[SurveyRow] = field(default_factory=list)
    # By type.
    searches: dict[str, CodeSearch] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    shapes: dict[str, Shapes] = field(default_factory=dict)
    counts: list[ListCount] = field(default_factory=list)
    category: Category = field(default_factory=Category)
    # The written resources that could not be deleted.
    left: list[str] = field(default_factory=list)
    # The limit that was reached, in words.
    stopped: str = ""
    # The types that the login may not read, with the status.
    shut: dict[str, int] = field(default_factory=dict)
    # Ids of some patients, used only in searches by POST.
    patients: list[str] = field(default_factory=list)
    # By type, the codings of its first resource.
    codings: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    # By type, the form of a search by patient that the server needs, if it is not the usual one.
    forms: dict[str, Form] = field(default_factory=dict)
    # By type, the resources that the searches by patient found.
    of_patients: dict[str, list[tuple[Head, bytes]]] = field(default_factory=dict)
    # The procedures near pain scores, and of how many patients they are read.
    patients_near: int = 60
    nearby: "Nearby | None" = None
    # The first page of Observations, and their number as the server reports it.
    first_page: Page | None = None
    total: int | None = None

    @property
    def tries_report(self) -> bool:
        """Whether the survey may write, and the server's declarations allow a report."""
        lists = self.capability.of("List")
        is_taken = lists.offered and lists.update_create is not False
        return self.write and self.capability.transaction and is_taken

    def add(self, group: Group, what: str, verdict: Verdict) -> None:
        """Add a row to the table."""
        finding, then = verdict
        self.rows.append(SurveyRow(what=what, group=group, found=finding, then=then))

    def stop(self, words: str) -> None:
        """Note the limit that was reached first; that is not an error."""
        if not self.stopped:
            self.stopped = words
            self.log.warning(words, name="survey.stopped")

    def add_patient(self, subject: Any) -> None:
        """Note a patient of this server whom a resource names as its subject."""
        patient = local_id(
            str(as_object(subject).get("reference")), "Patient", self.client.server.base
        )
        self.patients += [patient] if patient else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A row of the table: the question to the server, and what follows from the answer.

    Attributes:
        what: the name of the row; empty if the finding only serves later probes.
        group: the group of rows that it belongs to.
        ask: queries the server and judges the answer; returns None for no row.
        needs: a type that must be readable; otherwise the probe is skipped.
        needs_write: true: only if a report is tried; false: only if it is not.
        unreadable: the meaning of an unreadable answer; `{error}` is its problem.
        passes: errors that end the survey.
    """

    what: str = ""
    group: Group
    ask: Callable[[Context], Verdict | None]
    needs: str = ""
    needs_write: bool | None = None
    unreadable: str = "unreadable answer: {error}"
    passes: tuple[type[SourceError], ...] = ()

    def run(self, context: Context) -> None:
        """Query the server and add the row; if the limit is reached, add none."""
        if self.needs in context.shut or self.needs_write not in (None, context.tries_report):
            return
        try:
            verdict = self.ask(context)
        except Spent as limit:
            context.stop(str(limit))
            return
        except self.passes:
            raise
        except SourceError as error:
            verdict = "NO", self.unreadable.format(error=error)
        if verdict:
            context.add(self.group, self.what, verdict)
