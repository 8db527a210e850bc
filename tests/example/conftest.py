"""The published study as the tests read it: the Bundle by its content, and the paper's tables."""

import csv
import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from abate.config import reader
from abate.mapping import code_lists

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cementoplasty"
HONG_KONG = ZoneInfo("Asia/Hong_Kong")


class StudyBundle:
    """The Bundle, its resources by `Type/id`, and what a test asks of them."""

    def __init__(self, folder):
        self.folder = folder
        self.content = json.loads((folder / "bundle.json").read_text("utf-8"))
        entries = self.content["entry"]
        self.resources = {entry["request"]["url"]: entry["resource"] for entry in entries}

    def of_type(self, kind):
        return [one for one in self.resources.values() if one["resourceType"] == kind]

    def cementoplasties(self):
        return [one for one in self.of_type("Procedure") if one["id"].endswith("-cementoplasty")]

    def cementoplasty(self, number):
        return self.resources[f"Procedure/lesion-{int(number):02}-cementoplasty"]

    def index_procedure(self, score):
        return self.cementoplasty(self.lesion_number(score))

    def table(self, name):
        with (self.folder / name).open(encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))

    def start(self, procedure):
        return self.local(procedure["performedPeriod"]["start"])

    @staticmethod
    def local(text):
        instant = datetime.fromisoformat(text)
        assert instant.tzinfo is not None
        return instant.astimezone(HONG_KONG)

    @staticmethod
    def lesion_number(resource):
        return int(resource["id"].split("-")[1])

    @staticmethod
    def coded(concept):
        return {(coding["system"], coding["code"]) for coding in concept["coding"]}

    def references(self, element):
        """Every literal reference in an element, however deep."""
        if isinstance(element, list):
            return [found for one in element for found in self.references(one)]
        if not isinstance(element, dict):
            return []
        own = [element["reference"]] if isinstance(element.get("reference"), str) else []
        return own + [found for one in element.values() for found in self.references(one)]


@pytest.fixture(scope="session")
def example():
    return EXAMPLE


@pytest.fixture(scope="session")
def demo():
    return ROOT / "adapter" / "abate" / "demo"


@pytest.fixture(scope="session")
def bundle():
    return StudyBundle(EXAMPLE)


@pytest.fixture(scope="session")
def study():
    return reader.read(EXAMPLE / "study.toml")


@pytest.fixture(scope="session")
def lists():
    """The shipped code lists, extended by the study's."""
    return code_lists.load([files("abate_mappings") / "codes", EXAMPLE / "codes"])


@pytest.fixture(scope="session")
def visit_days():
    """The day of each visit: weeks of 7 days, months of 4 weeks."""
    early = {"D0": 0, "D1": 1, "D2": 2, "Wk1": 7, "Wk2": 14, "Wk3": 21}
    return early | {f"M{month}": 28 * month for month in range(1, 10)}
