"""The report's files in a folder: the results, the page, and the numbers as CSV, as one set."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import msgspec

from abate.analysis import results as results_file
from abate.analysis import units_file
from abate.analysis.page_section import PageSection
from abate.analysis.results import Results
from abate.errors import disk_errors
from abate.report import tables
from abate.report.page import document
from abate.telemetry.private_file import write_set

PAGE = "report.html"
TABLES = "tables"
NOTHING_ELSE: Mapping[Path, bytes] = MappingProxyType({})


class _Resource(msgspec.Struct):
    path: str


class _Package(msgspec.Struct):
    """The files that a descriptor names."""

    resources: list[_Resource]


def write(
    results: Results,
    folder: Path,
    plugin_sections: Sequence[PageSection] = (),
    others: Mapping[Path, bytes] = NOTHING_ELSE,
) -> list[Path]:
    """Write page, tables, `results.json` and its units, readable by the owner; remove old ones.

    They are one set: if one cannot be written, none is, so that new results are never beside old
    tables. `results.json` is written last.

    Args:
        results: the results.
        folder: the folder.
        plugin_sections: the sections of plugins for the page.
        others: further files of the same set.

    Raises:
        StoreError: a file cannot be written.
    """
    sheets = tables.sheets(results)
    with disk_errors(f"{folder / TABLES} cannot be written"):
        (folder / TABLES).mkdir(mode=0o700, parents=True, exist_ok=True)
    # The descriptor is first: the next run removes the files that it names.
    content = {folder / TABLES / tables.DESCRIPTOR: tables.descriptor(results, sheets)}
    content |= {folder / TABLES / f"{sheet.name}.csv": tables.as_csv(sheet) for sheet in sheets}
    content[folder / PAGE] = document.render(results, plugin_sections).encode()
    content |= others
    text = results_file.as_json(results)
    if results_file.has_units(results):
        content[folder / units_file.FILE] = units_file.content(results, text)
    content[folder / results_file.FILE] = text
    write_set(content, partial(forget, folder))
    return list(content)


def forget(folder: Path) -> None:
    """Remove the results, the page and the tables of an earlier report, and no other file.

    Raises:
        StoreError: a file cannot be removed.
    """
    results_file.forget(folder)
    for path in [folder / PAGE, *_read_previous(folder / TABLES)]:
        with disk_errors(f"{path} cannot be written"):
            path.unlink(missing_ok=True)


def _read_previous(folder: Path) -> Iterator[Path]:
    descriptor = folder / tables.DESCRIPTOR
    try:
        package = msgspec.json.decode(descriptor.read_bytes(), type=_Package)
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError):
        yield from filter(_is_ours, folder.glob("*.csv"))
        yield descriptor
        return
    for resource in package.resources:
        if Path(resource.path).name == resource.path and resource.path.endswith(".csv"):
            yield folder / resource.path
    yield descriptor


def _is_ours(sheet: Path) -> bool:
    """Whether a table is ours: the last column of each of our tables is `release`."""
    with disk_errors(f"{sheet} cannot be written"), sheet.open("rb") as file:
        return file.readline().endswith(b"release\r\n")
