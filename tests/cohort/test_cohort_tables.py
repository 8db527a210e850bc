"""What a Cohort answers: pairs, visits, copies."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from abate import Cohort, LastOf
from abate.errors import StudyFileError

START = datetime(2021, 3, 10, 2, tzinfo=UTC)
VISITS = ("baseline", "D1", "Wk1", "M1")
# lesion, day, value, visit, chosen
SCORES = [
    ("a1", -1, 8, "baseline", True),
    ("a1", 1, 5, "D1", True),
    ("a1", 7, 2, "Wk1", True),
    ("a1", 8, 9, "Wk1", False),
    ("a2", -1, 6, "baseline", True),
    ("a2", 7, 7, "Wk1", True),
    ("b1", 1, 4, "D1", True),
    ("b1", 7, 4, "Wk1", True),
    ("c1", -1, 3, "baseline", True),
    ("c1", 7, 1, "Wk1", True),
    ("d1", -2, 10, "baseline", True),
]


@pytest.fixture
def cohort():
    """Carla's lesion is excluded, the others are analysed; dora has no score after."""
    lesions = pl.DataFrame(
        {
            "lesion_id": ["a1", "b1", "a2", "c1", "d1"],
            "label": ["lesion 1", "lesion 2", "lesion 3", None, "lesion 4"],
            "patient_id": ["anna", "bella", "anna", "carla", "dora"],
            "excluded_by": [None, None, None, "minimum-after", None],
            "index_start": [START + timedelta(days=day) for day in (0, 1, 2, 3, 4)],
            "sex": ["female", "male", "female", "male", "female"],
        }
    )
    starts = dict(zip(lesions["lesion_id"], lesions["index_start"], strict=True))
    scores = pl.DataFrame(
        [
            {
                "score_id": f"s{number}",
                "lesion_id": lesion,
                "at": starts[lesion] + timedelta(days=day),
                "value": float(value),
                "visit": visit,
                "chosen": chosen,
            }
            for number, (lesion, day, value, visit, chosen) in enumerate(SCORES)
        ]
    )
    nothing = pl.DataFrame()
    return Cohort(
        lesions=lesions, scores=scores.sample(fraction=1, shuffle=True, seed=1), adjuncts=nothing,
        characteristics=nothing, events=nothing, attrition=nothing, visits=VISITS,
    )  # fmt: skip


def rows(pairs):
    return pairs.frame.select("lesion_id", "reference", "endpoint", "change").rows()


def test_pairs_are_analysed_lesions_with_a_reference_and_an_endpoint(cohort):
    pairs = cohort.pairs(endpoint="Wk1")
    assert rows(pairs) == [("a1", 8, 2, -6), ("a2", 6, 7, 1)]
    assert pairs.population == "analysed lesions with a baseline score and a Wk1 score"
    assert (len(pairs), pairs.changes, pairs.endpoints) == (2, [-6, 1], [2, 7])


@pytest.mark.parametrize("endpoint", [LastOf(("Wk1", "D1")), {"last_of": ["D1", "Wk1"]}])
def test_the_last_of_several_visits_is_the_last_in_time(cohort, endpoint):
    pairs = cohort.pairs(reference="baseline", endpoint=endpoint)
    assert pairs.frame["endpoint_visit"].to_list() == ["Wk1", "Wk1"]
    assert cohort.pairs(endpoint=LastOf(("D1",))).changes == [-3]


def test_the_first_documented_score_may_stand_for_a_missing_baseline(cohort):
    pairs = cohort.pairs(reference="first", endpoint="Wk1")
    assert rows(pairs) == [("a1", 8, 2, -6), ("b1", 4, 4, 0), ("a2", 6, 7, 1)]
    assert pairs.frame["reference_visit"].to_list() == ["baseline", "D1", "baseline"]
    assert pairs.population.startswith("analysed lesions with the first documented score")


def test_a_score_is_no_pair_with_itself_nor_an_earlier_endpoint_with_a_later_reference(cohort):
    assert rows(cohort.pairs(reference="first", endpoint="D1")) == [("a1", 8, 5, -3)]
    assert len(cohort.pairs(reference="Wk1", endpoint="D1")) == 0


def test_a_visit_that_the_study_does_not_have_is_named_with_the_nearest(cohort):
    with pytest.raises(StudyFileError, match=r"no visit 'Wk2'.*Did you mean 'Wk1'"):
        cohort.pairs(endpoint="Wk2")
    with pytest.raises(StudyFileError, match=r"no visit 'basline'.*Did you mean 'baseline'"):
        cohort.pairs(reference="basline", endpoint="Wk1")
    with pytest.raises(StudyFileError, match="no visit 'D9'"):
        cohort.at(LastOf(("Wk1", "D9")))


def test_later_on_the_first_day_can_be_an_endpoint(cohort):
    extra = cohort.scores.head(1).with_columns(
        score_id=pl.lit("s99"), lesion_id=pl.lit("a1"), at=pl.lit(START + timedelta(hours=5)),
        value=pl.lit(4.0), visit=pl.lit("D0-after"), chosen=pl.lit(value=True),
    )  # fmt: skip
    with_day_0 = Cohort(
        **{name: getattr(cohort, name) for name in cohort.__slots__ if name != "scores"},
        scores=pl.concat([cohort.scores, extra.select(cohort.scores.columns)]),
    )
    assert rows(with_day_0.pairs(endpoint="D0-after")) == [("a1", 8, 4, -4)]


def test_pairs_are_split_by_a_column_of_the_lesions(cohort):
    pairs = cohort.pairs(reference="first", endpoint="Wk1")
    assert pairs.split("sex", "female", "male", "other") == ([-6, 1], [0], [])
    with pytest.raises(StudyFileError, match="no column 'sexx'") as caught:
        pairs.split("sexx", "female")
    assert "Did you mean 'sex'? Columns: lesion_id, " in str(caught.value)


def test_the_first_lesion_of_each_patient_is_by_the_start_of_its_procedure(cohort):
    first = cohort.pairs(reference="first", endpoint="Wk1").first_lesion_per_patient()
    assert first.frame["lesion_id"].to_list() == ["a1", "b1"]
    assert first.population.endswith(", first such lesion of each patient")


def test_every_visit_is_there_also_without_a_score(cohort):
    by_visit = cohort.by_visit()
    assert list(by_visit) == [
        ("baseline", [8, 6, 10]), ("D1", [5, 4]), ("Wk1", [2, 4, 7]), ("M1", []),
    ]  # fmt: skip
    assert by_visit.frame.columns == ["lesion_id", "patient_id", "visit", "value", "datum"]


def test_the_scores_at_an_endpoint_are_of_all_analysed_lesions(cohort):
    one = cohort.at(LastOf(("D1", "Wk1")))
    [(visit, values)] = list(one)
    assert visit == "the last score in D1, Wk1"
    assert sorted(values) == [2, 4, 7]
    assert one.population == "analysed lesions with the last score in D1, Wk1"


def test_the_analysed_are_those_that_no_rule_excludes(cohort):
    assert cohort.analysed["lesion_id"].to_list() == ["a1", "b1", "a2", "d1"]


def test_a_copy_is_the_holders_own(cohort):
    copy = cohort.copy()
    copy.lesions.drop_in_place("sex")
    copy.scores[0, "value"] = 99.0
    assert "sex" in cohort.lesions.columns
    assert 99.0 not in cohort.scores["value"]
    assert copy.visits == cohort.visits
