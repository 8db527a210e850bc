"""Patients who were merged: what was recorded for one is the survivor's, and a split undoes it."""

import pytest


def link(kind, other):
    return {"link": [{"other": {"reference": f"Patient/{other}"}, "type": kind}]}


@pytest.fixture
def merged(study):
    """An index procedure of anna, with her baseline; bert has the score of a week later."""

    def make(anna=None, bert=None, **more):
        study.resources.clear()
        study.counts.clear()
        study.patient("anna", **(anna or {}))
        study.patient("bert", **(bert or {}))
        for name, links in more.items():
            study.patient(name, **links)
        study.procedure()
        study.score(8, study.on(-1))
        study.score(3, study.on(7), patient="bert")
        return study.cohort()

    return make


def is_apart(cohort):
    """Whether the second score is of somebody outside the study."""
    is_linked = "score-2" in cohort.scores
    return not is_linked and cohort.steps["ignored", "Observation outside-the-study"] == 1


def test_the_scores_of_two_patients_stay_apart(merged):
    assert is_apart(merged())


@pytest.mark.parametrize(
    "links",
    [
        {"bert": link("replaced-by", "anna")},
        {"anna": link("replaces", "bert")},
        {"anna": link("replaces", "bert"), "bert": link("replaced-by", "anna")},
        {"bert": link("replaced-by", "carl"), "carl": link("replaced-by", "anna")},
        {"bert": link("replaced-by", "carl"), "anna": link("replaces", "carl"), "carl": {}},
    ],
)
def test_the_scores_of_a_patient_who_was_merged_are_the_survivors(merged, links):
    cohort = merged(**links)
    assert cohort.not_linked == {}
    assert cohort.rule("score-2") == "time"
    assert cohort.visits("score-1", "score-2") == ["baseline", "Wk1"]


def test_the_procedure_of_a_patient_who_was_merged_is_the_survivors(merged):
    cohort = merged(anna=link("replaced-by", "bert"))
    assert cohort.visits("score-1", "score-2") == ["baseline", "Wk1"]


def test_a_split_moves_the_scores_back(merged):
    merged(bert=link("replaced-by", "anna"))
    assert is_apart(merged())


@pytest.mark.parametrize("kind", ["refer", "seealso"])
def test_other_links_merge_nobody(merged, kind):
    assert is_apart(merged(bert=link(kind, "anna")))


@pytest.mark.parametrize(
    "links",
    [
        {"anna": link("replaced-by", "bert"), "bert": link("replaced-by", "anna")},
        {"anna": link("replaced-by", "nobody")},
        {"anna": link("replaced-by", "anna")},
        {"anna": link("replaced-by", "bert"), "carl": link("replaces", "anna")},
        {"anna": {"link": [{"other": {"display": "somebody"}, "type": "replaced-by"}]}},
    ],
)
def test_where_no_one_survivor_is_there_the_lesion_is_left_out_and_counted(merged, links):
    cohort = merged(**links)
    assert [one["excluded_by"] for one in cohort.lesions.values()] == ["patient-missing"]
    assert (
        cohort.steps["no lesion", "patient-missing"] + cohort.steps["excluded", "patient-missing"]
        == 1
    )
