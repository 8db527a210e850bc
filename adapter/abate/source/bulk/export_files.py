"""Download the files of an export, split them by type, and compare them with the request."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Literal

import msgspec

from abate.errors import IncompletePull, SourceError
from abate.fhir.bundle import head_of
from abate.fhir.client import FhirServer
from abate.fhir.outcomes import Issue, Judge, issues, refuse
from abate.fhir.references import local_id
from abate.fhir.types import MAPPED_NAMES
from abate.source.bulk.manifest import File, Manifest
from abate.source.compression import unpack
from abate.source.concurrency import at_once
from abate.source.files.reader import Called, Placed, contents
from abate.source.files.split_by_type import land, take_again, type_of
from abate.store.landing import Landing, Record
from abate.telemetry.log import Log


class ReceivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one file by type: landed, of other types, of other codes.

    `is_counted` is whether the manifest has the same count.
    """

    received: dict[str, int]
    others: dict[str, int]
    strays: dict[str, int]
    is_counted: bool = False

    @property
    def lines(self) -> int:
        """Return the number of resources in the file."""
        counts = (self.received, self.others, self.strays)
        return sum(sum(count.values()) for count in counts)


class _Request(msgspec.Struct):
    method: Any = None
    url: Any = None


class _DeletionEntry(msgspec.Struct):
    request: _Request = msgspec.field(default_factory=_Request)


class _Deletions(msgspec.Struct):
    resourceType: Literal["Bundle"]  # noqa: N815 - FHIR's own name
    entry: list[_DeletionEntry] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFiles:
    """The files of one manifest.

    Attributes:
        parallel: how many files are downloaded at once.
        codes: by type, the requested codes; all codes of a type that is not listed.
        is_change: whether the files hold changes only, and not everything.
        known: the ids that the store has; one of them may have lost its code.
        judge: checks the OperationOutcomes in and beside the files.
    """

    server: FhirServer
    manifest: Manifest
    landing: Landing
    log: Log
    codes: Mapping[str, set[str]]
    is_change: bool
    parallel: int = 1
    known: Mapping[str, set[str]] = field(default_factory=dict)
    judge: Judge = refuse

    def bring(self) -> list[ReceivedFile]:
        """Land each file of the output, unless an earlier run landed it.

        Raises:
            LinkExpired: a link is no longer valid.
            SourceError: a file is incomplete.
        """
        files = list(enumerate(self.manifest.output, start=1))
        tasks = [partial(self._land_file, *file) for file in files]
        return at_once(tasks, self.parallel, self.server.budget.halt)

    def _land_file(self, place: int, file: File) -> ReceivedFile:
        name, note = f"export-{place:05}-{file.kind}.ndjson", f"export-{place:05}"
        if (kept := self.landing.recall(note)) is not None:
            received = msgspec.json.decode(kept, type=ReceivedFile)
            if take_again(self.landing, note, received.received):
                return received
        self.log.info(f"downloading {name}: file {place} of {len(self.manifest.output)}")
        received = self._land(file, name, note)
        if received.lines < file.least:
            received = self._once_more(file, name, note, received)
        if isinstance(file.count, int) and file.count != received.lines:
            self.log.warning(
                f"the manifest counts {file.count} lines in {name}, but the file has "
                f"{received.lines}, which are used"
            )
        received = msgspec.structs.replace(received, is_counted=file.count == received.lines)
        self.landing.remember(note, msgspec.json.encode(received))
        return received

    def _land(self, file: File, name: str, note: str) -> ReceivedFile:
        strays = Counter[str]()
        with self._here(file, name) as lines:
            called = Called(name, name)
            wanted = self._filter(_with_resources(contents(lines, called), name), strays)
            lines_by_type = land(
                self.landing, note, called, wanted, is_change=self.is_change, judge=self.judge
            )
        return ReceivedFile(
            received=lines_by_type.received, others=lines_by_type.others, strays=strays
        )

    def _once_more(self, file: File, name: str, note: str, first: ReceivedFile) -> ReceivedFile:
        """Download a file with too few lines again: it was truncated, or the manifest is wrong.

        Raises:
            IncompletePull: the file has fewer lines than before, or none although some are counted.
        """
        again = self._land(file, name, note)
        if again.lines < first.lines or (not again.lines and isinstance(file.count, int)):
            raise IncompletePull(
                f"{name} of the export has {again.lines} of {file.least} lines, after "
                f"{first.lines} at the first try. Nothing was stored; run again."
            )
        return again

    def _filter(self, placed: Iterator[Placed], strays: Counter[str]) -> Iterator[Placed]:
        """Remove the resources that have none of the codes, and count them."""
        for place, resource in placed:
            kind = type_of(resource) or ""
            codes = self.codes.get(kind)
            if codes is not None and _is_other(resource, codes, self.known.get(kind, set())):
                strays[kind] += 1
            else:
                yield place, resource

    @contextmanager
    def _here(self, file: File, name: str) -> Iterator[BinaryIO]:
        """Yield a downloaded file, and delete it after reading."""
        path = self.landing.folder / f".download-{name}"
        is_authorised = self.manifest.is_authorised(file, self.server.base)
        try:
            self.server.download(file.url, path, authorised=is_authorised)
            with unpack(path, name) as lines:
                yield lines
        finally:
            path.unlink(missing_ok=True)

    def refuse_failed(self) -> None:
        """Stop if the export reports errors or missing rows; log its warnings.

        Raises:
            IncompletePull: names the number of errors and their codes.
        """
        counts: Counter[Issue] = Counter()
        for place, file in enumerate(self.manifest.outcomes, start=1):
            name = f"outcome-{place:05}.ndjson"
            with self._here(file, name) as lines:
                for _, outcome in contents(lines, Called(name, name)):
                    issue = _issue_of(outcome)
                    self.judge(issue, "the export")
                    counts.update(issues(issue))
        errors = {issue: n for issue, n in counts.items() if issue.is_error}
        if errors:
            codes = ", ".join(sorted({error.code for error in errors}))
            raise IncompletePull(
                f"the export of {self.server.base} reports {sum(errors.values())} errors "
                f"({codes}): it may be incomplete"
            )
        for issue, number in sorted(counts.items()):
            if issue.severity == "warning":
                self.log.warning(f"the export reports {number} warnings ({issue.code})")

    def note_deleted(self) -> None:
        """Land the deleted ids of each type, and note that only changes have landed."""
        gone: dict[str, set[str]] = defaultdict(set)
        for place, file in enumerate(self.manifest.deleted or [], start=1):
            name = f"deleted-{place:05}.ndjson"
            with self._here(file, name) as lines:
                for line in lines:
                    self._read_deleted(line, name, gone)
        for kind in MAPPED_NAMES:
            with self.landing.unit(f"gone-{kind}") as unit:
                unit.record = Record(
                    query="deleted", type=kind, expected=0, received=0, pages=0,
                    gone=tuple(sorted(gone[kind])), is_change=True,
                )  # fmt: skip

    def _read_deleted(self, line: bytes, name: str, gone: dict[str, set[str]]) -> None:
        if not line.strip():
            return
        try:
            bundle = msgspec.json.decode(line, type=_Deletions)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise IncompletePull(f"{name} has a line that is not a Bundle of deletions") from None
        for entry in bundle.entry:
            if entry.request.method != "DELETE" or not isinstance(entry.request.url, str):
                raise IncompletePull(f"{name} has an entry that is not a deletion")
            for kind in MAPPED_NAMES:
                identifier = local_id(entry.request.url, kind, self.server.base)
                if identifier is not None:
                    gone[kind].add(identifier)


def _with_resources(placed: Iterator[Placed], name: str) -> Iterator[Placed]:
    """Yield the same lines.

    Raises:
        IncompletePull: no line is a resource, as in the error message of a gateway.
    """
    count, is_found = 0, False
    for line in placed:
        count += 1
        is_found = is_found or type_of(line[1]) is not None
        yield line
    if count and not is_found:
        raise IncompletePull(
            f"{name} of the export has {count} lines, but none of them is a FHIR resource. "
            "Nothing was stored; run again."
        )


def _is_other(resource: bytes, codes: set[str], known: set[str]) -> bool:
    """Return whether a resource was not requested; the mapping rejects invalid ones, which land."""
    try:
        head = head_of(resource)
    except SourceError:
        return False
    return codes.isdisjoint(head.codes) and head.id not in known


def _issue_of(outcome: bytes) -> Any:
    """Return the `issue` of an outcome; None if it cannot be read."""
    try:
        return head_of(outcome).issue
    except SourceError:
        return None
