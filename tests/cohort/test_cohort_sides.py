"""The side of a site, as an extension of `bodySite` says it."""

import pytest

SNOMED = "http://snomed.info/sct"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
LEFT, RIGHT, BOTH, UNILATERAL = "7771000", "24028007", "51440002", "66459002"
ACETABULUM, SCAPULA, ILIUM = "37783008", "79601000", "22356005"


def sided(*codes, url=MCODE, system=SNOMED, site=ACETABULUM, **fields):
    """A body site whose side is said by an extension."""
    coding = [{"system": system, "code": one} for one in codes]
    extension = [{"url": url, "valueCodeableConcept": {"coding": coding}}]
    stated = {"coding": [{"system": SNOMED, "code": site}]} if site else {}
    return {**stated, "extension": extension, **fields}


def coded(*sides, site=ACETABULUM):
    """A body site whose side is another coding."""
    return {"coding": [{"system": SNOMED, "code": one} for one in (site, *sides)]}


EITHER_FORM = pytest.mark.parametrize("on", [sided, coded])


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


def lesion_of(cohort, *scores):
    """The index procedure that each score is linked to, or why to none."""
    names = {one["lesion_id"]: name for name, one in cohort.lesions.items()}
    return [cohort.not_linked.get(one) or names[cohort.scores[one]["lesion_id"]] for one in scores]


@EITHER_FORM
def test_each_of_several_sites_has_its_own_side(study, on):
    study.procedure(bodySite=[on(LEFT), on(RIGHT, site=SCAPULA)])
    study.procedure(study.at(20), bodySite=[on(RIGHT)])
    sites = (on(LEFT), on(RIGHT, site=SCAPULA), on(RIGHT))
    before = study.score(8, study.at(19), bodySite=on(RIGHT))
    scores = [study.score(2, study.at(27), bodySite=site) for site in sites]
    cohort = study.cohort()
    assert [one["excluded_by"] for one in cohort.lesions.values()] == [None, None]
    assert lesion_of(cohort, *scores) == ["procedure-1", "procedure-1", "procedure-2"]
    assert lesion_of(cohort, before) == ["procedure-2"]
    assert cohort.visits(before, scores[2]) == ["baseline", "Wk1"]
    assert cohort.lesions["procedure-1"]["end_reason"] == "last-score"


@EITHER_FORM
def test_the_same_side_of_another_site_is_another_lesion_also_on_the_same_day(study, on):
    study.procedure(bodySite=[on(LEFT), on(RIGHT, site=SCAPULA)])
    study.procedure(study.at(0, "12:00"), bodySite=[on(RIGHT)])
    assert {one["excluded_by"] for one in study.cohort().lesions.values()} == {"no-score"}


@EITHER_FORM
def test_a_score_is_not_linked_by_one_site_and_the_side_of_another(study, on):
    study.procedure(bodySite=[on(LEFT), on(RIGHT, site=SCAPULA)])
    sites = (on(RIGHT), on(LEFT, site=SCAPULA), on(RIGHT, site=ILIUM), on(LEFT, site=ILIUM))
    scores = [study.score(2, study.at(7), bodySite=site) for site in sites]
    cohort = study.cohort()
    assert [cohort.rule(one) for one in scores] == ["other-site"] * 3 + ["site-group"]


@EITHER_FORM
def test_both_sides_of_one_site_in_two_entries_are_one_lesion(study, on):
    study.procedure(bodySite=[on(LEFT), on(RIGHT)])
    study.procedure(study.at(20), bodySite=[on(RIGHT)])
    sites = (on(LEFT), on(RIGHT), coded())
    scores = [study.score(2, study.at(7), bodySite=site) for site in sites]
    cohort = study.cohort()
    first, second = cohort.lesions.values()
    assert (first["side"], first["end_reason"]) == ("both", "re-treated")
    assert second["excluded_by"] == "re-treatment"
    assert [cohort.rule(one) for one in scores] == ["body-site"] * 3


@EITHER_FORM
def test_a_second_site_without_a_side_may_be_on_either(study, on):
    study.procedure(bodySite=[on(LEFT), coded(site=SCAPULA)])
    sites = (on(RIGHT, site=SCAPULA), on(LEFT, site=SCAPULA), on(RIGHT))
    scores = [study.score(2, study.at(7), bodySite=site) for site in sites]
    study.procedure(study.at(20), bodySite=[coded(site=SCAPULA)])
    study.procedure(study.at(30), bodySite=[on(LEFT, site=SCAPULA)])
    cohort = study.cohort()
    assert [cohort.rule(one) for one in scores] == ["body-site", "body-site", "other-site"]
    assert [one["side"] for one in cohort.lesions.values()] == ["left", None, "left"]
    assert [one["excluded_by"] for one in cohort.lesions.values()] == [
        None, "re-treatment", "no-score",
    ]  # fmt: skip


def test_the_side_that_is_shown_is_that_of_the_site_that_is_shown(study):
    study.procedure(bodySite=[coded(), coded(LEFT, site=SCAPULA)])
    study.procedure(study.at(3), bodySite=[coded(LEFT, site="1"), coded(RIGHT, site=SCAPULA)])
    assert [(one["site"], one["side"]) for one in study.cohort().lesions.values()] == [
        ("acetabulum", None),
        ("scapula", "right"),
    ]


def test_a_side_in_an_entry_of_its_own_is_that_of_each_site_without_one(study):
    study.procedure(bodySite=[coded(), alone(LEFT), coded(RIGHT, site=SCAPULA)])
    sites = (coded(LEFT), coded(RIGHT), coded(LEFT, site=SCAPULA), coded(RIGHT, site=SCAPULA))
    scores = [study.score(2, study.at(7), bodySite=site) for site in sites]
    cohort = study.cohort()
    assert [cohort.rule(one) for one in scores] == [
        "body-site", "other-site", "other-site", "body-site",
    ]  # fmt: skip


def alone(side, system=SNOMED):
    """A body site that says a side, and no site."""
    return {"coding": [{"system": system, "code": side}]}


ONE_CONCEPT = {"coding": [*coded(LEFT)["coding"], *coded(RIGHT, site=SCAPULA)["coding"]]}


@pytest.mark.parametrize(
    "sites",
    [
        [coded(), alone(LEFT), coded(site=SCAPULA), alone(RIGHT)],
        [coded(), coded(site=SCAPULA), alone(RIGHT), alone(LEFT)],
        [coded(), alone(LEFT), {"text": "hip"}, alone(BOTH)],
        [ONE_CONCEPT],
    ],
)
def test_sides_of_which_nothing_says_to_which_site_they_belong_reject_a_procedure(study, sites):
    study.procedure()
    study.procedure(bodySite=sites)
    cohort = study.cohort()
    assert cohort.steps["rejected", "Procedure laterality-ambiguous"] == 1
    assert list(cohort.lesions) == ["procedure-1"]


def test_a_score_with_two_sites_and_two_sides_in_one_concept_is_rejected(study):
    study.procedure(bodySite=[coded(RIGHT)])
    study.score(2, study.at(7), bodySite=ONE_CONCEPT)
    assert study.cohort().steps["rejected", "Observation laterality-ambiguous"] == 1


@pytest.mark.parametrize(
    ("sites", "side"),
    [
        ([coded(), alone(LEFT), alone(RIGHT), coded(LEFT, site=SCAPULA)], "both"),
        ([coded(), alone(LEFT), coded(site=SCAPULA), alone(LEFT)], "left"),
        ([coded(LEFT, RIGHT)], "both"),
        (
            [{"coding": [*coded(LEFT, RIGHT)["coding"], {"system": "urn:x", "code": "acet"}]}],
            "both",
        ),
    ],
)
def test_sides_that_belong_to_one_site_or_to_all_are_read(study, sites, side):
    study.procedure(bodySite=sites)
    assert [one["side"] for one in study.cohort().lesions.values()] == [side]


def test_the_side_of_a_site_in_words_is_not_that_of_another_site(study):
    study.procedure(bodySite=[sided(LEFT, site=None, text="hip"), coded(site=SCAPULA)])
    score = study.score(2, study.at(7), bodySite=coded(RIGHT, site=SCAPULA))
    cohort = study.cohort()
    assert cohort.rule(score) == "body-site"
    assert cohort.lesions["procedure-1"]["side"] is None


def test_a_score_of_a_side_alone_is_that_of_a_lesion_with_a_site_on_that_side(study):
    study.procedure(bodySite=[coded(LEFT), coded(LEFT, site=SCAPULA)])
    study.procedure(study.at(0, "12:00"), bodySite=[coded(RIGHT)])
    score = study.score(2, study.at(7), bodySite=alone(RIGHT))
    cohort = study.cohort()
    assert (lesion_of(cohort, score), cohort.rule(score)) == (["procedure-2"], "time")


def test_an_adjunct_is_at_the_lesion_of_its_site_and_side(study):
    study.procedure(bodySite=[coded(LEFT), coded(RIGHT, site=SCAPULA)])
    study.procedure(bodySite=[coded(RIGHT)])
    study.procedure(study.at(0, "09:00"), code="rfa", bodySite=[coded(RIGHT)])
    cohort = study.cohort()
    lesion = cohort.lesions["procedure-2"]["lesion_id"]
    assert cohort.cohort.adjuncts["lesion_id"].to_list() == [lesion]


def test_an_adjunct_of_the_other_side_does_not_begin_a_re_treatment(study):
    study.procedure(bodySite=[coded(RIGHT)])
    study.score(8, study.at(-1), bodySite=coded(RIGHT))
    study.procedure(study.at(19, "12:00"), code="rfa", bodySite=[coded(LEFT)])
    study.procedure(study.at(20, "10:00"), bodySite=[coded(RIGHT)])
    first = study.cohort().lesions["procedure-1"]
    assert (first["end_reason"], first["follow_up_days"]) == ("re-treated", 20)
