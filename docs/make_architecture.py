"""Draw the picture of the architecture: python docs/make_architecture.py [--write].

Its boxes are the packages and modules below `abate`, from top to bottom in the order of the layers
in pyproject.toml. An arrow is an import, function-level imports included and those for types alone
left out; it is left out too if it follows from others (the transitive reduction).
"""

import sys
import tomllib
from html import escape
from pathlib import Path
from textwrap import wrap

import grimp

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
WIDTH, BOX_HEIGHT, GAP, MARGIN = 1080, 62, 46, 24

Edges = dict[str, set[str]]
Places = dict[str, tuple[float, float, float]]


def layers() -> list[list[str]]:
    """The rooms of each layer, the highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [contract] = [
        one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    ]
    return [layer.split(" : ") for layer in contract["layers"]]


def imports(rooms: list[str]) -> Edges:
    """Which room imports which others."""
    graph = grimp.build_graph("abate", exclude_type_checking_imports=True, cache_dir=None)
    modules = {room: {f"abate.{room}", *graph.find_descendants(f"abate.{room}")} for room in rooms}
    return {
        room: {
            other
            for other in rooms
            if other != room
            and any(
                graph.find_modules_directly_imported_by(module) & modules[other]
                for module in modules[room]
            )
        }
        for room in rooms
    }


def reduced(edges: Edges) -> Edges:
    """The same without what follows from others; the imports have no circle."""

    def reach(room: str) -> set[str]:
        return {one for other in edges[room] for one in {other, *reach(other)}}

    return {
        room: {
            one
            for one in others
            if not any(one in reach(other) for other in others if other != one)
        }
        for room, others in edges.items()
    }


def sizes(rooms: list[str]) -> dict[str, tuple[int, str]]:
    """How many modules a room has, and what it is for."""
    found = {}
    for room in rooms:
        folder = ROOT / "adapter" / "abate" / room
        file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        modules = list(folder.rglob("*.py")) if folder.is_dir() else [file]
        words = file.read_text("utf-8").split('"""')[1].split("\n")[0]
        count = sum(1 for one in modules if one.name != "__init__.py")
        found[room] = (count, words.rstrip("."))
    return found


def draw(rows: list[list[str]], edges: Edges) -> str:
    """The picture as SVG."""
    facts = sizes([room for row in rows for room in row])
    places: Places = {}
    for number, row in enumerate(rows):
        width = (WIDTH - 2 * MARGIN - 16 * (len(row) - 1)) / max(len(row), 2)
        start = (WIDTH - width * len(row) - 16 * (len(row) - 1)) / 2
        # Rows with one room stand in turns left and right, so that arrows pass beside them.
        start += 0 if len(row) > 1 else (-120 if number % 2 else 120)
        for place, room in enumerate(row):
            places[room] = (
                start + place * (width + 16),
                MARGIN + number * (BOX_HEIGHT + GAP),
                width,
            )
    height = 2 * MARGIN + len(rows) * (BOX_HEIGHT + GAP) - GAP
    lines = [_line(places[room], places[one]) for room in edges for one in sorted(edges[room])]
    boxes = [_box(room, *facts[room], places[room]) for room in places]
    style = (
        "text{font-family:system-ui,sans-serif;fill:#1a1a1a}.n{font-size:15px;font-weight:600}"
        ".w{font-size:11.5px;fill:#444}rect{fill:#fff;stroke:#3b5b7e;stroke-width:1.2}"
        "path{fill:none;stroke:#8aa0b8;stroke-width:1.1}"
    )
    marker = (
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8" style="stroke:#8aa0b8;fill:#8aa0b8"/></marker>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        'aria-label="The packages of abate and their imports, which run down">'
    )
    return "\n".join(
        [
            head,
            f"<style>{style}</style><defs>{marker}</defs>",
            f'<rect width="{WIDTH}" height="{height:.0f}" style="stroke:none"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def _line(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    x, y = start[0] + start[2] / 2, start[1] + BOX_HEIGHT
    to_x, to_y = end[0] + end[2] / 2, end[1] - 1
    bend = (to_y - y) / 2
    return (
        f'<path marker-end="url(#a)" d="M{x:.0f} {y:.0f} C{x:.0f} {y + bend:.0f} '
        f'{to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y:.0f}"/>'
    )


def _box(room: str, count: int, words: str, place: tuple[float, float, float]) -> str:
    x, y, width = place
    middle = x + width / 2
    modules = "" if count == 1 else f"  ({count} modules)"
    rows = wrap(words, int(width / 6.4))[:2]
    text = "".join(
        f'<text class="w" x="{middle:.0f}" y="{y + 36 + 14 * number:.0f}" text-anchor="middle">'
        f"{escape(row)}</text>"
        for number, row in enumerate(rows)
    )
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="5"/>'
        f'<text class="n" x="{middle:.0f}" y="{y + 19:.0f}" text-anchor="middle">'
        f"{escape(room + modules)}</text>{text}"
    )


def main() -> int:
    """Draw it; without `--write`, say whether the picture is as the imports are."""
    rows = layers()
    picture = draw(rows, reduced(imports([room for row in rows for room in row])))
    if "--write" in sys.argv:
        PICTURE.write_text(picture, "utf-8")
        return 0
    is_old = not PICTURE.exists() or PICTURE.read_text("utf-8") != picture
    sys.stdout.write(f"{PICTURE.name} is {'not ' if is_old else ''}as the imports are\n")
    return int(is_old)


if __name__ == "__main__":
    sys.exit(main())
