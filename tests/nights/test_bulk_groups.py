"""A Group that is studied: only its active members count, and an export must hold just them."""

import pytest
from werkzeug import Response

import made
from abate.analysis import loader, results
from abate.cohort.assemble import assemble
from abate.errors import IncompletePull, NothingFound, StudyFileError
from abate.mapping import code_lists, mapper
from abate.source import plan
from abate.store.database import open_store

OF_GROUP = "source.export=Group/g"


def states(rows, table):
    return {row[1]: (row[4], row[5]) for row in rows[table]}


@pytest.fixture
def two(hospital, bulk):
    """Both patients have an index procedure and a score; the server exports both."""
    for one in (made.procedure("t2", "p2"), made.score("s9", "p2", 9)):
        hospital.server.put(one)
    return bulk


@pytest.fixture
def attrition(hospital):
    """The attrition table of the last night, by stage, reason and unit."""

    def steps():
        study = hospital.study("nightly")
        lists = code_lists.load([*loader.load(study.settings.plugins).mappings()])
        with open_store(study.output / "store.duckdb") as store, store.transaction():
            mapper.register(store, plan.make(study.settings, lists).roles, lists)
            cohort = assemble(store, study.settings, "test")
        return {(one.stage, one.reason, one.unit): one.n for one in results.steps(cohort)}

    return steps


def stored(hospital):
    return (hospital.study("nightly").output / "store.duckdb").exists()


def test_an_export_of_everybody_for_an_empty_group_is_not_begun(hospital, two, night):
    two.listed = []
    with pytest.raises(NothingFound, match="lists 0 patients"):
        night(OF_GROUP)
    assert two.asked == []
    assert not stored(hospital)


def test_an_export_with_others_than_the_members_is_incomplete(hospital, two, night):
    two.listed = [two.member("p1")]
    words = r"contains 2 patients, of whom 1 are not members: Group/g has 1 active members of 1"
    with pytest.raises(IncompletePull, match=words):
        night(OF_GROUP)
    assert not stored(hospital)
    assert two.deletes == 1


@pytest.mark.usefixtures("bulk")
def test_others_who_are_only_named_as_subjects_are_found_too(hospital, night):
    hospital.server.put(made.procedure("t8", "stranger"))
    with pytest.raises(IncompletePull, match="1 are not members"):
        night(OF_GROUP)


def test_of_a_member_who_left_nothing_is_studied_and_it_is_counted(two, night, attrition, hospital):
    two.listed = [two.member("p1"), two.member("p2", inactive=True)]
    rows = night(OF_GROUP)
    assert states(rows, "procedure") == {"t1": ("mapped", None), "t2": ("ignored", "left-group")}
    assert states(rows, "observation")["s9"] == ("ignored", "left-group")
    assert states(rows, "patient")["p2"] == ("ignored", "left-group")
    [left] = [row for row in rows["observation"] if row[1] == "s9"]
    assert set(left[8:]) == {None}, "nothing of its content is kept"
    assert "Group/g has 1 active members of 2" in hospital.said
    found = attrition()
    assert found["left the group", "", "patient"] == 1
    assert found["treated", "", "patient"] == 1
    assert found["ignored", "Observation left-group", "resource"] == 1


def test_who_leaves_is_no_longer_studied_and_who_comes_back_is_again(two, night, attrition):
    """The resources themselves do not change meanwhile."""
    first = night(OF_GROUP)
    two.listed = [two.member("p1"), two.member("p2", period={"end": "2026-02-28"})]
    assert states(night(OF_GROUP), "observation")["s9"] == ("ignored", "left-group")
    two.listed = None
    assert night(OF_GROUP) == first
    assert ("left the group", "", "patient") not in attrition()


@pytest.mark.usefixtures("bulk")
def test_the_record_of_a_member_who_was_merged_is_not_a_stranger_s(hospital, night):
    hospital.server.put(made.patient("old", replaced_by="p1"))
    hospital.server.put(made.score("s3", "old", 2))
    assert states(night(OF_GROUP), "observation")["s3"] == ("mapped", None)


def test_all_records_of_a_merged_member_leave_together(hospital, two, night):
    hospital.server.put(made.patient("old", replaced_by="p2"))
    hospital.server.put(made.score("s3", "old", 2))
    two.listed = [two.member("p1"), two.member("old", inactive=True)]
    rows = night(OF_GROUP)
    assert {states(rows, "observation")[one] for one in ("s3", "s9")} == {("ignored", "left-group")}


def test_an_export_that_lacks_an_active_member_is_incomplete(hospital, two, night):
    two.members = {"p1"}
    two.listed = [two.member("p1"), two.member("p2")]
    with pytest.raises(IncompletePull, match=r"lacks 1 of its 2 active members"):
        night(OF_GROUP)
    assert not stored(hospital)


def test_an_active_member_whom_the_server_has_no_more_is_said(hospital, bulk, night):
    bulk.listed = [bulk.member("p1"), bulk.member("p2"), bulk.member("gone")]
    night(OF_GROUP)
    words = "warning: 1 active members of Group/g are no longer on the server"
    assert words in hospital.said


def test_a_group_that_cannot_be_read_needs_the_members_in_the_study_file(two, night):
    def front(request):
        return Response(status=403) if request.path == "/fhir/Group/g" else None

    two.front = front
    with pytest.raises(IncompletePull, match=r"answered 403.*by id"):
        night(OF_GROUP)
    listed = 'source.patients=["p1","p2"]'
    assert len(states(night(OF_GROUP, listed), "procedure")) == 2
    with pytest.raises(IncompletePull, match="1 are not members"):
        night(OF_GROUP, 'source.patients=["p1"]')


@pytest.mark.parametrize("listed", ['["Group/h"]', '["urn:x|7"]', '["p1","Group/g"]'])
def test_beside_the_export_of_a_group_only_ids_are_taken(hospital, listed):
    with pytest.raises(StudyFileError, match="the ids of its members"):
        hospital.night("source.strategy=bulk", OF_GROUP, f"source.patients={listed}")


def test_after_an_export_that_was_not_of_the_group_the_next_run_asks_for_a_new_one(two, night):
    two.listed = [two.member("p1")]
    with pytest.raises(IncompletePull):
        night(OF_GROUP)
    two.listed, two.members = None, None
    night(OF_GROUP)
    assert len(two.asked) == 2


def test_who_joins_while_the_server_exports_is_a_member(two, night):
    two.listed = [two.member("p1")]
    groups = []

    def front(request):
        if request.path == "/fhir/Group/g":
            groups.append(request)
            two.listed = [two.member("p1"), *([two.member("p2")] if len(groups) > 1 else [])]

    two.front = front
    assert len(states(night(OF_GROUP), "procedure")) == 2


@pytest.mark.usefixtures("two")
def test_patient_by_patient_a_member_who_left_is_not_asked_for(hospital, attrition):
    two = hospital.server.instead
    two.listed = [two.member("p1"), two.member("p2", inactive=True)]
    listed = ("source.strategy=patient", 'source.patients=["Group/g"]')
    rows = hospital.night(*listed)
    assert [row[1] for row in rows["patient"]] == ["p1"]
    assert attrition()["left the group", "", "patient"] == 1
