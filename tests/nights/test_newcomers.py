"""People join a study and leave it: what they had comes as a whole, and goes as a whole."""

import pytest

import made

REASON = "outside-the-study"


@pytest.fixture
def ward(hospital):
    """One patient of the study, and one who is not, with two scores each; a night has passed."""
    for one in "ab":
        hospital.server.put(made.patient(one))
        hospital.server.put(made.condition(f"tumour-{one}", one))
        for number in range(2):
            hospital.server.put(made.score(f"{one}{number}", one, number))
    hospital.server.put(made.procedure("treat-a", "a"))
    hospital.first_night(__name__)
    return hospital


def read(ward, identifier):
    """State, reason and value of a score, and whether its patient and resource are known."""
    [row] = ward.ask(
        "select state, reason, value, patient_id is not null, resource is not null "
        f"from observation where id = '{identifier}'"
    )
    return row


def test_of_other_people_only_ids_and_versions_are_there(ward):
    assert read(ward, "b0") == ("ignored", REASON, None, False, False)
    assert read(ward, "a1") == ("mapped", None, 1, True, True)
    assert ward.ask("select id from patient") == [("a",)]
    assert ward.ask("select patient_id from condition where id = 'tumour-b'") == [(None,)]


def test_who_joins_the_study_is_asked_for_as_a_whole(ward):
    ward.server.put(made.procedure("treat-b", "b"))
    rows = ward.night()
    assert "1 patients are new in the study: pulling all of their resources" in ward.said
    assert read(ward, "b0") == ("mapped", None, 0, True, True)
    assert rows == ward.fresh()
    quiet = ward.night()
    assert quiet == rows
    assert not [path for _, path in ward.server.requests if "_search" in path]


def test_who_was_merged_with_a_patient_of_the_study_joins_it(ward):
    ward.server.put(made.patient("b", replaced_by="a"))
    ward.night()
    assert read(ward, "b1") == ("mapped", None, 1, True, True)


def test_of_who_leaves_the_study_nothing_but_ids_and_versions_stays(ward):
    ward.server.put(made.procedure("treat-b", "b"))
    ward.night()
    ward.server.delete("Procedure", "treat-b")
    rows = ward.night()
    assert read(ward, "b0") == ("ignored", REASON, None, False, False)
    assert rows == ward.fresh()
    ward.server.put(made.procedure("treat-b", "b"))
    assert ward.night() == ward.fresh()
    assert read(ward, "b0") == ("mapped", None, 0, True, True)


def test_auto_pulls_one_of_two_by_patient_and_both_by_code(hospital):
    for one in "ab":
        hospital.server.put(made.patient(one))
        for number in range(3):
            hospital.server.put(made.score(f"{one}{number}", one, number))
    hospital.server.put(made.procedure("treat-a", "a"))
    hospital.night("source.strategy='auto'")
    assert any(one.startswith("strategy patient: of 6 resources") for one in hospital.said)
    assert hospital.ask("select count(*) from observation") == [(3,)]
    hospital.server.put(made.procedure("treat-b", "b"))
    hospital.night("source.strategy='auto'", is_whole=True)
    assert any(one.startswith("strategy population: of 6 resources") for one in hospital.said)
    assert hospital.ask("select count(*) from observation where value is not null") == [(6,)]
