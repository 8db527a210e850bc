"""The settings of the study file.

One TOML file defines a whole study. `config.reader.read` returns a `StudyFile` with frozen
`Settings`, or raises a `StudyFileError` that names the key, its line and the closest known key. A
study file must not contain secrets.
"""

import shlex
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abate.config.noun import LESION, Noun
from abate.config.server import Server
from abate.config.source import Source
from abate.config.types import CodeRefs, MinimumCell, Slug, Zone, fault_at
from abate.config.visits import VisitFault, check_windows

Audience = Literal["care", "public"]


class Section(BaseModel):
    """One table of the study file: frozen; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Study(Section):
    """`[study]`: the names of the study, and its calendar.

    `synthetic` means that no patient is real; a report may go to a public test server only then.
    `cutoff` is the data cut-off; it defaults to the day of the last complete pull. `noun` is what
    page and messages call a lesion.
    """

    id: Slug
    title: str = ""
    noun: Noun | None = None
    timezone: Zone
    synthetic: bool = False
    cutoff: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the study's calendar days."""
        return ZoneInfo(self.timezone)

    @property
    def unit(self) -> Noun:
        """The word for the unit of analysis."""
        return self.noun or LESION


class Target(Server):
    """`[target]`: the FHIR server that the report is published to; the source by default.

    `audience` is who can read it there: `care` for people who may read these patients' records
    anyway, `public` for everyone else.
    """

    audience: Audience = "public"


class Codes(Section):
    """`[codes]`: a folder of the study's code lists, in addition to the shipped ones."""

    directory: str | None = None


class Coded(Section):
    """A set of codes: code lists by name (`list:NAME`), or single codes (`system|code`)."""

    codes: CodeRefs


class Index(Coded):
    """`[index]`: the procedures that start a lesion's clock."""

    unit: Literal["procedure"] = "procedure"
    repeat: Literal["censor", "new", "ignore", "first-per-patient", "first-per-site"] = "censor"


class Adjunct(Coded):
    """`[adjunct.NAME]`: another procedure at the same lesion, within a number of hours."""

    within_hours: Annotated[int, Field(ge=0, le=24 * 366)] = 24

    @property
    def within(self) -> timedelta:
        """The number of hours as a duration."""
        return timedelta(hours=self.within_hours)


class Scores(Coded):
    """`[scores]`: which pain scores are used, and which one represents a visit."""

    per_visit: Literal["nearest", "worst", "first", "last", "median"] = "nearest"
    minimum_after: Annotated[int, Field(ge=0)] = 1
    require_baseline: bool = False
    instruments: list[str] | None = None
    context: str | None = None
    ambiguous: Literal["exclude", "share", "fail"] = "exclude"


class Baseline(Section):
    """`baseline` of `[visits]`: days before the procedure, and how its own day is treated."""

    from_: Annotated[int, Field(alias="from", le=0)] = -7
    to: Annotated[int, Field(le=0)] = 0
    same_day: Literal["before", "after", "exclude"] = "before"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ > self.to:
            raise ValueError(f"expected from <= to, found from {self.from_} to {self.to}")
        return self


class Visit(Section):
    """A visit: its target day and its window, in days from the index procedure."""

    day: Annotated[int, Field(ge=1)]
    from_: Annotated[int, Field(alias="from", ge=1)]
    to: Annotated[int, Field(ge=1)]

    @model_validator(mode="before")
    @classmethod
    def _one_day(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if type(value) is not int or value < 1:
            raise ValueError(
                "expected a day after the procedure, such as 7, or a window, such as "
                "{ day = 7, from = 5, to = 10 }"
            )
        return {"day": value, "from": value, "to": value}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.from_ <= self.day <= self.to:
            raise ValueError(
                f"expected from <= day <= to, found from {self.from_}, day {self.day}, to {self.to}"
            )
        return self


class Visits(BaseModel):
    """`[visits]`: the baseline, and each visit by its name."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, Visit]

    baseline: Baseline = Baseline()

    @property
    def after(self) -> dict[str, Visit]:
        """The visits after the procedure, in the order of their days."""
        visits = self.__pydantic_extra__
        return dict(sorted(visits.items(), key=lambda item: item[1].day))

    @model_validator(mode="after")
    def _apart(self) -> Self:
        try:
            check_windows({name: (visit.from_, visit.to) for name, visit in self.after.items()})
        except VisitFault as fault:
            raise fault_at(str(fault), fault.visit) from None
        return self


class AnalysisSpec(BaseModel):
    """`[[analysis]]`: one analysis to run, by its plugin's name, with its parameters.

    All keys except `use`, `name` and `primary` are parameters of the analysis; the host checks
    them.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    use: str
    name: Slug
    primary: bool = False

    @model_validator(mode="before")
    @classmethod
    def _name_as_used(cls, value: Any) -> Any:
        if isinstance(value, dict) and "name" not in value:
            return value | {"name": value.get("use", "unnamed")}
        return value

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the analysis."""
        return dict(self.__pydantic_extra__ or {})


class Report(Section):
    """`[report]`: what may be published.

    `minimum_cell` is the smallest count that is shown (1: any), or the name of a preset. `members`
    lists patients and procedures in the published report; it requires that no count is hidden.
    """

    minimum_cell: MinimumCell = 5
    members: bool = False
    reporter: str = ""

    @model_validator(mode="after")
    def _members_only_in_the_open(self) -> Self:
        if self.members and self.minimum_cell not in (1, "none"):
            words = "patients can be listed only if no count is hidden: minimum_cell = 1"
            raise fault_at(words, "members")
        return self


class Paper(Section):
    """`[paper]`: a file of published figures, to be compared with the study's results."""

    figures: str


class Output(Section):
    """`[output]`: the folder for store and results, and whether the store keeps raw JSON."""

    directory: str = "abate-output"
    keep_raw: bool = True


class Plugins(Section):
    """`[plugins]`: which entry points may load (`allow`), and which must not (`block`)."""

    allow: list[str] | None = None
    block: list[str] = []


class Settings(Section):
    """All settings of a study file."""

    study: Study
    source: Source
    target: Target | None = None
    codes: Codes = Codes()
    index: Index
    adjunct: dict[Slug, Adjunct] = {}
    condition: dict[Slug, Coded] = {}
    history: dict[Slug, Coded] = {}
    event: dict[Slug, Coded] = {}
    scores: Scores
    visits: Visits
    analysis: list[AnalysisSpec] = []
    report: Report = Report()
    paper: Paper | None = None
    statements: dict[Slug, str] = {}
    output: Output = Output()
    plugins: Plugins = Plugins()

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        seen: set[str] = set()
        for place, spec in enumerate(self.analysis):
            if spec.name in seen:
                words = f"an earlier [[analysis]] has the name {spec.name!r}: names must differ"
                raise fault_at(words, "analysis", place, "name")
            seen.add(spec.name)
        return self

    @property
    def target_url(self) -> str:
        """The URL of the server that the report is published to."""
        return (self.target or self.source).url

    @property
    def audience(self) -> Audience:
        """Who can read the published report; `public` without `[target]`."""
        return self.target.audience if self.target else "public"


class StudyFile(BaseModel):
    """A study file: its settings, its path, its text, and a digest.

    `overrides` are the `--set` options that changed it. The digest covers what the results depend
    on: settings and code lists.
    """

    model_config = ConfigDict(frozen=True)

    settings: Settings
    path: Path
    digest: str
    text: Annotated[str, Field(repr=False)] = ""
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return self.path.parent

    @property
    def output(self) -> Path:
        """The folder for store and results."""
        return self.folder / self.settings.output.directory

    def again(self, command: str) -> str:
        """Return a command for this study, with its path and the `--set` options, for a shell."""
        path = [] if self.path == Path("study.toml") else [str(self.path)]
        chosen = [part for override in self.overrides for part in ("--set", override)]
        return shlex.join(["abate", *command.split(), *path, *chosen])

    @property
    def code_directories(self) -> list[Path]:
        """The folders of the study's own code lists."""
        directory = self.settings.codes.directory
        return [self.folder / directory] if directory else []
