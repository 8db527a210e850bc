"""Pull from local files: NDJSON, Bundles and single resources, also compressed by gzip or zstd.

Every pull lands all resources of the files. No server is contacted: `[source] url` is the server
that the references and ids belong to.
"""

import glob
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from abate.config.source import Source as Settings
from abate.errors import SourceError
from abate.fhir.types import MAPPED_NAMES
from abate.source import Pulled
from abate.source.compression import unpack
from abate.source.files.reader import Called, contents
from abate.source.files.servers import FileServers
from abate.source.files.split_by_type import Sorted, land
from abate.source.plan import Plan
from abate.source.required_data import refuse_insufficient
from abate.store.landing import Landing
from abate.store.ledger import FILES, Ledger, LedgerLine
from abate.store.pull_remarks import judge_of
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import ServerState


# The file names of an export: `Observation.ndjson`, `Patient.000.ndjson.gz`.
_PLAIN = re.compile(
    rf"({'|'.join(MAPPED_NAMES)})([._-]?\d{{1,4}})?\.(ndjson|jsonl|json)(\.gz|\.zst)?"
)


class FilesSource:
    """The files of a study."""

    def __init__(self, settings: Settings, folder: Path, kept: "ServerState") -> None:
        """Pull the files of `[source] files`, relative to the study file's `folder`."""
        self._patterns, self._folder = settings.files, folder
        self._server = kept.server
        self._accepts_withheld = settings.withheld == "accept"

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land all resources of the files; see `PullSource.bring`.

        Raises:
            SourceError: a pattern matches no file, a file cannot be read completely, or the files
                are from two servers.
        """
        ledger, others = Ledger(), Counter[str]()
        servers = FileServers(self._server)
        judge = judge_of(landing, is_accepted=self._accepts_withheld)
        found_files = find_files(self._folder, self._patterns)
        for place, file in enumerate(found_files, start=1):
            log.info(f"reading {file.shown} ({place} of {len(found_files)})")
            with unpack(self._folder / file.name, file.shown) as stream:
                placed = contents(stream, file, servers=servers)
                by_type = land(landing, f"file-{place:05}", file, placed, judge=judge)
            others.update(by_type.others)
            enter(ledger, by_type)
        for line in ledger.lines:
            log.info(f"pulled {line}", name="query.done", **line.fields)
        ledger.warn("files give", log)
        log_others(log, others)
        refuse_insufficient(landing, plan, self._server)
        arrived = frozenset(line.type for line in ledger.lines)
        return Pulled(ledger=ledger, strategy="files", arrived=arrived)


def find_files(folder: Path, patterns: Sequence[str]) -> list[Called]:
    """Return the distinct files that match the patterns, in order, with their names for messages.

    A file may be named after a patient, as Synthea's Bundles are. So a name is shown only if it is
    in the study file, or consists of a type and a number.

    Args:
        folder: the base of relative patterns.
        patterns: paths, or globs; `**` is any folder.

    Raises:
        SourceError: a pattern matches no file.
    """
    files, known = list[Called](), set[Path]()
    for pattern in patterns:
        for place, name in enumerate(_matching(folder, pattern), start=1):
            path = (folder / name).resolve()
            if path not in known:
                known.add(path)
                files.append(Called(name, _shown(name, pattern, place)))
    return files


def _shown(name: str, pattern: str, place: int) -> str:
    """Return `file 3 of sent/*.json`, in the order of the names, or the name itself."""
    own = Path(name).name
    if name == pattern:
        return name
    return own if _PLAIN.fullmatch(own) else f"file {place} of {pattern}"


def _matching(folder: Path, pattern: str) -> list[str]:
    if (folder / pattern).is_file():
        return [pattern]
    if (folder / pattern).is_dir():
        raise SourceError(
            f"{pattern} of [source] files is a folder: name its files, as {pattern.rstrip('/')}/*"
        )
    names = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 - absolute ones too
    files = [name for name in names if not (folder / name).is_dir()]
    if not files:
        raise SourceError(
            f"{pattern} of [source] files matches no file in {folder}. Check the path, and that "
            "the files have been written."
        )
    return files


def enter(ledger: Ledger, by_type: Sorted) -> None:
    """Record the counts of a file in the ledger, by type; each file is a page."""
    for kind in MAPPED_NAMES:
        if count := by_type.received[kind]:
            line = LedgerLine(
                query=FILES, type=kind, expected=None, received=count, pages=1, is_confirmed=False
            )
            ledger.add(line)


def log_others(log: Log, others: Counter[str]) -> None:
    """Log the number of resources of types that abate does not read."""
    if others:
        log.info(f"excluded, of types that abate does not read: {', '.join(_counts(others))}")


def _counts(others: Counter[str]) -> Iterator[str]:
    return (f"{count} {kind}" for kind, count in sorted(others.items()))
