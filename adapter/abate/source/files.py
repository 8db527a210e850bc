"""Pull from files of this machine: NDJSON, Bundles and single resources, also gzip and zstd.

All that the files hold lands, whole every time. Nothing is asked of a server: `[source] url` says
whose references and ids these are.
"""

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from abate.errors import SourceError
from abate.kept import Kept
from abate.landing import Landing
from abate.settings import StudyFile
from abate.source import Pulled, Say
from abate.source.contents import contents
from abate.source.ledger import Ledger, Line
from abate.source.plan import Plan
from abate.source.sorting import TYPES, Sorted, land
from abate.source.sufficient import refuse_insufficient
from abate.source.unpacked import unpacked


class FilesSource:
    """Files that the study names."""

    def __init__(self, study_file: StudyFile, kept: Kept) -> None:
        """Pull what `[source] files` leads to, from the study file's folder on."""
        self._patterns = study_file.settings.source.files
        self._folder = study_file.folder
        self._server = kept.server

    def bring(self, plan: Plan, landing: Landing, say: Say) -> Pulled:
        """Land all that the files hold; see `Source.bring`.

        Raises:
            SourceError: a pattern leads to no file, or a file cannot be read whole.
        """
        ledger, others = Ledger(), Counter[str]()
        paths = named(self._folder, self._patterns)
        for place, name in enumerate(paths, start=1):
            say(f"reading {name}: file {place} of {len(paths)}")
            found = _landed(landing, self._folder / name, name, place)
            others.update(found.others)
            enter(ledger, found)
        for line in ledger.lines:
            say(f"pulled {line}", event="query.done", **line.fields)
        say_others(say, others)
        refuse_insufficient(landing, plan, self._server)
        return Pulled(ledger=ledger, strategy="files")


def named(folder: Path, patterns: Sequence[str]) -> list[str]:
    """The files that the patterns lead to, each once, in the order of the patterns.

    Args:
        folder: where relative patterns start.
        patterns: paths, or globs; `**` is any folder.

    Raises:
        SourceError: a pattern leads to no file.
    """
    found = [name for pattern in patterns for name in _matching(folder, pattern)]
    return list({(folder / name).resolve(): name for name in reversed(found)}.values())[::-1]


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


def _landed(landing: Landing, path: Path, name: str, place: int) -> Sorted:
    with unpacked(path, name) as file:
        return land(landing, f"file-{place:05}", name, contents(file, name))


def enter(ledger: Ledger, found: Sorted) -> None:
    """Enter what a file brought in the books, by type: each file is a page."""
    for kind in TYPES:
        if count := found.received[kind]:
            ledger.add(Line(query="files", type=kind, expected=count, received=count, pages=1))


def say_others(say: Say, others: Counter[str]) -> None:
    """Say how many resources no study needs."""
    if others:
        say(f"left out, of types that are not read: {', '.join(_counts(others))}")


def _counts(others: Counter[str]) -> Iterator[str]:
    return (f"{count} {kind}" for kind, count in sorted(others.items()))
