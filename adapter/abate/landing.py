"""Landed files: NDJSON, one resource a line, one file a type, as the server sent the bytes.

They hold patient data: the folder is the owner's alone, and goes when the run ends.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from abate.errors import StoreError


class Landing:
    """A folder that resources land in: a context manager that removes it at the end."""

    def __init__(self, folder: Path) -> None:
        """Land in `folder`, which is made anew."""
        self.folder = folder
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        with _told(self.folder):
            self.folder.mkdir(mode=0o700, parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except StoreError:
            if error is None:
                raise
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, kind: str, resource: bytes) -> None:
        """Append one resource; one that holds a newline is compacted to its line."""
        if b"\n" in resource:
            resource = _one_line(resource)
        with _told(self.folder):
            if kind not in self._files:
                self._files[kind] = self.path(kind).open("ab")
            self._files[kind].write(resource + b"\n")

    def path(self, kind: str) -> Path:
        """The file of a resource type."""
        return self.folder / f"{kind}.ndjson"

    def close(self) -> None:
        """Finish the files, so that they can be read; if one fails, the others are closed too."""
        with _told(self.folder), ExitStack() as closing:
            while self._files:
                closing.callback(self._files.popitem()[1].close)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say in a sentence that the disk refuses.

    Raises:
        StoreError: names the folder and the reason.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"nothing can be landed in {folder}: {error.strerror}.") from None


def _one_line(resource: bytes) -> bytes:
    """The same JSON without newlines; what is no JSON becomes one line that the mapping judges."""
    try:
        return msgspec.json.format(resource, indent=-1)
    except (msgspec.MsgspecError, RecursionError):
        return resource.replace(b"\n", b" ")
