"""Analyses that fail at work: named, without their text, and at the cost of nobody else."""

import pytest
import requests

CANARY = "CANARY-4711-XYZ"
PROFILE = '[[analysis]]\nuse = "profile"'
ODD = '[[analysis]]\nuse = "odd"'
WRONG = {
    "no Result": ("return 7", "it gave a int, not a Result"),
    "nothing": ("pass", "it gave a NoneType, not a Result"),
    "a value that is no number": (
        'return Result(estimates=[Estimate(name="x", value=float("nan"), **ONE)])',
        "the estimate 'x': it has a number that is not finite: give None and a note",
    ),
    "a p that is no number": (
        'return Result(estimates=[Estimate(name="x", value=1, p=float("nan"), **ONE)])',
        "the estimate 'x': it has a number that is not finite: give None and a note",
    ),
    "an interval without end": (
        (
            "ends = Interval(low=0, high=float('inf'), kind='95 % confidence')"
            """\nreturn Result(estimates=[Estimate(name="x", value=1, interval=ends, **ONE)])"""
        ),
        "the estimate 'x': it has a number that is not finite: give None and a note",
    ),
    "a p above 1": (
        'return Result(estimates=[Estimate(name="x", value=1, p=1.5, **ONE)])',
        "the estimate 'x': its p is not from 0 to 1",
    ),
    "a negative n": (
        'return Result(estimates=[Estimate(name="x", value=1, **{**ONE, "n": -1})])',
        "the estimate 'x': its n is negative",
    ),
    "no method": (
        'return Result(estimates=[Estimate(name="x", value=1, **{**ONE, "method": " "})])',
        "the estimate 'x': its method or its population is empty",
    ),
    "a name that is no code": (
        'return Result(estimates=[Estimate(name=" x", value=1, **ONE)])',
        "the estimate ' x': its name and its unit must be codes: words with one space between",
    ),
    "two estimates of one name": (
        'return Result(estimates=[Estimate(name="x", value=1, **ONE)] * 2)',
        "two estimates are called 'x'",
    ),
    "a text where a number belongs": (
        'return Result(estimates=[Estimate(name="x", value="7", **ONE)])',
        (
            "its Result is not of the right types: "
            "Expected `float | null`, got `str` - at `$.estimates[0].value`"
        ),
    ),
    "a thing that no file can keep": (
        'return Result(tables=[Table(name="t", title="t", columns=["a"], rows=[[object()]])])',
        "its Result is not of the right types: object is not supported",
    ),
    "no n": (
        'return Result(estimates=[Estimate(name="x", value=1, **{**ONE, "n": None})])',
        "the estimate 'x': it has no n, or `withheld` is set, which only a release may set",
    ),
    "an estimate that is withheld": (
        'return Result(estimates=[Estimate(name="x", value=1, withheld="mine", **ONE)])',
        "the estimate 'x': it has no n, or `withheld` is set, which only a release may set",
    ),
    "a count that is more than the whole": (
        'return Result(estimates=[Estimate(name="x", value=1, counts={"fell": 2}, **ONE)])',
        "the estimate 'x': one of its counts is not from 0 to its n",
    ),
    "two tables of one name": (
        'return Result(tables=[Table(name="t", title="t", columns=["a"], rows=[])] * 2)',
        "two tables or charts are called 't'",
    ),
    "a name of a table that is no file's name": (
        'return Result(tables=[Table(name="../t", title="t", columns=["a"], rows=[])])',
        "the name '../t' must be letters, digits and '-', as file names are",
    ),
    "a table that cites nothing": (
        'return Result(tables=[Table(name="t", title="t", columns=["a"], rows=[[Ref("x")]])])',
        "the table 't' cites 'x', 'value', a number that does not exist",
    ),
    "a table with another number of cells than columns": (
        'return Result(tables=[Table(name="t", title="t", columns=["a"], rows=[["b", "c"]])])',
        "the table 't' has a row with another number of cells than columns",
    ),
    "a chart that cites nothing": (
        (
            'one = Estimate(name="x", value=1, **ONE)\n'
            'rows = {"line": [{"y": Ref("x", "count:fell")}]}\n'
            'chart = Chart(name="c", title="c", alt="a line", spec={"mark": "line"}, data=rows)\n'
            "return Result(estimates=[one], charts=[chart])"
        ),
        "the chart 'c' cites 'x', 'count:fell', a number that does not exist",
    ),
    "a measure of nothing": (
        'return Result(measures=[Measured(estimate="x", initial="y", title="m", criteria={})])',
        "the measure 'm' is of 'x', which is not an estimate",
    ),
    "a split with a negative part": (
        'return Result(splits=[Split(whole="all", parts={"some": -1})])',
        "the split of 'all' has a negative part",
    ),
    "a split of what nobody has heard of": (
        'return Result(splits=[Split(whole="everyonee", parts={"women": 18, "men": 2})])',
        "the split of 'everyonee': no estimate has such a population or count",
    ),
    "a split that does not add up": (
        (
            'one = Estimate(name="x", value=1, **ONE)\n'
            'return Result(estimates=[one], splits=[Split(whole="all", parts={"a": 1, "b": 1})])'
        ),
        "the parts of the split of 'all' do not add up to its number",
    ),
    "an estimate that depends on nothing": (
        'return Result(estimates=[Estimate(name="x", value=1, depends_on=["y"], **ONE)])',
        "the estimate 'x' depends on 'y', not an estimate",
    ),
    "a chart with data of its own": (
        (
            'spec = {"layer": [{"data": {"values": [{"y": 2}]}, "mark": "point"}]}\n'
            'return Result(charts=[Chart(name="c", title="c", alt="a", spec=spec, data={})])'
        ),
        "the chart 'c' holds data in its specification: give them as `data`",
    ),
    "a chart of data that are not there": (
        (
            'spec = {"data": {"name": "bars"}, "mark": "bar"}\n'
            'return Result(charts=[Chart(name="c", title="c", alt="a", spec=spec, data={})])'
        ),
        "the chart 'c' draws 'bars', but has no data of that name",
    ),
    "an exception": (
        f'raise ValueError("{CANARY}")',
        "ValueError in theirs_module.py, line 15",
    ),
    "an exception below it": (
        f'cohort.scores["{CANARY}"]',
        "ColumnNotFoundError in frame.py, line ",
    ),
    "an exception of abate's own kind": (
        f'from abate.errors import AbateError\nraise AbateError("{CANARY}")',
        "AbateError in theirs_module.py, line 16",
    ),
    "the end of the process": ("raise SystemExit(0)", "SystemExit in theirs_module.py, line 15"),
    "a visit that is not there": (
        'cohort.pairs(endpoint="Wk2")',
        "there is no visit 'Wk2'. Did you mean 'Wk1'? Visits: baseline, Wk1.",
    ),
}


@pytest.mark.parametrize(("body", "error"), WRONG.values(), ids=WRONG)
def test_what_went_wrong_is_said_without_the_text_of_the_exception(offer, outcome, body, error):
    offer(body)
    failed = outcome("odd")
    assert failed.result is None
    assert failed.error.startswith(error)
    assert CANARY not in failed.error


def test_the_line_of_the_plugin_is_named_when_a_library_raised(offer, outcome):
    offer('return cohort.scores["no such column"]')
    assert outcome("odd").error.endswith(", called from theirs_module.py, line 15")


def test_numbers_of_numpy_are_numbers(offer, outcome):
    offer(
        'import numpy as np\nwhole = {**ONE, "n": np.int64(3)}\n'
        'return Result(estimates=[Estimate(name="x", value=np.float64(0.5), p=np.float32(1), '
        "**whole)])"
    )
    [estimate] = outcome("odd").result.estimates
    assert [type(number) for number in (estimate.value, estimate.n, estimate.p)] == [
        float,
        int,
        float,
    ]
    assert (estimate.value, estimate.n, estimate.p) == (0.5, 3, 1)


def test_what_one_changes_in_its_tables_the_next_does_not_see(offer, outcome, cohort):
    offer(
        'seen = cohort.scores["value"].sum()\n'
        'cohort.scores[0, "value"] = 100.0\n'
        'cohort.scores.drop_in_place("visit")\n'
        "cohort.lesions.extend(cohort.lesions)\n"
        'return Result(estimates=[Estimate(name="sum", value=seen, **ONE)])'
    )
    assert [outcome("odd").result["sum"].value for _ in range(2)] == [7, 7]
    assert cohort.scores["value"].to_list() == [6, 1]
    assert cohort.lesions.height == 1


def test_the_tables_cannot_be_replaced(offer, outcome):
    offer("cohort.scores = cohort.lesions")
    assert outcome("odd").error.startswith("FrozenInstanceError")


RAISES = f'raise ValueError("{CANARY} Zwitscher-Canary")'


def test_the_others_are_kept_and_published_and_the_exit_code_is_4(abate, study, offer):
    offer(RAISES)
    path = study(ODD, PROFILE)
    ran = abate("sync", path, "--json")
    assert ran.exit_code == 4
    assert "the analysis 'odd' failed: ValueError in theirs_module.py, line 15" in ran.err
    assert ran.json["create"] > 20
    assert "profile" in abate("status", path).out


def test_the_text_of_its_exception_is_nowhere(abate, study, offer):
    offer(RAISES)
    path = study(ODD, PROFILE)
    ran = abate("sync", path)
    kept = ["results.json", "status.json", "bundle.json"]
    texts = [ran.out, ran.err, *((path.parent / "abate-output" / one).read_text() for one in kept)]
    assert ran.exit_code == 4
    assert not [text for text in texts if "CANARY" in text or "Canary" in text]


FRAGILE = """
import pathlib
if pathlib.Path(r"{flag}").exists():
    raise ValueError
return Result(estimates=[Estimate(name="x", value=1, **ONE)])
"""


@pytest.fixture
def broken_after_publish(abate, study, offer, tmp_path):
    """Publish an analysis, break it, and publish again: gives the study file and both reports."""
    flag = tmp_path / "broken"
    offer(FRAGILE.format(flag=flag))
    path = study(ODD)
    assert abate("sync", path).exit_code == 0
    before = published(path)
    flag.touch()
    again = abate("sync", path, "--json")
    assert again.exit_code == 4
    return path, before, published(path), again.json


def published(path):
    """All Observations and the report that stand on the study's server, by reference."""
    base = path.read_text().partition('url = "')[2].partition('"')[0]
    found = {}
    for kind in ("Group", "DiagnosticReport"):
        bundle = requests.get(f"{base}/{kind}?_count=500", timeout=5).json()
        for entry in bundle["entry"]:
            found[f"{kind}/{entry['resource']['id']}"] = entry["resource"]
    for result in list(found.values())[-1]["result"]:
        found[result["reference"]] = requests.get(f"{base}/{result['reference']}", timeout=5).json()
    return found


def test_the_published_result_of_one_that_fails_now_stays_and_the_report_says_so(
    broken_after_publish,
):
    _, before, after, _ = broken_after_publish
    assert before.keys() == after.keys()
    [changed] = [name for name in before if before[name] != after[name]]
    assert changed.startswith("DiagnosticReport/")
    assert after[changed]["conclusion"].endswith(
        "odd: failed in this run; its resources here are of an earlier run."
    )
    assert after[changed]["result"] == before[changed]["result"]


def test_failing_again_writes_nothing_anew(abate, broken_after_publish):
    path, _, _, first = broken_after_publish
    second = abate("sync", path, "--json")
    assert second.exit_code == 4
    assert (second.json["create"], second.json["update"]) == (0, 0)
    assert second.json["unchanged"] == len(first["changes"])
