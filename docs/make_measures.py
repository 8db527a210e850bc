"""Measure how the code is built: python docs/make_measures.py [--write].

Without options it prints the measures of this tree as JSON; `--write` puts them into the table of
docs/explanation/measures.md, beside those of before. The frames from `main` to a request are
counted while `abate run` pulls the published study from the embedded server. The seconds of
`make test` and of the gate are of a machine with two cores and stand in the page itself.
"""

import ast
import inspect
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import grimp
import requests

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "adapter" / "abate"
PAGE = ROOT / "docs" / "explanation" / "measures.md"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Verbs, adjectives and nouns that end as a participle does.
NOT_PARTICIPLES = {"feed", "need", "seed", "embed", "speed", "exceed", "proceed", "shred", "read"}

Measures = dict[str, int | float]


def modules() -> dict[Path, ast.Module]:
    """All modules of the core, parsed."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, from its `def` to its end, without its docstring."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(one) for one in node.decorator_list)


def _participles(functions: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> int:
    names = [one.name.strip("_") for one in functions if not _is_property(one)]
    return sum(
        1
        for name in names
        if name.split("_")[0].endswith("ed") and name.split("_")[0] not in NOT_PARTICIPLES
    )


def sizes() -> Measures:
    """Modules, functions and classes."""
    trees = modules()
    functions = [n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]
    lengths = sorted(_length(one) for one in functions)
    lines = sorted(len(path.read_text("utf-8").splitlines()) for path in trees)
    classes = Counter(
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return {
        "modules": len(trees),
        "files at the top": len(list(PACKAGE.glob("*.py"))),
        "lines of the core": sum(lines),
        "longest function": lengths[-1],
        "functions over 40 lines": sum(1 for one in lengths if one > 40),
        "median function": median(lengths),
        "90 % of functions": round(quantiles(lengths, n=10)[-1]),
        "longest module": lines[-1],
        "median module": median(lines),
        "90 % of modules": round(quantiles(lines, n=10)[-1]),
        "functions": len(functions),
        "functions named by a participle": _participles(functions),
        "class names in several modules": sum(1 for count in classes.values() if count > 1),
    }


def tests() -> Measures:
    """Lines of the tests."""
    files = (ROOT / "tests").rglob("*.py")
    return {"lines of tests": sum(len(one.read_text("utf-8").splitlines()) for one in files)}


def imports() -> Measures:
    """Levels of imports between modules: the longest chain of modules that import each other."""
    graph = grimp.build_graph("abate", exclude_type_checking_imports=True, cache_dir=None)
    edges = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    depth: dict[str, int] = {}
    circles = 0

    def level(module: str, above: tuple[str, ...] = ()) -> int:
        nonlocal circles
        if module in above:
            circles += 1
            return 0
        if module not in depth:
            depth[module] = 1 + max(
                (level(one, (*above, module)) for one in edges[module]), default=0
            )
        return depth[module]

    return {"levels of imports": max(level(one) for one in sorted(edges)), "circles": circles}


def _own_frames(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if PACKAGE in path.parents and "sandbox" not in path.parts:
            yield f"{path.stem}.{frame.f_code.co_name}"
        frame = frame.f_back


def frames() -> Measures:
    """Frames of abate's own from `main` to a request, at most, in a first and a second pull."""
    from abate import cli, demo
    from abate.sandbox import Sandbox, running

    most, send = 0, requests.Session.send

    def counting(*arguments: Any, **named: Any) -> Any:
        nonlocal most
        most = max(most, len(list(_own_frames(inspect.currentframe()))))
        return send(*arguments, **named)

    requests.Session.send = counting  # type: ignore[method-assign]  # to look at who calls it
    with TemporaryDirectory() as name, running(Sandbox()) as url:
        folder = Path(name)
        demo.lay_out(folder)
        demo.load_study_by_http(url)
        most = 0
        sets = [f"source.url={url}", "source.parallel=1"]
        chosen = [part for one in sets for part in ("--set", one)]
        sys.argv = ["abate", "run", "--quiet", str(folder / "study.toml"), *chosen]
        for _ in range(2):
            with redirect_stdout(io.StringIO()), suppress(SystemExit):
                cli.main()
    requests.Session.send = send  # type: ignore[method-assign]
    return {"frames from main to a request": most}


def measures() -> Measures:
    """All that is measured."""
    return {**sizes(), **tests(), **imports(), **frames()}


def main() -> None:
    """Print the measures, or write them into the page."""
    is_written = "--write" in sys.argv
    found = measures()
    if not is_written:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return
    text = PAGE.read_text("utf-8")
    for name, value in found.items():
        row = re.compile(rf"^(\| {re.escape(name)} \| [^|]+ \|)[^|]*\|$", re.MULTILINE)
        text = row.sub(rf"\g<1> {value:,} |", text)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
