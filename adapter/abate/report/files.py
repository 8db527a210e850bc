"""The report's files in a folder: the page, and the numbers as CSV."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from abate.errors import StoreError
from abate.private_file import write_private
from abate.report import page, tables
from abate.results import Results

PAGE = "report.html"
TABLES = "tables"


class _Resource(msgspec.Struct):
    path: str


class _Package(msgspec.Struct):
    """What a descriptor says that we wrote."""

    resources: list[_Resource]


def write(results: Results, folder: Path) -> list[Path]:
    """Write page and tables for the owner only; files of an earlier report are removed.

    Raises:
        StoreError: the disk refuses.
    """
    html = page.render(results)
    sheets = tables.sheets(results)
    forget(folder)
    with _made(folder / TABLES):
        (folder / TABLES).mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {folder / PAGE: html.encode()}
    # The descriptor first: what it names is ours, and is removed the next time.
    content[folder / TABLES / tables.DESCRIPTOR] = tables.descriptor(results, sheets)
    content |= {folder / TABLES / f"{one.name}.csv": tables.as_csv(one) for one in sheets}
    for path, text in content.items():
        write_private(path, text)
    return list(content)


def forget(folder: Path) -> None:
    """Remove the page and the tables of an earlier report, and no file but those.

    Raises:
        StoreError: the disk refuses.
    """
    for path in [folder / PAGE, *_written_before(folder / TABLES)]:
        with _made(path):
            path.unlink(missing_ok=True)


def _written_before(folder: Path) -> Iterator[Path]:
    descriptor = folder / tables.DESCRIPTOR
    try:
        package = msgspec.json.decode(descriptor.read_bytes(), type=_Package)
    except (OSError, msgspec.MsgspecError):
        return
    for resource in package.resources:
        if Path(resource.path).name == resource.path and resource.path.endswith(".csv"):
            yield folder / resource.path
    yield descriptor


@contextmanager
def _made(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
