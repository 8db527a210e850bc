"""Results as a run finds them, and as they leave the house where small cells are hidden."""

from dataclasses import replace

import pytest

from abate import Estimate, Interval, Result
from abate.analysis import loader
from abate.analysis.model import Measured
from abate.analysis.outcome import Outcome
from abate.analysis.results import FORMAT, Results, Step
from abate.cohort.inputs import Inputs, Members

FALLS = Estimate(
    name="sign-test",
    label="share of falls",
    value=8 / 9,
    n=9,
    p=0.0390625,
    interval=Interval(low=0.5, high=1, kind="95 % confidence"),
    method="exact sign test",
    population="lesions with both scores",
    statistic="test",
    counts={"falls": 8, "rises": 1},
)
COUNT = Estimate(
    name="falls", value=8, n=10, unit="{lesion}", method="count", population="lesions <both>",
    statistic="count", counts={"fell": 8},
)  # fmt: skip
NOTHING = Estimate(
    name="median-M8", value=None, n=0, unit="{score}", method="median", population="scored at M8",
    note="no analysed lesion was scored then", statistic="median",
)  # fmt: skip
SMALL = "counts from 1 to 4 are hidden"


def share(name, numerator, n):
    return Estimate(
        name=name, value=numerator / n if n else None, n=n, method="proportion",
        population=f"lesions of {name}", statistic="proportion", counts={"numerator": numerator},
    )  # fmt: skip


RESPONDERS = (
    Estimate(
        name="analysed", value=11, n=11, unit="{lesion}", method="count",
        population="analysed lesions", statistic="count",
    ),
    share("fall-2", 5, 10),
    share("fall-2-adjunct-rfa", 1, 3),
    share("fall-2-adjunct-none", 4, 7),
    share("fall-2-site-pelvis", 3, 6),
    share("fall-2-site-spine", 2, 4),
)  # fmt: skip
MEASURED = Measured(
    estimate="fall-2",
    initial="analysed",
    title="a fall of two points or more",
    criteria={
        "initial-population": "analysed lesions",
        "denominator": "with a baseline score",
        "numerator": "two points or more under the baseline",
    },
    strata={
        "adjunct": {"rfa": "fall-2-adjunct-rfa", "none": "fall-2-adjunct-none"},
        "site-group": {"pelvis": "fall-2-site-pelvis", "spine": "fall-2-site-spine"},
    },
)


def hidden(estimate):
    """An estimate as it leaves the house, its numbers withheld; a small n too."""
    n = estimate.n if estimate.n >= 5 else None
    nothing = {"value": None, "interval": None, "p": None, "counts": {}, "cases": ()}
    return replace(estimate, **nothing, n=n, withheld=SMALL)


@pytest.fixture
def results():
    """Results with a test, a count and a median that cannot be estimated."""
    first = Outcome(
        name="first-week",
        use="paired-change",
        plugin="abate_analyses",
        plugin_version="0.1.0",
        primary=True,
        parameters={},
        result=Result(estimates=(FALLS, COUNT, NOTHING)),
    )
    return Results(
        format=FORMAT,
        release="",
        rule="",
        study="tiny",
        title="A <tiny> study",
        synthetic=True,
        study_digest="d",
        run_id="r",
        version="0.2.0",
        period=("2006-10", "2010-08"),
        patients=10,
        lesions=11,
        inputs=Inputs(server="http://h", counts={"Patient": 10, "Observation": 70}, digest="i"),
        attrition=[
            Step(stage="treated", reason="", unit="patient", n=12),
            Step(stage="treated", reason="", unit="lesion", n=13),
        ],
        outcomes=[first],
    )


@pytest.fixture
def measured(results):
    """Results with a proportion that is a Measure, in strata."""
    result = Result(estimates=RESPONDERS, measures=[MEASURED])
    [first] = results.outcomes
    return replace(results, outcomes=[replace(first, use="responders", result=result)])


@pytest.fixture
def withheld(results, measured):
    """All of both as it leaves the house where small cells are hidden."""
    [tests], [responders] = results.outcomes, measured.outcomes
    tests = replace(tests, result=Result(estimates=[hidden(FALLS), COUNT, NOTHING]))
    estimates = [RESPONDERS[0], *map(hidden, RESPONDERS[1:])]
    responders = replace(
        responders, name="responders", result=Result(estimates=estimates, measures=[MEASURED])
    )
    inputs = Inputs(server="http://h", counts={}, digest="i")
    return replace(results, rule="5", attrition=[], inputs=inputs, outcomes=[tests, responders])


@pytest.fixture
def listed(measured):
    """Results whose members may be listed."""
    return replace(measured, members=Members(patients=["p1", "p2"], procedures=["x1", "x2"]))


@pytest.fixture(scope="session")
def host():
    """The plugins that are installed."""
    return loader.load()
