"""Read a local file as a stream of bytes: plain, or compressed with gzip or zstd."""

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
    """Open a file, and decompress it during reading.

    The content decides about the compression, not the name. A file with the name of a compressed
    file that is not compressed, or is empty, counts as damaged.

    Args:
        path: the file.
        name: its name in messages.

    Raises:
        SourceError: the file cannot be read, or is truncated or damaged; names the file.
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
    return SourceError(f"{name} is truncated or damaged: it cannot be decompressed completely")
