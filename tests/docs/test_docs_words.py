"""The words of the project: functions are verbs, a class name has one meaning, prose is plain."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

# What a module, class or function may not be named by; the word to use instead stands beside it.
NAMES = {
    "hole": "incomplete",
    "heed": "honour",
    "told": "events, message",
    "said": "message",
    "say": "log, report",
    "saying": "message",
    "asking": "query, request",
    "patience": "retry",
    "trouble": "failures",
    "remains": "leftovers",
    "standing": "existing",
    "kept": "watermark, state",
    "brought": "received",
    "walked": "pass",
    "seen": "id set, sample",
    "tally": "counts",
    "sufficient": "required",
    "loose": "inconsistent",
    "refreshed": "refresh",
}
# What a variable may not be named: a noun says what it holds.
VARIABLES = {"found", "one", "some", "told", "said", "brought", "list_", "type_"}
# What prose may not say: in messages, help, docstrings and docs.
PHRASES = {
    r"\ba hole\b|\bholes\b": "incomplete result, missing resources",
    r"\bheeds?\b|\bheeded\b": "honour, support",
    r"\bis no hole\b": "is not missing",
    r"\bby itself\b|\bby themselves\b": "separately, automatically",
    r"\bnow and then\b": "regularly",
    r"\bwants a look\b": "investigate",
    r"\bnothing means nothing\b": "an empty result can be trusted",
    r"\bthe told\b": "events",
    r"\bof its own accord\b": "automatically",
    r"\blet go of\b": "delete",
    r"\bis to be had\b|\bare to be had\b": "is available",
    r"\bwhat is none\b": "an invalid value",
    r"\bburies\b|\bbury rows\b": "mark as deleted",
    r"\bwhat stands\b|\bstands there\b|\bstood there\b": "is on the target, in the store, …",
    r"\bthe disk refuses\b": "cannot be written",
    r"\bleave the house\b|\bleaves the house\b": "be released, published",
    r"\bthe books\b": "the ledger, the counts",
}
# Nouns, adjectives and verbs that end as a participle does.
NOT_PARTICIPLES = {"feed", "need", "seed", "embed", "speed", "exceed", "proceed", "shred"}
# Names of the public contract.
ALLOWED = {"cited"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.fixture(scope="module")
def code(root) -> dict[Path, ast.Module]:
    """The modules of the core and of the shipped analyses, parsed."""
    folders = [root / "adapter" / "abate", root / "plugins" / "abate_analyses"]
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return {path: ast.parse(path.read_text("utf-8")) for path in paths}


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and "property" not in map(ast.unparse, node.decorator_list):
            yield node


def test_functions_are_named_by_verbs(code):
    participles = [
        f"{path.name}: {function.name}"
        for path, tree in code.items()
        for function in _functions(tree)
        if (first := function.name.strip("_").split("_")[0]).endswith("ed")
        and first not in NOT_PARTICIPLES | ALLOWED
    ]
    assert participles == []


def test_a_class_name_has_one_meaning(code):
    modules = defaultdict(set)
    for path, tree in code.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                modules[node.name].add(path.name)
    shared = {name: paths for name, paths in modules.items() if len(paths) > 1}
    assert shared == {}


def test_no_module_class_or_function_is_named_by_a_banned_word(code):
    names = [(path.name, path.stem) for path in code]
    for path, tree in code.items():
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        names += [(path.name, node.name) for node in [*classes, *_functions(tree)]]
    banned = [
        f"{file}: {name}"
        for file, name in names
        if not NAMES.keys().isdisjoint(
            re.findall(r"[a-z]+", re.sub("(?=[A-Z])", " ", name).lower())
        )
    ]
    assert banned == []


def test_variables_are_nouns(code):
    banned = [
        f"{path.name}:{node.lineno}: {name}"
        for path, tree in code.items()
        for node in ast.walk(tree)
        if (name := _bound_by(node)) in VARIABLES and id(node) not in _fields(tree)
    ]
    assert banned == []


def _fields(tree: ast.Module) -> set[int]:
    """The fields of classes, whose names may be those of JSON."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    parts = [part for node in classes for part in node.body]
    return {id(part.target) for part in parts if isinstance(part, ast.AnnAssign)}


def _bound_by(node: ast.AST) -> str | None:
    """The name of a variable or parameter that a node binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    return node.arg if isinstance(node, ast.arg) else None


def _prose(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())


@pytest.mark.parametrize("phrase", PHRASES, ids=PHRASES.values())
def test_prose_uses_no_banned_phrase(root, code, phrase):
    pages = [root / "README.md", root / "CONTRIBUTING.md", root / "SECURITY.md"]
    texts = {path: [path.read_text("utf-8")] for path in [*pages, *(root / "docs").rglob("*.md")]}
    texts |= {path: list(_prose(tree)) for path, tree in code.items()}
    found = [
        f"{path.relative_to(root)}: {match[0]} (write: {PHRASES[phrase]})"
        for path, parts in texts.items()
        for part in parts
        for match in re.finditer(phrase, part, re.IGNORECASE)
    ]
    assert found == []
