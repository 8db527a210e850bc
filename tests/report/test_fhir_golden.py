"""The reports of the published study, as they are kept in tests/golden."""

import json
import runpy
from pathlib import Path

import pytest

from abate.report.fhir import bundle
from abate.report.fhir.validation import faults

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = ("report-r4.json", "report-r5.json", "report-r4-minimum-5.json")


@pytest.fixture(scope="module")
def made():
    return runpy.run_path(str(GOLDEN / "make.py"))["made"]()


@pytest.fixture(params=NAMES)
def golden(request):
    """A golden report and its version of FHIR."""
    version = "R5" if "r5" in request.param else "R4"
    return json.loads((GOLDEN / request.param).read_text("utf-8")), version


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_as_it_is_kept(name, made):
    assert set(made) == set(NAMES)
    kept = (GOLDEN / name).read_text("utf-8").splitlines()
    assert made[name].splitlines() == kept, "if it is meant: python tests/golden/make.py"


def test_each_kept_resource_is_valid_and_carries_its_digest(golden):
    resources, version = golden
    assert not [fault for one in resources for fault in faults(one, version)]
    assert all(bundle.digest_of(one) == bundle.digest(one) for one in resources)


def test_a_kept_report_has_every_type_that_abate_writes(golden):
    resources, _ = golden
    assert list(dict.fromkeys(one["resourceType"] for one in resources)) == list(bundle.TYPES)


def test_no_count_under_five_is_in_the_report_that_hides_them():
    resources = json.loads((GOLDEN / "report-r4-minimum-5.json").read_text("utf-8"))
    for resource in resources:
        if resource["resourceType"] != "CodeSystem":
            assert not [count for count in _counts(resource) if 1 <= count < 5]


def _counts(found):
    if isinstance(found, list):
        return [count for one in found for count in _counts(one)]
    if not isinstance(found, dict):
        return []
    own = [found[key] for key in ("count", "quantity", "valueInteger") if key in found]
    return own + [count for one in found.values() for count in _counts(one)]
