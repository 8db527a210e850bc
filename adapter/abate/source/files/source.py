"""Pull from files of this machine: NDJSON, Bundles and single resources, also gzip and zstd.

All that the files hold lands, whole every time. Nothing is asked of a server: `[source] url` says
whose references and ids these are.
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


# As an export names its files: `Observation.ndjson`, `Patient.000.ndjson.gz`.
_PLAIN = re.compile(
    rf"({'|'.join(MAPPED_NAMES)})([._-]?\d{{1,4}})?\.(ndjson|jsonl|json)(\.gz|\.zst)?"
)


class FilesSource:
    """Files that the study names."""

    def __init__(self, settings: Settings, folder: Path, kept: "ServerState") -> None:
        """Pull what `[source] files` leads to, from the study file's `folder` on."""
        self._patterns, self._folder = settings.files, folder
        self._server = kept.server
        self._accepts_withheld = settings.withheld == "accept"

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land all that the files hold; see `PullSource.bring`.

        Raises:
            SourceError: a pattern leads to no file, a file cannot be read whole, or the files
                are of two servers.
        """
        ledger, others = Ledger(), Counter[str]()
        servers = FileServers(self._server)
        judge = judge_of(landing, is_accepted=self._accepts_withheld)
        found_files = find_files(self._folder, self._patterns)
        for place, file in enumerate(found_files, start=1):
            log.info(f"reading {file.shown} ({place} of {len(found_files)})")
            with unpack(self._folder / file.name, file.shown) as stream:
                placed = contents(stream, file, servers=servers)
                found = land(landing, f"file-{place:05}", file, placed, judge=judge)
            others.update(found.others)
            enter(ledger, found)
        for line in ledger.lines:
            log.info(f"pulled {line}", name="query.done", **line.fields)
        ledger.warn("files give", log)
        log_others(log, others)
        refuse_insufficient(landing, plan, self._server)
        arrived = frozenset(line.type for line in ledger.lines)
        return Pulled(ledger=ledger, strategy="files", arrived=arrived)


def find_files(folder: Path, patterns: Sequence[str]) -> list[Called]:
    """The files that the patterns lead to, each once, in their order; and how each is shown.

    A file may be called after a patient, as Synthea's Bundles are. So its name is shown only where
    it stands in the study file, or tells no more than a type and a number.

    Args:
        folder: where relative patterns start.
        patterns: paths, or globs; `**` is any folder.

    Raises:
        SourceError: a pattern leads to no file.
    """
    found, known = list[Called](), set[Path]()
    for pattern in patterns:
        for place, name in enumerate(_matching(folder, pattern), start=1):
            path = (folder / name).resolve()
            if path not in known:
                known.add(path)
                found.append(Called(name, _shown(name, pattern, place)))
    return found


def _shown(name: str, pattern: str, place: int) -> str:
    """`file 3 of sent/*.json`, in the order of their names, or the name itself."""
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
            f"{pattern} of [source] files leads to no file, from {folder} on. Check the path, and "
            "whether what writes the files has run."
        )
    return files


def enter(ledger: Ledger, found: Sorted) -> None:
    """Enter what a file brought in the books, by type: each file is a page."""
    for kind in MAPPED_NAMES:
        if count := found.received[kind]:
            line = LedgerLine(
                query=FILES, type=kind, expected=None, received=count, pages=1, is_confirmed=False
            )
            ledger.add(line)


def log_others(log: Log, others: Counter[str]) -> None:
    """Log how many resources no study needs."""
    if others:
        log.info(f"left out, of types that are not read: {', '.join(_counts(others))}")


def _counts(others: Counter[str]) -> Iterator[str]:
    return (f"{count} {kind}" for kind, count in sorted(others.items()))
