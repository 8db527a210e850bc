"""Random scores of one lesion, held against the rules in plain Python."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HONG_KONG = timezone(timedelta(hours=8))
DAY_0 = date(2021, 3, 10)
STARTS, ENDS = (
    datetime(2021, 3, 10, 10, tzinfo=HONG_KONG),
    datetime(2021, 3, 10, 11, tzinfo=HONG_KONG),
)
WINDOWS = {"D1": (1, 1, 1), "Wk1": (7, 5, 10), "M1": (28, 25, 41)}

offsets = st.sampled_from([UTC, HONG_KONG, timezone(timedelta(hours=-5))])
days = st.one_of(st.integers(-3, 2), st.integers(-9, 43), st.sampled_from([5, 6, 7, 8, 9, 10]))
hours = st.sampled_from([0, 1, 9, 10, 11, 12, 23])


@st.composite
def moments(draw):
    """A date only, or an instant written in some offset."""
    day = DAY_0 + timedelta(days=draw(days))
    if draw(st.integers(0, 3)) == 0:
        return day.isoformat()
    local = datetime(day.year, day.month, day.day, draw(hours), tzinfo=HONG_KONG)
    return local.astimezone(draw(offsets)).isoformat()


patients = st.lists(
    st.lists(st.tuples(moments(), st.integers(0, 10)), min_size=1, max_size=9),
    min_size=12, max_size=16,
)  # fmt: skip


class Score:
    """One score as the rules see it."""

    def __init__(self, text, value):
        self.value = value
        self.dated = "T" not in text
        self.instant = None if self.dated else datetime.fromisoformat(text).astimezone(HONG_KONG)
        on = date.fromisoformat(text) if self.dated else self.instant.date()
        self.day = (on - DAY_0).days
        self.time = self.instant or datetime(on.year, on.month, on.day, tzinfo=HONG_KONG)


def side(score, same_day):
    if score.dated:
        if score.day:
            return "after" if score.day > 0 else "before"
        return same_day
    if score.instant <= STARTS:
        return "before"
    return "after" if score.instant > ENDS else "during"


def visit(score, same_day):
    where = side(score, same_day)
    if where == "before":
        return "baseline" if score.day >= -7 else None
    if where != "after":
        return None
    if score.day == 0:
        return "D0-after"
    inside = [name for name, (_, first, last) in WINDOWS.items() if first <= score.day <= last]
    return inside[0] if inside else None


def candidates(scores):
    """Without ambiguous dates of day 0, without doubles, and of one instant the highest."""
    undated = {score.value for score in scores if score.dated and score.day == 0}
    if len(undated) > 1:
        scores = [score for score in scores if not (score.dated and score.day == 0)]
    once = {(score.dated, score.time, score.value): score for score in scores}.values()
    highest = {}
    for score in once:
        if not score.dated:
            highest[score.time] = max(score.value, highest.get(score.time, 0))
    return [score for score in once if score.dated or score.value == highest[score.time]]


def stands(name, scores, per_visit):
    if name == "baseline":
        return max(scores, key=lambda s: (s.day, not s.dated, s.time, s.value)).value
    values = sorted(score.value for score in scores)
    match per_visit:
        case "median":
            return values[len(values) // 2]
        case "worst":
            return values[-1]
        case "first":
            return min(scores, key=lambda s: (s.time, -s.value)).value
        case "last":
            return max(scores, key=lambda s: (s.time, s.value)).value
    target = WINDOWS[name][0] if name in WINDOWS else 0
    return min(scores, key=lambda s: (abs(s.day - target), -s.value)).value


def expected(texts, per_visit, same_day):
    """The value that stands for each visit, by the rules alone."""
    placed = [(visit(score, same_day), score) for score in candidates([Score(*t) for t in texts])]
    placed = sorted((pair for pair in placed if pair[0]), key=lambda pair: pair[0])
    return {
        name: stands(name, [score for _, score in group], per_visit)
        for name, group in groupby(placed, key=lambda pair: pair[0])
    }


@pytest.mark.parametrize("per_visit", ["nearest", "worst", "first", "last", "median"])
@settings(
    max_examples=3, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(given_scores=patients, same_day=st.sampled_from(["before", "after", "exclude"]))
def test_random_scores_stand_where_the_rules_say(study_of, per_visit, given_scores, same_day):
    study = study_of()
    for number, scores in enumerate(given_scores):
        name = study.patient(f"patient-{number}")
        procedure = study.procedure(patient=name)
        for text, value in scores:
            focus = [{"reference": f"Procedure/{procedure}"}]
            study.score(value, text, patient=name, focus=focus)
    cohort = study.cohort(f"scores.per_visit={per_visit}", f"visits.baseline.same_day={same_day}")
    found = {
        name: {
            row["visit"]: row["value"]
            for row in cohort.scores.values()
            if row["chosen"] and row["lesion_id"] == lesion["lesion_id"]
        }
        for name, lesion in cohort.lesions.items()
    }
    assert found == {
        f"procedure-{number}": expected(scores, per_visit, same_day)
        for number, scores in enumerate(given_scores, start=1)
    }
    chosen = Counter(row["lesion_id"] for row in cohort.scores.values() if row["chosen"])
    assert chosen.total() == sum(len(visits) for visits in found.values())
