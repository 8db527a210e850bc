"""The demo: the whole loop, and its figures beside the paper's."""

import shutil

import pytest


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """What one run of the demo showed and left, for the tests of this file."""
    return {"folder": tmp_path_factory.mktemp("shelf") / "pain"}


@pytest.fixture
def pain(shelf):
    """The folder in which the demo ran."""
    return shelf["folder"]


@pytest.fixture
def shown(abate, shelf, pain):
    """What the demo prints for programs."""
    if "ran" not in shelf:
        shelf["ran"] = abate("demo", "--json", "--quiet", "--directory", pain)
    assert shelf["ran"].exit_code == 0
    return shelf["ran"].json


def test_the_demo_prints_the_figures_of_the_paper_and_says_which_agree(shown):
    figures = {figure["id"]: figure for figure in shown["figures"]}
    assert figures["4"]["ours"] == 0.039062
    assert figures["4-observed"]["ours"] == 0.125
    assert [key for key, figure in figures.items() if figure["agrees"] is False] == [
        "3-with-baseline",
        "4-observed",
        "5-strict",
        "13",
        "methods",
    ]
    assert [key for key, figure in figures.items() if figure["agrees"] is None] == ["8-M8"]


def test_the_demo_names_lesion_and_visit_where_the_data_contradict_the_paper(shown):
    remarks = {one["id"]: " ".join(one["remarks"]) for one in shown["figures"]}
    assert "lesion 6 at M5: 6, above its reference 2" in remarks["13"]
    assert "13 consecutive patients" in remarks["methods"]


def test_the_demo_publishes_once_and_finds_it_unchanged_the_second_time(shown):
    assert shown["published"]["create"] == shown["published_again"]["unchanged"] > 0
    assert shown["published_again"]["create"] == shown["published_again"]["update"] == 0


@pytest.mark.usefixtures("shown")
def test_the_demo_overwrites_no_file_that_was_changed(abate, pain, tmp_path):
    shutil.copytree(pain, tmp_path / "pain")
    assert abate("demo", "--directory", tmp_path / "pain").exit_code == 0
    changed = tmp_path / "pain" / "study.toml"
    changed.write_text("# mine\n", "utf-8")
    ran = abate("demo", "--directory", tmp_path / "pain")
    assert ran.exit_code == 2
    assert "study.toml exists with other content" in ran.err
    assert changed.read_text("utf-8") == "# mine\n"
