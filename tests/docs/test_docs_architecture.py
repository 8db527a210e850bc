"""The page of the architecture: its picture is that of the imports, and its paths exist."""

import re
import subprocess
import sys

import pytest


@pytest.fixture
def page(root):
    return (root / "docs" / "explanation" / "architecture.md").read_text("utf-8")


def test_the_picture_is_that_of_the_imports(root):
    script = root / "docs" / "make_architecture.py"
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}: docs/make_architecture.py --write"


def test_each_path_on_the_page_exists(root, page):
    paths = set(re.findall(r"`([a-z_]+/[\w./]*|[a-z_]+\.py)`", page))
    assert len(paths) > 25
    bases = (root, root / "adapter" / "abate")
    assert {path for path in paths if not any((base / path).exists() for base in bases)} == set()


def test_every_layer_stands_on_the_page_or_in_the_picture(root):
    picture = (root / "docs" / "pictures" / "architecture.svg").read_text("utf-8")
    packages = {path.parent.name for path in (root / "adapter" / "abate").glob("*/__init__.py")}
    assert {name for name in packages - {"sandbox"} if f">{name}" not in picture} == set()
