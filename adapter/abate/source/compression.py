"""A file of this machine as a stream of bytes: plain, or packed with gzip or zstd."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from abate.errors import SourceError
from abate.http.download import MAGIC

_GZIP, _ZSTD = MAGIC
PACKED = (".gz", ".zst")


@contextmanager
def unpack(path: Path, name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked as they are read.

    What is inside the file decides, not its name; a file that is named as packed and is not, or is
    empty, is damaged.

    Args:
        path: the file.
        name: what it is called in messages.

    Raises:
        SourceError: it cannot be read, or it is cut off or damaged; names the file.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if path.suffix in PACKED and not magic.startswith(MAGIC):
                raise _damage(name)
            if magic.startswith(_GZIP):
                with gzip.open(file) as stream:
                    yield cast("BinaryIO", stream)
            elif magic == _ZSTD:
                with zstd.open(file) as stream:
                    yield cast("BinaryIO", stream)
            else:
                yield file
    except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError):
        raise _damage(name) from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from None


def _damage(name: str) -> SourceError:
    return SourceError(f"{name} is cut off or damaged: what it was packed from is not all there")
