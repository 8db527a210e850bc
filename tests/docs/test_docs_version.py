"""The version stands in several files, and is the same in each."""

import re
import tomllib
from importlib.metadata import version


def test_the_version_is_the_same_everywhere(root):
    number = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert version("abate") == number
    assert f"\nversion: {number}\n" in (root / "CITATION.cff").read_text("utf-8")
    assert f"This is version {number}." in (root / "README.md").read_text("utf-8")
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## \[(.+?)\]", changes, re.MULTILINE)[:2] == ["Unreleased", number]
