"""What `partOf` and `focus` say, of adjuncts, and where they have no literal reference."""

import pytest


def to(*references):
    return [{"reference": one} for one in references]


def named(value, system="urn:x", **fields):
    return [{"identifier": {"system": system, "value": value}, **fields}]


@pytest.fixture
def two(study):
    """Two lesions of one patient on one day, with an identifier each."""
    study.procedure(site="acetabulum", identifier=[{"system": "urn:x", "value": "1"}])
    study.procedure(site="scapula", identifier=[{"system": "urn:x", "value": "2"}])
    return study


FIRST, SECOND = "procedure-1", "procedure-2"


def adjuncts(cohort):
    """Of each lesion that has one, the day of its adjunct from the lesion's day on."""
    by_lesion = {one["lesion_id"]: name for name, one in cohort.lesions.items()}
    return {
        by_lesion[one["lesion_id"]]: (
            one["at"].date() - cohort.lesions[by_lesion[one["lesion_id"]]]["index_day"]
        ).days
        for one in cohort.cohort.adjuncts.iter_rows(named=True)
    }


@pytest.mark.parametrize("part", [to(f"Procedure/{SECOND}"), named("2")], ids=["literal", "named"])
@pytest.mark.parametrize("site", ["scapula", "acetabulum", None])
@pytest.mark.parametrize("day", [0, -3])
def test_an_adjunct_belongs_to_what_it_is_a_part_of_whatever_its_site_and_time(
    two, part, site, day
):
    two.procedure(two.at(day, "09:00"), code="rfa", site=site, partOf=part)
    assert adjuncts(two.cohort()) == {SECOND: day}


def test_an_index_procedure_may_be_the_part(study):
    study.procedure(site="acetabulum")
    study.procedure(site="scapula", partOf=to("Procedure/procedure-3"))
    study.procedure(study.at(0, "09:00"), code="rfa", site="acetabulum")
    assert adjuncts(study.cohort()) == {SECOND: 0}


def test_a_part_of_something_else_says_nothing(two):
    two.procedure(two.at(0, "09:00"), code="rfa", site="scapula", partOf=to("Procedure/stay"))
    assert adjuncts(two.cohort()) == {SECOND: 0}


def test_an_adjunct_of_an_index_procedure_that_is_no_lesion_belongs_to_no_other(study):
    study.procedure(site="acetabulum")
    study.procedure(site="acetabulum", status="not-done")
    study.procedure(
        study.at(0, "09:00"), code="rfa", site="acetabulum", partOf=to(f"Procedure/{SECOND}")
    )
    cohort = study.cohort()
    assert adjuncts(cohort) == {}
    assert cohort.steps["adjuncts not linked", "part-of-elsewhere"] == 1


def test_an_adjunct_of_the_second_procedure_of_a_session_belongs_to_the_session(study):
    study.procedure(site="acetabulum")
    study.procedure(study.at(0, "13:00"), site="acetabulum")
    study.procedure(study.at(-2), code="rfa", site=None, partOf=to(f"Procedure/{SECOND}"))
    assert adjuncts(study.cohort()) == {FIRST: -2}


def test_the_baseline_is_before_an_adjunct_that_is_a_part_of_the_procedure(study):
    study.procedure()
    study.procedure(study.at(-3), code="rfa", site=None, partOf=to(f"Procedure/{FIRST}"))
    before, between = study.score(8, study.at(-4)), study.score(5, study.at(-1))
    cohort = study.cohort()
    assert cohort.visits(before, between) == ["baseline", "during-procedure"]


def test_a_re_treatment_begins_with_an_adjunct_that_is_a_part_of_it(study):
    study.procedure()
    study.procedure(study.at(30))
    study.procedure(study.at(27), code="rfa", site=None, partOf=to(f"Procedure/{SECOND}"))
    late = study.score(4, study.at(28))
    assert study.cohort().not_linked == {late: "no-open-lesion"}


def test_an_identifier_links_where_a_procedure_has_it(two):
    day = two.at(7)
    cases = {
        two.score(1, day, focus=named("2"), site="acetabulum"): "focus-identifier",
        two.score(2, day, partOf=named("2"), site="acetabulum"): "part-of-identifier",
    }
    cohort = two.cohort()
    assert {score: cohort.rule(score) for score in cases} == cases
    lesion = cohort.lesions[SECOND]["lesion_id"]
    assert {cohort.scores[score]["lesion_id"] for score in cases} == {lesion}


def test_a_literal_reference_comes_before_an_identifier(two):
    focus = [*to(f"Procedure/{FIRST}"), *named("2")]
    score = two.score(1, two.at(7), focus=focus)
    cohort = two.cohort()
    assert cohort.scores[score]["lesion_id"] == cohort.lesions[FIRST]["lesion_id"]


def test_an_identifier_of_another_procedure_leads_elsewhere(two):
    two.procedure(code="rfa", site="L1", identifier=[{"system": "urn:x", "value": "3"}])
    cases = {
        two.score(1, two.at(7), focus=named("3"), site="scapula"): "focus-elsewhere",
        two.score(1, two.at(7), partOf=named("3"), site="scapula"): "part-of-elsewhere",
    }
    assert two.cohort().not_linked == cases


def test_two_procedures_of_one_identifier_are_ambiguous(study):
    for site in ("acetabulum", "scapula"):
        study.procedure(site=site, identifier=[{"system": "urn:x", "value": "1"}])
    score = study.score(1, study.at(7), focus=named("1"), site="scapula")
    assert study.cohort().not_linked == {score: "ambiguous-focus-identifier"}


SILENT = {
    "a display": [{"display": "left hip"}],
    "an identifier that nothing has": named("9"),
    "an identifier of another system": named("2", system="urn:y"),
    "an identifier of a condition": named("2", type="Condition"),
}


@pytest.mark.parametrize("reference", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("element", ["focus", "partOf"])
def test_what_leads_to_nothing_leaves_the_next_rule_to_link_and_is_counted(two, element, reference):
    score = two.score(1, two.at(7), site="scapula", **{element: reference})
    cohort = two.cohort()
    assert cohort.rule(score) == "body-site"
    reason = {"focus": "focus-unresolved", "partOf": "part-of-unresolved"}[element]
    assert cohort.steps["scores assumed", reason] == 1
