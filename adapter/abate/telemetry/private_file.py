"""Files that are their owner's alone, written whole or not at all."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from abate.errors import disk_errors


def write_private(path: Path, content: bytes, *, is_lasting: bool = True) -> None:
    """Write a file whole or not at all, readable by its owner only.

    Args:
        path: where it stands, and whoever reads it meanwhile finds the one before.
        content: all of it.
        is_lasting: whether it must outlive a power cut; what is soon written anew need not.

    Raises:
        StoreError: the disk refuses.
    """
    with disk_errors(f"{path} cannot be written"):
        _write_partial(path, content, is_lasting=is_lasting).replace(path)


def write_set(contents: Mapping[Path, bytes], before: Callable[[], None]) -> None:
    """Write files that belong together: all of them, or none.

    All are on the disk under other names before the first gets its own. So a disk that is full
    leaves the files of before. Who is killed while they are renamed leaves the first of them: the
    one that tells that the set is whole goes last.

    Args:
        contents: what stands in each, in the order in which they get their names.
        before: is called when all are on the disk: removes the files of before.

    Raises:
        StoreError: the disk refuses.
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
    """Write what will be the file at `path` under another name beside it."""
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
