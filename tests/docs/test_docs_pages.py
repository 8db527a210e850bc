"""What holds for every page: links, TOML, Python, and nothing of the place it was written at."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from abate.analysis.outcome import check
from abate.config.reader import read

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
each_page = pytest.mark.parametrize(
    "page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES]
)


@each_page
def test_every_internal_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert ROOT in target.parents, link
        if anchor:
            assert anchor in _anchors(target), link


@each_page
def test_toml_blocks_are_toml_and_whole_study_files_are_valid(page, blocks, tmp_path):
    for block in blocks(page):
        if block.kind != "toml":
            continue
        content = tomllib.loads(block.text)
        if {"study", "source", "index", "scores", "visits"} <= set(content):
            path = tmp_path / "study.toml"
            path.write_text(block.text, "utf-8")
            assert read(path).settings.study.id == content["study"]["id"]


@each_page
def test_python_blocks_are_python(page, blocks):
    for block in blocks(page):
        if block.kind == "python":
            ast.parse(block.text)


@each_page
def test_a_page_names_no_machine_and_no_registry(page):
    text = page.read_text("utf-8")
    assert not re.search(r"(?<![\w.:/-])/(home|root|work|Users|tmp)/", text)
    assert not re.search(r"pypi|npmjs|conda\.|artifactory|nexus|maven\.org", text, re.IGNORECASE)


def test_the_documentation_is_found_from_the_readme():
    linked = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        for link in re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", _prose(page)):
            target = (page.parent / link).resolve()
            if target not in linked:
                linked.add(target)
                waiting.append(target)
    missing = {page for page in PAGES if page not in linked} - {ROOT / "README.md"}
    assert missing == set()


def test_the_plugin_of_the_readme_is_the_one_of_the_how_to(root, blocks):
    [short] = [b.text for b in blocks(root / "README.md") if b.kind == "python"]
    how_to = root / "docs" / "how-to" / "write-an-analysis.md"
    [whole] = [b.text for b in blocks(how_to) if b.file == "abate_change_by_sex.py"]
    assert short == whole


def test_the_result_of_the_how_to_is_one_that_abate_takes(root, blocks):
    page = root / "docs" / "how-to" / "write-an-analysis.md"
    [block] = [b for b in blocks(page) if b.kind == "python" and "Chart(" in b.text]
    made = {}
    exec(block.text, made)
    assert check(made["result"]).charts[0].name == "falls-chart"


def test_every_make_target_that_a_page_names_is_there(root):
    makefile = (root / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert named >= {"demo", "test", "test-servers", "format", "check"}
    assert named - targets == set()


def _prose(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def _anchors(page):
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}
