"""The side of a site, as an extension of `bodySite` says it."""

import pytest

SNOMED = "http://snomed.info/sct"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
LEFT, RIGHT, BOTH, UNILATERAL = "7771000", "24028007", "51440002", "66459002"
ACETABULUM = "37783008"


def sided(*codes, url=MCODE, system=SNOMED, site=ACETABULUM, **fields):
    """A body site whose side is said by an extension."""
    coding = [{"system": system, "code": one} for one in codes]
    extension = [{"url": url, "valueCodeableConcept": {"coding": coding}}]
    stated = {"coding": [{"system": SNOMED, "code": site}]} if site else {}
    return {**stated, "extension": extension, **fields}


def test_two_sides_of_one_site_are_two_lesions_with_scores_of_their_own(study):
    study.procedure(bodySite=[sided(LEFT)])
    study.procedure(study.at(30), bodySite=[sided(RIGHT)])
    left = study.score(2, study.at(37), bodySite=sided(LEFT))
    right = study.score(3, study.at(37), bodySite=sided(RIGHT))
    cohort = study.cohort()
    assert [one["side"] for one in cohort.lesions.values()] == ["left", "right"]
    assert [one["excluded_by"] for one in cohort.lesions.values()] == [None, None]
    lesions = [cohort.lesions[f"procedure-{n}"]["lesion_id"] for n in (1, 2)]
    assert [cohort.scores[one]["lesion_id"] for one in (left, right)] == lesions


@pytest.mark.parametrize(
    "url",
    [
        MCODE,
        "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality",
        "http://hl7.eu/fhir/StructureDefinition/laterality-qualifier",
    ],
)
def test_the_extension_has_several_names(study, url):
    study.procedure(bodySite=[sided(RIGHT, url=url)])
    assert [one["side"] for one in study.cohort().lesions.values()] == ["right"]


def test_an_extension_of_another_name_says_no_side(study):
    study.procedure(bodySite=[sided(RIGHT, url="urn:x:quality")])
    assert [one["side"] for one in study.cohort().lesions.values()] == [None]


def test_both_sides_hold_each_side(study):
    study.procedure(bodySite=[sided(BOTH)])
    left = study.score(2, study.at(7), bodySite=sided(LEFT))
    cohort = study.cohort()
    assert [one["side"] for one in cohort.lesions.values()] == ["both"]
    assert cohort.rule(left) == "body-site"


def test_unilateral_says_no_side_and_is_no_site(study):
    study.procedure(bodySite=[sided(UNILATERAL)])
    study.procedure(bodySite=[sided(UNILATERAL, site="79601000")])
    score = study.score(2, study.at(7), bodySite=sided(UNILATERAL))
    cohort = study.cohort()
    assert [(one["site"], one["side"]) for one in cohort.lesions.values()] == [
        ("acetabulum", None),
        ("scapula", None),
    ]
    assert cohort.scores[score]["lesion_id"] == cohort.lesions["procedure-1"]["lesion_id"]


@pytest.mark.parametrize("unknown", [sided("1"), sided(LEFT, system="urn:x"), sided()])
def test_a_side_that_no_list_has_rejects_the_resource(study, unknown):
    study.procedure()
    study.procedure(bodySite=[unknown])
    study.score(2, study.at(7), bodySite=unknown)
    steps = study.cohort().steps
    assert steps["rejected", "Procedure laterality-unknown"] == 1
    assert steps["rejected", "Observation laterality-unknown"] == 1


def test_a_side_in_a_second_system_beside_a_known_one_is_no_site(study):
    second = sided(LEFT)
    second["extension"][0]["valueCodeableConcept"]["coding"].append(
        {"system": "urn:x", "code": "L"}
    )
    study.procedure(bodySite=[second])
    study.procedure(bodySite=[{**second, "coding": [{"system": SNOMED, "code": "79601000"}]}])
    assert [one["side"] for one in study.cohort().lesions.values()] == ["left", "left"]
    assert {one["excluded_by"] for one in study.cohort().lesions.values()} == {"no-score"}


def test_a_site_in_words_with_a_side_is_still_a_site_in_words(study):
    study.procedure(site="acetabulum, left")
    score = study.score(2, study.at(7), bodySite=sided(LEFT, site=None, text="hip"))
    assert study.cohort().not_linked == {score: "other-site"}
