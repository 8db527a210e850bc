"""Files that are their owner's alone, written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from abate.errors import StoreError


def write_private(path: Path, content: bytes, *, is_lasting: bool = True) -> None:
    """Write a file whole or not at all, readable by its owner only.

    Args:
        path: where it stands, and whoever reads it meanwhile finds the one before.
        content: all of it.
        is_lasting: whether it must outlive a power cut; what is soon written anew need not.

    Raises:
        StoreError: the disk refuses.
    """
    partial = path.with_name(f".{path.name}.partial")
    with told_of_the_disk(path):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if is_lasting:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)


@contextmanager
def told_of_the_disk(path: Path) -> Iterator[None]:
    """Say in a sentence that the disk refuses.

    Raises:
        StoreError: names the file and what the system says.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
