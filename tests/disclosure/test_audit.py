"""The audit refuses each kind of leak: a release is mutilated, and must not pass."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.analysis.model import Chart, Estimate, Interval, Ref, Result, Table
from abate.analysis.results import Step
from abate.cohort.inputs import Inputs, Members
from abate.disclosure import make_release, rule_of
from abate.disclosure.audit import audit
from abate.errors import PublishRefused

FIVE = rule_of(5)
EXAMPLES = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def whole(run_with, estimate):
    share = Estimate(
        name="share", value=0.1, n=30, method="m", population="scored", p=0.2,
        statistic="proportion", counts={"numerator": 3},
    )  # fmt: skip
    most = replace(share, name="most", value=0.9, counts={"numerator": 27})
    longest = estimate("followed", 20, name="longest", individual=True)
    estimates = [share, most, longest, estimate("few", 4), estimate("many", 20)]
    table = Table(name="t", title="T", columns=("a", "b"), rows=[("many", Ref("many"))])
    chart = Chart(name="c", title="C", alt="A.", spec={}, data={"d": [{"a": Ref("many")}]})
    return run_with(Result(estimates=estimates, tables=[table], charts=[chart]), lesions=50)


@pytest.fixture
def shown(whole):
    return make_release(whole, FIVE)


def with_result(shown, **changes):
    outcome = shown.outcomes[0]
    return replace(shown, outcomes=[replace(outcome, result=replace(outcome.result, **changes))])


def test_a_release_passes(whole, shown):
    audit(whole, shown, FIVE)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("few", {"n": 4}),
        ("few", {"value": 4.0}),
        ("share", {"value": 0.1}),
        ("share", {"p": 0.2}),
        ("share", {"counts": {"numerator": 3}}),
        ("share", {"interval": Interval(low=0.0, high=0.2, kind="95 % confidence")}),
        ("most", {"value": 0.9}),
        ("longest", {"value": 36.0}),
        ("longest", {"cases": ["a lesion"]}),
        ("many", {"n": 21}),
        ("many", {"interval": Interval(low=0, high=9, kind="range of all")}),
        ("many", {"note": "lesion 6"}),
    ],
)
def test_a_number_that_is_put_back_is_found(whole, shown, put_back, name, changes):
    with pytest.raises(PublishRefused):
        audit(whole, put_back(shown, name, **changes), FIVE)


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": [Table(name="t", title="T", columns=("a",), rows=[("lesion 6", 3)])]},
        {"tables": [Table(name="t", title="T", columns=("a",), rows=[(Ref("few"),)])]},
        {"tables": [Table(name="t", title="T", columns=("a",), rows=[(Ref("many"), 3)])]},
        {"charts": [Chart(name="c", title="C", alt="A.", spec={}, data={"d": [{"a": 3}]})]},
        {"charts": [Chart(name="c", title="C", alt="Lesion 6.", spec={}, data={})]},
        {"charts": [Chart(name="c", title="C", alt="A.", spec={"data": {"values": [3]}}, data={})]},
        {"notes": ["lesion 6 rose"]},
        {"reason": "only 3"},
    ],
    ids=["row", "withheld", "literal", "point", "alt", "values", "note", "reason"],
)
def test_a_row_or_a_word_of_a_single_unit_is_found(whole, shown, changes):
    with pytest.raises(PublishRefused):
        audit(whole, with_result(shown, **changes), FIVE)


@pytest.mark.parametrize(
    "changes",
    [
        {"members": Members(patients=["p"], procedures=["q"])},
        {"inputs": Inputs(server="s", counts={"Patient": 3}, digest="i")},
        {"attrition": [Step(stage="scores chosen", reason="M9", unit="score", n=1)]},
        {"lesions": 51},
        {"statements": {"registration": 3}},
    ],
    ids=["members", "inputs", "attrition", "total", "unknown field"],
)
def test_a_field_that_nobody_thought_of_is_found(whole, shown, changes):
    with pytest.raises(PublishRefused):
        audit(whole, replace(shown, **changes), FIVE)


def test_a_refusal_names_the_population_and_no_number(whole, shown, put_back):
    with pytest.raises(PublishRefused) as refusal:
        audit(whole, put_back(shown, "few", n=4), FIVE)
    assert "few (lesion)" in str(refusal.value)
    assert "4" not in str(refusal.value)


def test_a_hidden_part_beside_shown_others_is_found(run_of_parts, put_back):
    whole = run_of_parts({"arm": 20, "leg": 9, "hip": 3})
    shown = make_release(whole, FIVE)
    with pytest.raises(PublishRefused, match=r"analysed.* can be worked out"):
        audit(whole, put_back(shown, "leg", n=9, value=4.0, withheld=""), FIVE)


def test_rounded_counts_beside_exact_ones_are_found(run_with):
    exact = Estimate(
        name="share", value=13 / 33, n=33, method="m", population="scored",
        statistic="proportion", counts={"numerator": 13},
    )  # fmt: skip
    nhs = rule_of("nhs")
    whole = run_with(Result(estimates=[exact]), lesions=88)
    shown = make_release(whole, nhs)
    outcome = shown.outcomes[0]
    put_back = replace(outcome.result["share"], value=13 / 33)
    changed = replace(outcome, result=replace(outcome.result, estimates=[put_back]))
    with pytest.raises(PublishRefused, match="rounded"):
        audit(whole, replace(shown, outcomes=[changed]), nhs)


@EXAMPLES
@given(
    rows=st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=3),
    preset=st.sampled_from([2, 3, 5, "cms", "nhs", "opensafely"]),
)
def test_what_is_released_of_any_table_passes_the_audit(run_of_table, rows, preset):
    rule = rule_of(preset)
    shown = make_release(run_of_table(rows), rule)
    assert not any(
        rule.hides(one.n) for one in shown.outcomes[0].result.estimates if one.n is not None
    )
