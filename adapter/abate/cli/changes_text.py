"""The changes of a publication as text: by analysis, with the old and the new numbers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from abate.cli import options

if TYPE_CHECKING:
    from abate.publish.change import Change

# How many changed estimates of an analysis, and other resources, are listed.
SHOWN = 5


def text(changes: "Sequence[Change]", *, dry_run: bool, verbose: bool = False) -> str:
    """Return the changes and their counts; with `verbose`, one line for each resource."""
    lines = map(_line, _written(changes)) if verbose else _brief(changes)
    if dry_run:
        end = "; dry run, nothing written"
    else:
        end = "" if any(change.is_written for change in changes) else "; nothing written"
    return "\n".join([*lines, count_changes(changes) + end])


def count_changes(changes: "Sequence[Change]") -> str:
    """Return the counts as text: `create 2, update 0, retract 0, unchanged 7`."""
    from abate.telemetry.progress import count

    return ", ".join(f"{action} {n}" for action, n in count(changes).items())


def numbers(changes: "Sequence[Change]") -> Iterator[str]:
    """Yield the changed numbers: one line for each analysis, and one for each of its estimates."""
    from abate.publish.change import moves

    for analysis, of_analysis in moves(changes).items():
        plural = "" if len(of_analysis) == 1 else "s"
        yield f"{analysis}: {len(of_analysis)} estimate{plural} changed"
        for move in of_analysis[:SHOWN]:
            yield fill(move, options.width(), initial_indent="  ", subsequent_indent="    ")
        if len(of_analysis) > SHOWN:
            yield f"  and {len(of_analysis) - SHOWN} more"


def _brief(changes: "Sequence[Change]") -> Iterator[str]:
    """Yield the changed numbers, and what is created, retracted or left."""
    yield from numbers(changes)
    kinds = Counter(
        change.reference.partition("/")[0] for change in changes if change.action == "create"
    )
    if kinds:
        yield f"create  {', '.join(f'{kind} {n}' for kind, n in sorted(kinds.items()))}"
    others = [change for change in changes if change.action in ("retract", "left")]
    yield from map(_line, others[:SHOWN])
    if len(others) > SHOWN:
        yield f"and {len(others) - SHOWN} more that are retracted or left: see --verbose"


def _written(changes: "Sequence[Change]") -> Iterator["Change"]:
    return (change for change in changes if change.action != "unchanged")


def _line(change: "Change") -> str:
    """Return a change as text: `update  Observation/... week/falls (value 6 -> 7, n 9 -> 10)`."""
    parts = [*map(str, change.numbers), *change.worded]
    why = change.why or ", ".join(parts)
    named = f"{change.action}  {change.reference}" + (f" {change.name}" if change.name else "")
    return f"{named} ({why})" if why else named
