"""The study key: only the store that wrote a report overwrites it."""

import json

import pytest

from abate.config.reader import read
from abate.fhir.canonical import NAMES_OF_0_1, STUDY_KEY
from abate.publish.study_key import key_of, owner_of
from abate.report.fhir.content_digest import digest_of, mark
from asked import is_read

STORE = "abate-output/store.duckdb"
WITHOUT_IDENTIFIER = ("CodeSystem", "Provenance")


@pytest.fixture
def published(abate, ran):
    assert abate("publish", ran).exit_code == 0
    return ran


def lose_the_store(path):
    (path.parent / STORE).unlink()


def as_of_0_1(source):
    """Make what stands on the target what abate 0.1 would have written: without a study key."""
    for one in source.ours().values():
        if "identifier" in one:
            kept = [name for name in one["identifier"] if name["system"] != STUDY_KEY]
            source.put(mark({**one, "identifier": kept}))


def keys(source):
    return {
        key_of(one)
        for name, one in source.ours().items()
        if name.partition("/")[0] not in WITHOUT_IDENTIFIER
    }


def test_each_resource_that_has_an_identifier_carries_the_key(published, source):
    [key] = keys(source)
    assert key == owner_of(read(published).output, "cementoplasty-2010").key
    assert len(key) == 32
    for one in source.ours().values():
        assert digest_of(one) == digest_of(mark(one))


def test_two_studies_of_one_folder_have_a_key_each(tmp_path):
    first, second = (owner_of(tmp_path, study).key for study in ("one", "two"))
    assert first != second
    assert owner_of(tmp_path, "one").key == first


@pytest.mark.parametrize("command", ["publish", "retract", "sync"])
@pytest.mark.parametrize("before", [lose_the_store, as_of_0_1], ids=["another key", "none"])
def test_a_report_that_does_not_carry_it_is_left_alone(abate, published, source, command, before):
    before(source if before is as_of_0_1 else published)
    standing = source.ours()
    refused = abate(command, published)
    assert refused.exit_code == 5
    said = "another study key" if before is lose_the_store else "no study key"
    assert f"has a report of the study 'cementoplasty-2010' with {said}" in refused.err
    assert "and is not changed" in refused.err
    assert "--adopt" in refused.err
    assert "another [study] id" in refused.err
    assert source.ours() == standing


@pytest.mark.parametrize("before", [lose_the_store, as_of_0_1], ids=["another key", "none"])
def test_it_is_taken_over_where_that_is_asked_for(abate, published, source, before):
    [old] = keys(source)
    before(source if before is as_of_0_1 else published)
    assert abate("publish", published, "--adopt", "--dry-run").exit_code == 0
    assert keys(source) == {old if before is lose_the_store else None}
    assert abate("publish", published, "--adopt").exit_code == 0
    [new] = keys(source)
    assert new == owner_of(read(published).output, "cementoplasty-2010").key
    again = abate("publish", published, "--json").json
    assert (again["create"], again["update"], again["retract"]) == (0, 0, 0)


def test_it_is_taken_back_where_that_is_asked_for(abate, published, source):
    lose_the_store(published)
    assert abate("retract", published, "--adopt").exit_code == 0
    assert source.statistic("week/falls")["status"] == "entered-in-error"
    assert len(keys(source)) == 1
    again = abate("retract", published)
    assert again.exit_code == 0
    assert again.out.strip().endswith("nothing written")
    assert abate("publish", published).exit_code == 0
    assert source.statistic("week/falls")["status"] == "preliminary"


def test_what_remains_of_the_study_is_taken_over_too(abate, ran, keep_analyses, source):
    keep_analyses(ran, week=["falls", "ties"], day=["falls"], night=["falls"])
    abate("publish", ran)
    keep_analyses(ran, week=["falls", "ties"], day=["falls"])
    abate("publish", ran)
    lose_the_store(ran)
    keep_analyses(ran, error="ValueError in a.py, line 3", week=["falls"], day=None)
    assert abate("publish", ran, "--adopt").exit_code == 0
    assert len(keys(source)) == 1
    statuses = {
        name: source.statistic(name)["status"] for name in ("week/ties", "day/falls", "night/falls")
    }
    assert statuses == {
        "week/ties": "entered-in-error",
        "day/falls": "preliminary",
        "night/falls": "entered-in-error",
    }
    again = abate("publish", ran, "--json").json
    assert (again["create"], again["update"], again["retract"]) == (0, 0, 0)


def test_one_resource_of_another_key_is_enough(abate, published, source):
    falls = source.statistic("week/falls")
    [theirs] = [one for one in falls["identifier"] if one["system"] == STUDY_KEY]
    theirs["value"] = f"{'0' * 32}/week/falls"
    source.put(mark(falls))
    standing = source.ours()
    for command in ("publish", "retract"):
        assert abate(command, published).exit_code == 5
    assert source.ours() == standing


def test_the_same_key_under_the_system_of_an_earlier_version_is_this_studys(
    abate, published, source
):
    [key] = keys(source)
    before = json.dumps(list(source.ours().values()))
    for one in json.loads(before.replace(STUDY_KEY, NAMES_OF_0_1[STUDY_KEY])):
        source.put(mark(one))
    assert keys(source) == {key}
    written = abate("publish", published, "--json")
    assert (written.exit_code, written.json["create"], written.json["retract"]) == (0, 0, 0)
    assert NAMES_OF_0_1[STUDY_KEY] not in json.dumps(list(source.ours().values()))
    again = abate("publish", published, "--json").json
    assert (again["create"], again["update"], again["retract"]) == (0, 0, 0)


def test_a_target_that_loses_the_key_is_told(abate, ran, keep, proxy):
    def answer(request, forward):
        given = forward(request)
        if is_read(request):
            given.set_data(given.get_data().replace(STUDY_KEY.encode(), b"urn:lost"))
        return given

    _, url = proxy(answer)
    text = ran.read_text("utf-8")
    ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
    keep(ran)
    told = abate("publish", ran)
    assert told.exit_code == 5
    assert "returns something else" in told.err
