"""What leaves the house under a rule: each kind of number, shown or withheld."""

from dataclasses import replace

import msgspec
import pytest

from abate.analysis.model import Chart, Estimate, Interval, Measured, Ref, Result, Table
from abate.analysis.published_figures import ComparedFigure
from abate.cohort.inputs import Members
from abate.cohort.units import Units
from abate.disclosure import make_release, rule_of

FIVE = rule_of(5)


def of(shown, name):
    return shown.outcomes[0].result[name]


def proportion(numerator, n, *, name="share", population="analysed lesions with a baseline"):
    return Estimate(
        name=name, value=numerator / n, n=n, method="proportion", population=population, p=0.5,
        interval=Interval(low=0.1, high=0.9, kind="95 % confidence"), statistic="proportion",
        counts={"numerator": numerator}, note="of those scored",
    )  # fmt: skip


def number(value, n, *, population="analysed lesions", name="number"):
    return Estimate(
        name=name, value=value, n=n, method="count", population=population, unit="{lesion}",
        statistic="count",
    )  # fmt: skip


def test_a_rule_of_one_hides_nothing(run_with):
    whole = run_with(Result(estimates=[proportion(1, 2)]), lesions=3)
    shown = make_release(whole, rule_of(1))
    assert shown == replace(whole, release=shown.release, rule="1")
    assert shown.release == "no small cell is hidden: every count may be seen"


def test_the_rule_is_named(run_with):
    shown = make_release(run_with(Result(), lesions=50), rule_of("cms"))
    assert (shown.release, shown.rule) == ("small cells are hidden", "cms")


def test_an_estimate_of_few_is_withheld_with_its_n(run_with):
    whole = run_with(Result(estimates=[proportion(2, 4)]), lesions=50)
    one = of(make_release(whole, FIVE), "share")
    assert (one.value, one.interval, one.p, one.n, one.counts, one.note) == (
        None, None, None, None, {}, "",
    )  # fmt: skip
    assert one.withheld == FIVE.words
    assert (one.method, one.population) == ("proportion", "analysed lesions with a baseline")


def test_an_estimate_with_a_small_count_is_withheld_and_its_n_stands(run_with):
    one = of(
        make_release(run_with(Result(estimates=[proportion(3, 20)]), lesions=50), FIVE), "share"
    )
    assert (one.value, one.counts, one.p, one.n) == (None, {}, None, 20)


def test_all_but_a_few_is_as_telling_as_a_few(run_with):
    one = of(
        make_release(run_with(Result(estimates=[proportion(18, 20)]), lesions=50), FIVE), "share"
    )
    assert (one.value, one.counts, one.n) == (None, {}, 20)


@pytest.mark.parametrize("numerator", [0, 5, 15, 20])
def test_an_estimate_of_many_stands(run_with, numerator):
    given = proportion(numerator, 20)
    shown = make_release(run_with(Result(estimates=[given]), lesions=50), FIVE)
    assert of(shown, "share") == given


def test_a_small_number_of_lesions_is_withheld(run_with):
    shown = make_release(run_with(Result(estimates=[number(3, 50)]), lesions=50), FIVE)
    assert (of(shown, "number").value, of(shown, "number").n) == (None, 50)


def test_a_proportion_without_its_numerator_is_read_as_one(run_with):
    given = replace(proportion(3, 20), counts={})
    assert of(make_release(run_with(Result(estimates=[given]), lesions=50), FIVE), "share").withheld


def test_a_median_goes_with_its_n(run_with, estimate):
    whole = run_with(Result(estimates=[estimate("few", 4), estimate("many", 30)]), lesions=50)
    shown = make_release(whole, FIVE)
    assert of(shown, "few").value is None
    assert of(shown, "many").value == 4


def test_a_population_is_hidden_where_few_of_the_analysed_are_left_out(run_of_units, estimate, ids):
    scored = (estimate("scored", 48), Units.of(ids(48), "score"))
    shown = make_release(run_of_units([scored], ids(50)), FIVE)
    assert (of(shown, "scored").n, shown.lesions) == (None, 50)


def test_the_ends_of_a_range_are_left_out_and_the_median_stands(run_with, estimate):
    age = estimate("aged", 30, interval=Interval(low=28, high=72, kind="range"))
    one = of(make_release(run_with(Result(estimates=[age]), lesions=50), FIVE), "aged")
    assert (one.value, one.interval, one.n) == (4, None, 30)
    assert "single units" in one.note


def test_a_single_units_value_is_withheld(run_with, estimate):
    longest = estimate("followed", 30, individual=True, cases=["a lesion, at M9"])
    one = of(make_release(run_with(Result(estimates=[longest]), lesions=50), FIVE), "followed")
    assert (one.value, one.cases, one.n) == (None, (), 30)


def test_cases_and_notes_that_name_units_are_left_out(run_with, estimate):
    named = estimate("followed", 30, cases=["lesion 6"], note="lesion 6 rose")
    whole = run_with(Result(estimates=[named], notes=["lesion 6 rose", "In words."]), lesions=50)
    shown = make_release(whole, FIVE)
    assert (of(shown, "followed").note, of(shown, "followed").cases) == ("", ())
    assert shown.outcomes[0].result.notes == ["In words."]


def test_reasons_and_errors_that_hold_a_number_are_put_in_general_words(run_with):
    whole = run_with(Result(reason="only 3 lesions"), lesions=50)
    failed = replace(whole.outcomes[0], name="failed", result=None, error="patient 17 is odd")
    shown = make_release(replace(whole, outcomes=[*whole.outcomes, failed]), FIVE)
    assert "3" not in shown.outcomes[0].result.reason
    assert shown.outcomes[1].error == "the analysis failed; the local results have the reason"
    assert [one.name for one in shown.failed] == ["failed"]


def test_analysed_patients_and_lesions_are_hidden_where_they_are_few(run_with):
    shown = make_release(run_with(Result(), lesions=4, patients=3), FIVE)
    assert (shown.patients, shown.lesions) == (None, None)


def test_what_the_results_were_made_from_is_left_out(run_with):
    figure = ComparedFigure(id="1", title="t", rule="r", paper=3, ours=3, n=11, agrees=True)
    whole = replace(
        run_with(Result(), lesions=50),
        members=Members(patients=["p"], procedures=["q"]),
        comparisons=[figure],
    )
    shown = make_release(whole, FIVE)
    assert (shown.members, shown.comparisons, shown.inputs.counts) == (None, (), {})
    assert shown.inputs.digest == "i"


ATTRITION = [
    {"stage": "received", "reason": "Patient", "unit": "resource", "n": 3},
    {"stage": "treated", "reason": "", "unit": "lesion", "n": 61},
    {"stage": "excluded", "reason": "no-score", "unit": "lesion", "n": 8},
    {"stage": "excluded", "reason": "re-treated", "unit": "lesion", "n": 3},
    {"stage": "scores chosen", "reason": "M9", "unit": "score", "n": 1},
    {"stage": "analysed", "reason": "", "unit": "lesion", "n": 50},
]


def test_the_flow_of_lesions_stays_and_its_small_steps_do_not_follow(run_with):
    shown = make_release(run_with(Result(), lesions=50, attrition=ATTRITION), FIVE)
    flow = {step.reason or step.stage: step.n for step in shown.attrition}
    assert set(flow) == {"treated", "no-score", "re-treated", "analysed"}
    assert flow == {"treated": 61, "no-score": None, "re-treated": None, "analysed": 50}


def test_treated_and_analysed_do_not_tell_a_few_excluded(run_with):
    steps = [ATTRITION[1] | {"n": 53}, ATTRITION[3], ATTRITION[5]]
    shown = make_release(run_with(Result(), lesions=50, attrition=steps), FIVE)
    assert [step.n for step in shown.attrition] in ([None, None, 50], [53, None, None])


def cited(rows, *, alt="The course.", spec=None):
    estimates = [proportion(2, 4, name="few"), proportion(10, 20, name="many", population="m")]
    table = Table(name="t", title="T", columns=("a", "b"), rows=rows)
    data = {"d": [dict(zip("abc", row, strict=False)) for row in rows]}
    chart = Chart(
        name="c", title="A chart", alt=alt, spec=spec or {"data": {"name": "d"}}, data=data
    )
    return Result(estimates=estimates, tables=[table], charts=[chart])


@pytest.mark.parametrize(
    ("row", "in_table", "in_chart"),
    [
        (("lesion 6", 3), False, False),
        (("words", "only"), False, False),
        (("few", Ref("few")), False, False),
        (("many", Ref("many")), True, True),
        (("both", Ref("many"), Ref("few")), True, False),
    ],
    ids=["numbers", "words", "withheld", "shown", "in part"],
)
def test_rows_stand_with_the_estimates_that_they_cite(run_with, row, in_table, in_chart):
    result = make_release(run_with(cited([row]), lesions=50), FIVE).outcomes[0].result
    assert [len(table.rows) for table in result.tables] == [int(in_table)]
    assert [len(chart.data["d"]) for chart in result.charts] == [int(in_chart)]


@pytest.mark.parametrize("cell", [3, "3", "3 (12 %)", "< 5", "3/11"])
def test_a_number_that_no_estimate_answers_for_is_left_out_of_a_table(run_with, cell):
    result = (
        make_release(run_with(cited([(cell, Ref("many"))]), lesions=50), FIVE).outcomes[0].result
    )
    assert list(result.tables[0].rows[0]) == [None, Ref("many")]


def test_a_chart_with_values_of_its_own_is_left_out(run_with):
    whole = run_with(cited([], spec={"data": {"values": [{"x": 3}]}}), lesions=50)
    assert make_release(whole, FIVE).outcomes[0].result.charts == []


def test_a_charts_words_with_a_number_give_way_to_its_title(run_with):
    shown = make_release(run_with(cited([], alt="Lesion 6 rises."), lesions=50), FIVE)
    assert shown.outcomes[0].result.charts[0].alt == "A chart"


def test_measures_stay_since_their_numbers_are_those_of_estimates(run_with):
    measure = Measured(estimate="share", initial="share", title="Share", criteria={})
    whole = run_with(Result(estimates=[proportion(2, 4)], measures=[measure]), lesions=50)
    assert make_release(whole, FIVE).outcomes[0].result.measures == [measure]


def test_rounded_counts_make_rounded_proportions_without_interval_and_p(run_with):
    whole = run_with(Result(estimates=[proportion(13, 33)]), lesions=88)
    shown = make_release(whole, rule_of("nhs"))
    one = of(shown, "share")
    assert (one.n, one.counts, one.value) == (35, {"numerator": 15}, 15 / 35)
    assert (one.interval, one.p) == (None, None)
    assert one.note == "of those scored; interval and p withheld: counts are rounded"
    assert shown.lesions == 90


def test_a_test_is_withheld_where_counts_are_rounded(run_with):
    sign = replace(proportion(13, 33), statistic="test", counts={"falls": 13})
    one = of(make_release(run_with(Result(estimates=[sign]), lesions=88), rule_of("nhs")), "share")
    assert (one.value, one.p, one.counts, one.n) == (None, None, {}, 35)


def test_a_median_stands_where_counts_are_rounded(run_with, estimate):
    given = estimate("scored", 33, interval=Interval(low=1, high=6, kind="quartiles"))
    one = of(
        make_release(run_with(Result(estimates=[given]), lesions=88), rule_of("nhs")), "scored"
    )
    assert (one.value, one.interval, one.n) == (4, given.interval, 35)


def test_a_mean_is_withheld_where_counts_are_rounded_since_it_would_tell_them(run_with, estimate):
    given = replace(estimate("scored", 33), statistic="mean", value=4.0303030303)
    one = of(
        make_release(run_with(Result(estimates=[given]), lesions=88), rule_of("nhs")), "scored"
    )
    assert (one.value, one.visible_n) == (None, 35)


def test_zero_is_hidden_only_where_the_rule_says_so(run_with):
    whole = run_with(Result(estimates=[number(0, 88)]), lesions=88)
    assert of(make_release(whole, rule_of("nhs")), "number").value == 0
    assert of(make_release(whole, rule_of("opensafely")), "number").value is None


def test_identical_units_are_hidden_together(run_with, estimate):
    twice = [estimate("few", 4, name="one"), estimate("few", 4, name="two")]
    shown = make_release(run_with(Result(estimates=twice), lesions=50), FIVE)
    assert [one.n for one in shown.outcomes[0].result.estimates] == [None, None]


def test_a_part_that_follows_from_the_others_is_hidden_with_one_more(run_of_parts):
    shown = make_release(run_of_parts({"arm": 20, "leg": 9, "hip": 3}), FIVE)
    assert [of(shown, name).n for name in ("analysed-lesions", "arm", "leg", "hip")] == [
        32, 20, None, None,
    ]  # fmt: skip


def test_a_part_that_nothing_shows_does_not_follow_either(run_of_units, estimate, ids):
    given = [
        (estimate("analysed lesions", 32), Units.of(ids(32), "site")),
        (estimate("arm", 20), Units.of(ids(20), "site")),
        (estimate("leg", 9), Units.of(ids(9, 20), "site")),
    ]
    shown = make_release(run_of_units(given, ids(32)), FIVE)
    assert [one.n for one in shown.outcomes[0].result.estimates] == [32, 20, None]


def test_a_count_is_a_part_like_a_population(run_of_units, estimate, ids):
    arm = Units.of(ids(20), "site")
    leg = Units.of(ids(32), "site").counting({"number": ids(9, 20)})
    given = [(number(9, 32), leg), (estimate("arm", 20), arm)]
    shown = make_release(run_of_units(given, ids(32)), FIVE)
    assert of(shown, "number").withheld or of(shown, "arm").n is None


def test_two_estimates_that_differ_by_one_lesion_are_not_both_shown(run_of_units, ids):
    week = {one: f"{one}-before>{one}-week" for one in ids(31)}
    both = [
        (replace(proportion(15, n, name=name, population=name), p=None), units)
        for name, n, units in (
            ("observed", 31, Units(data=week).counting({"numerator": ids(15)})),
            ("last", 32, Units(data=week | {"L0031": "x>y"}).counting({"numerator": ids(15)})),
        )
    ]
    shown = make_release(run_of_units(both, ids(40)), FIVE)
    assert [bool(of(shown, name).withheld) for name in ("observed", "last")].count(True) == 1


def test_two_estimates_of_other_data_of_one_lesion_are_not_both_shown(run_of_units, estimate, ids):
    first = {one: f"{one}-day" for one in ids(30)}
    given = [
        (estimate("one", 30), Units(data=first)),
        (estimate("two", 30), Units(data=first | {"L0000": "L0000-week"})),
        (estimate("three", 30), Units(data={one: f"{one}-year" for one in ids(30)})),
    ]
    shown = make_release(run_of_units(given, ids(30)), FIVE)
    values = [of(shown, name).value for name in ("one", "two", "three")]
    assert values[:2].count(None) == 1
    assert values[2] == 4
    assert [one.n for one in shown.outcomes[0].result.estimates] == [30, 30, 30]


def test_all_less_the_men_less_the_women_are_those_of_unknown_sex(run_of_units, ids):
    sexes = {"all": ids(41), "men": ids(20), "women": ids(20, 20)}
    given = [
        (
            replace(proportion(10, len(who), name=name, population=name), p=None),
            Units.of(who, "change").counting({"numerator": who[::2][:10]}),
        )
        for name, who in sexes.items()
    ]
    shown = make_release(run_of_units(given, ids(60)), FIVE)
    assert [bool(of(shown, name).withheld) for name in sexes].count(True) >= 1


def test_of_units_that_were_chosen_by_their_values_the_others_are_a_count(
    run_of_units, estimate, ids
):
    pairs = Units.of(ids(30), "change")
    given = [(estimate("untied", 28), pairs.where(ids(28)))]
    shown = make_release(run_of_units(given, ids(60)), FIVE)
    assert of(shown, "untied").n is None


def test_plain_ids_could_be_any_data_of_their_units(run_of_units, estimate, ids):
    given = [
        (estimate("known", 30), Units.of(ids(30), "score")),
        (estimate("unknown", 30), Units.of([*ids(29), "L0035"])),
    ]
    shown = make_release(run_of_units(given, ids(40)), FIVE)
    assert [of(shown, name).value for name in ("known", "unknown")].count(None) == 1


def test_an_estimate_without_units_is_never_released(run_with, estimate):
    whole = run_with(Result(estimates=[estimate("many", 30)]), lesions=50, synthetic=False)
    one = of(make_release(whole, FIVE), "many")
    assert (one.value, one.n) == (None, None)
    assert one.withheld == "the analysis does not give the units that it was computed from"
    assert of(make_release(whole, rule_of(1)), "many").value == 4


def test_an_estimate_without_units_whose_name_comes_from_the_data_loses_its_name(
    run_with, estimate
):
    rare = estimate("rare", 30, from_data=True)
    whole = run_with(Result(estimates=[rare]), lesions=50, synthetic=False)
    assert make_release(whole, FIVE).outcomes[0].result.estimates == []


def test_what_depends_on_an_estimate_without_units_is_withheld(run_of_units, estimate, ids):
    given = [(estimate("known", 30, depends_on=["other"]), Units.of(ids(30), "score"))]
    whole = run_of_units(given, ids(40))
    outcome = whole.outcomes[0]
    more = replace(outcome.result, estimates=[*outcome.result.estimates, estimate("other", 30)])
    shown = make_release(replace(whole, outcomes=[replace(outcome, result=more)]), FIVE)
    assert of(shown, "known").value is None


def test_the_units_themselves_are_left_out_under_every_rule(run_of_parts):
    whole = run_of_parts({"a": 20, "b": 9})
    for rule in (FIVE, rule_of(1)):
        shown = make_release(whole, rule)
        assert shown.outcomes[0].result.units == {}
        assert [step.units for step in shown.attrition] == [()]


def test_the_primary_analysis_is_kept_where_another_can_be_hidden(run_of_units, estimate, ids):
    given = [(estimate(name, n), Units.of(ids(n), "score")) for name, n in (("a", 30), ("b", 32))]
    whole = run_of_units(given, ids(40))
    [both] = whole.outcomes
    parts = [
        replace(both, name=name, primary=name == "b",
                result=replace(both.result, estimates=[both.result[name]],
                               units={name: both.result.units[name]}))
        for name in ("a", "b")
    ]  # fmt: skip
    shown = make_release(replace(whole, outcomes=parts), FIVE)
    assert [one.result.estimates[0].n for one in shown.outcomes] == [None, 32]


def test_one_small_cell_of_a_table_hides_a_rectangle(run_of_table):
    shown = make_release(run_of_table([(20, 50, 10), (8, 19, 22), (17, 32, 3)]), FIVE)
    estimates = shown.outcomes[0].result.estimates
    assert sum(one.n is None for one in estimates) >= 4
    assert of(shown, "site-2-adjunct-2").n is None


def test_what_is_released_can_be_kept_and_read(run_of_parts):
    shown = make_release(run_of_parts({"a": 20, "b": 3, "c": 9}), FIVE)
    kept = msgspec.json.decode(msgspec.json.encode(shown), type=type(shown))
    assert [one.n for one in kept.outcomes[0].result.estimates] == [32, 20, None, None]


def test_what_was_computed_from_a_withheld_figure_is_withheld_too(run_with):
    small, second, third, free = (proportion(3, 20, name=name) for name in ("a", "b", "c", "d"))
    large = {"counts": {"numerator": 10}, "value": 0.5}
    second = replace(second, depends_on=["a"], **large)
    third = replace(third, depends_on=["b"], **large)
    whole = run_with(Result(estimates=[third, second, small, replace(free, **large)]), lesions=50)
    shown = make_release(whole, FIVE)
    assert [bool(of(shown, name).withheld) for name in "abcd"] == [True, True, True, False]


@pytest.mark.parametrize(("n", "stands"), [(19, False), (20, True)])
def test_quartiles_need_four_times_the_minimum(run_with, n, stands):
    quartiles = Interval(low=1, high=3, kind="quartiles")
    median = Estimate(
        name="median", value=2, n=n, method="median", population="analysed lesions with a score",
        statistic="median", interval=quartiles,
    )  # fmt: skip
    one = of(make_release(run_with(Result(estimates=[median]), lesions=50), FIVE), "median")
    assert (one.value, one.interval) == (2, quartiles if stands else None)


def test_the_months_of_the_first_and_last_patient_become_years(run_with):
    whole = run_with(Result(), lesions=50)
    assert make_release(whole, FIVE).period == tuple(month[:4] for month in whole.period)
    assert make_release(whole, rule_of(1)).period == whole.period
