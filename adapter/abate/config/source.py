"""The settings of the source: the server or the files, and how to pull."""

from datetime import UTC, tzinfo
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abate.config.server import Server
from abate.config.types import Export, SearchCode, Zone, fault_at


class TypeQuery(BaseModel):
    """`[source.query.TYPE]`: additional search parameters of a type, which some servers require."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    category: Annotated[list[SearchCode], Field()] = []


class SourceQuery(BaseModel):
    """`[source.query]`: how the types are searched, by type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    procedure: TypeQuery = TypeQuery()
    observation: TypeQuery = TypeQuery()
    condition: TypeQuery = TypeQuery()

    @property
    def categories(self) -> dict[str, list[str]]:
        """The requested categories, by resource type."""
        given = {name.capitalize(): getattr(self, name) for name in type(self).model_fields}
        return {kind: settings.category for kind, settings in given.items() if settings.category}


class Source(Server):
    """`[source]`: the FHIR server to pull from.

    `timezone` is the time zone of times without an offset; by default such times are rejected.
    `page_size` is the `_count` of a search; the server may send fewer rows. `patients` are ids,
    `system|value` identifiers, or `Group/ID`. `files` are paths or globs relative to the study
    file's folder. `export` is the level of the export: `system`, `patient` or `Group/ID`. With
    `passes = 1`, a query without a count is complete after one pass without a repeated id;
    otherwise `abate.source.search.uncounted` decides. `withheld` decides about a pull if the server
    reports that it withholds rows. A pull repeats the last `overlap_minutes` of the previous one.
    `parallel` and `requests_per_second` limit the load on the server; `max_minutes` and
    `max_requests` end a pull that exceeds them.
    """

    strategy: Literal["auto", "population", "patient", "files", "bulk"] = "auto"
    export: Export | None = None
    files: Annotated[list[str], Field()] = []  # noqa: RUF012 - pydantic copies it.
    patients: Annotated[list[str], Field()] = []  # noqa: RUF012 - pydantic copies it.
    patients_a_query: Annotated[int, Field(ge=1, le=100)] = 1
    passes: Literal[1, 2] = 2
    withheld: Literal["refuse", "accept"] = "refuse"
    overlap_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 7)] = 10
    timezone: Zone | None = None
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 200
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    requests_per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    max_requests: Annotated[int, Field(ge=1)] | None = None
    query: SourceQuery = SourceQuery()

    @property
    def zone(self) -> tzinfo:
        """The time zone of times without an offset; UTC by default."""
        return ZoneInfo(self.timezone) if self.timezone else UTC

    @property
    def read_groups(self) -> list[str]:
        """The Groups whose members must be read, as `Group/ID`."""
        of_export = [self.export] if self.export and not self.patients else []
        return [patient for patient in (*self.patients, *of_export) if patient.startswith("Group/")]

    @model_validator(mode="after")
    def _files_for_their_strategy(self) -> Self:
        if (self.strategy == "files") != bool(self.files):
            words = "strategy = 'files' and files = [...] require each other: only one is set"
            raise fault_at(words, "files" if self.files else "strategy")
        return self

    @model_validator(mode="after")
    def _as_an_export_wants(self) -> Self:
        if self.export and self.strategy != "bulk":
            raise fault_at("this key requires strategy = 'bulk'", "export")
        if self.strategy == "bulk" and self.patients and not self._says_whom_to_export():
            words = (
                "strategy = 'bulk' accepts one Group/ID here; or, with export = 'Group/ID', the "
                "ids of its members"
            )
            raise fault_at(words, "patients")
        return self

    def _says_whom_to_export(self) -> bool:
        groups = [patient for patient in self.patients if patient.startswith("Group/")]
        if self.export is None:
            return groups == self.patients and len(groups) == 1
        has_ids = not groups and not any("|" in patient for patient in self.patients)
        return has_ids and self.export.startswith("Group/")
