"""`abate results`: all statistics of the last run, of all analyses or of some."""

import pytest


@pytest.fixture
def ran(abate, study_file, serve, study_resources):
    assert abate("run", study_file, "--set", f"source.url={serve(study_resources)}").exit_code == 0
    return study_file


def test_all_analyses(abate, ran):
    shown = abate("results", ran)
    assert shown.exit_code == 0
    for name in ("profile", "pain-course", "first-week", "observed-week-1"):
        assert f"\n{name} (" in shown.out
    assert "not for release" in shown.out


def test_one_of_them_and_as_json(abate, ran):
    shown = abate("results", "first-week", ran)
    assert "\nfirst-week (" in shown.out
    assert "\nprofile (" not in shown.out
    listed = abate("results", "first-week", ran, "--json").json["outcomes"]
    assert [outcome["name"] for outcome in listed] == ["first-week"]


def test_an_unknown_name_is_refused_with_the_known_ones(abate, ran):
    refused = abate("results", "first-weak", ran)
    assert refused.exit_code == 2
    assert "Did you mean 'first-week'?" in refused.err
    assert "pain-course" in refused.err


def test_two_study_files_are_refused(abate, ran):
    assert abate("results", ran, ran).exit_code == 2


def test_without_a_run_the_next_step_is_named(abate, study_file):
    refused = abate("results", study_file)
    assert (refused.exit_code, refused.out) == (1, "")
    assert "run the study first: abate run" in refused.err
