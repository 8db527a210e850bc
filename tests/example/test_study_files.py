"""The example as files: whole, reproducible, and by the rules of R4."""

import re
import shutil
import subprocess
import sys

import pytest

from abate.mapping import code_lists
from abate.report.fhir.validation import faults


def copied(example):
    """The files that the demo has too."""
    return [
        "bundle.json",
        "study.toml",
        "paper.json",
        *(f"codes/{path.name}" for path in example.glob("codes/*")),
    ]


def test_each_resource_keeps_the_rules_of_r4(bundle):
    found = {url: faults(one) for url, one in bundle.resources.items()}
    assert len(found) > 100
    assert {url: wrong for url, wrong in found.items() if wrong} == {}


def test_the_bundle_keeps_the_rules_of_r4(bundle):
    assert faults(bundle.content) == []


def test_running_the_script_again_changes_nothing(tmp_path, example):
    again = tmp_path / "examples" / "cementoplasty"
    shutil.copytree(example, again, ignore=shutil.ignore_patterns("bundle.json"))
    subprocess.run([sys.executable, again / "make_bundle.py"], check=True, cwd=tmp_path)
    assert (again / "bundle.json").read_bytes() == (example / "bundle.json").read_bytes()
    for name in copied(example):
        made = tmp_path / "adapter" / "abate" / "demo" / name
        assert made.read_bytes() == (example / name).read_bytes()


def test_the_demo_has_the_same_study(example, demo):
    for name in copied(example):
        assert (demo / name).read_bytes() == (example / name).read_bytes(), name


def test_the_demo_has_no_code_list_that_the_study_has_not(example, demo):
    ours = {path.name for path in example.glob("codes/*")}
    assert {path.name for path in demo.glob("codes/*")} == ours


def test_every_entry_is_put_under_its_own_type_and_id(bundle):
    assert bundle.content["type"] == "transaction"
    assert len(bundle.resources) == len(bundle.content["entry"])
    for entry in bundle.content["entry"]:
        one = entry["resource"]
        url = f"{one['resourceType']}/{one['id']}"
        assert entry["request"] == {"method": "PUT", "url": url}


def test_every_id_has_letters_as_servers_refuse_numbers(bundle):
    assert all(re.search("[A-Za-z]", one["id"]) for one in bundle.resources.values())


def test_every_resource_is_labelled_as_test_data(bundle):
    for one in bundle.resources.values():
        assert [label["code"] for label in one["meta"]["security"]] == ["HTEST"]


def test_every_reference_resolves_to_a_resource_before_its_own(bundle):
    known = set()
    for url, one in bundle.resources.items():
        assert set(bundle.references(one)) <= known
        known.add(url)


@pytest.mark.parametrize(
    ("name", "suffix", "kind"),
    [
        ("cementoplasty", "-cementoplasty", "Procedure"),
        ("bone-ablation", "-rfa", "Procedure"),
        ("radiotherapy", "-radiotherapy", "Procedure"),
        ("primary-tumour", "-primary", "Condition"),
        ("complication", "-paralysis", "Condition"),
        ("pain-intensity", "", "Observation"),
    ],
)
def test_a_code_list_finds_its_resources_and_no_other(name, suffix, kind, bundle, lists):
    listed = {(code.system, code.code) for code in lists[name]}
    found = {one["id"] for one in bundle.of_type(kind) if bundle.coded(one["code"]) & listed}
    assert found == {one["id"] for one in bundle.of_type(kind) if one["id"].endswith(suffix)}
    assert found


def test_the_study_file_can_be_read_and_its_lists_resolve(lists, study):
    settings = study.settings
    assert settings.study.timezone == "Asia/Hong_Kong"
    coded_sections = [settings.index, settings.scores, *settings.adjunct.values()]
    coded_sections += [*settings.condition.values(), *settings.history.values()]
    for section in [*coded_sections, *settings.event.values()]:
        assert code_lists.resolve(section.codes, lists)
    names = [one.name for one in settings.analysis]
    assert names == [
        "profile", "pain-course", "first-week", "observed-week-1", "visit-changes", "responders",
        "relief", "durability", "safety",
    ]  # fmt: skip


def test_every_visit_of_the_paper_has_its_target_day_in_the_study_file(study, visit_days):
    after = {name: visit.day for name, visit in study.settings.visits.after.items()}
    assert {"D0": 0} | after == visit_days
