"""Write files atomically, readable by their owner only."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from abate.errors import disk_errors


def write_private(path: Path, content: bytes, *, is_lasting: bool = True) -> None:
    """Write a file completely or not at all, readable by its owner only.

    Args:
        path: the file. Until it is replaced, a reader sees its previous content.
        content: the whole content.
        is_lasting: whether it must survive a power cut; a file that is soon rewritten need not.

    Raises:
        StoreError: the file cannot be written.
    """
    with disk_errors(f"{path} cannot be written"):
        _write_partial(path, content, is_lasting=is_lasting).replace(path)


def write_set(contents: Mapping[Path, bytes], before: Callable[[], None]) -> None:
    """Write files that belong together: all of them, or none.

    All files are written under temporary names before the first is renamed, so a full disk leaves
    the previous files in place. A process that is killed while it renames leaves only the first
    ones: the file that shows that the set is complete must be the last.

    Args:
        contents: the content of each file, in the order of renaming.
        before: is called when all are written and none is renamed: removes the previous files.

    Raises:
        StoreError: a file cannot be written.
    """
    partials = [_partial(path) for path in contents]
    try:
        for path, content in contents.items():
            with disk_errors(f"{path} cannot be written"):
                _write_partial(path, content)
        before()
        for path, partial in zip(contents, partials, strict=True):
            with disk_errors(f"{path} cannot be written"):
                partial.replace(path)
    finally:
        for partial in partials:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _write_partial(path: Path, content: bytes, *, is_lasting: bool = True) -> Path:
    """Write the content of `path` to a temporary file beside it."""
    partial = _partial(path)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if is_lasting:
            file.flush()
            os.fsync(file.fileno())
    return partial


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")
