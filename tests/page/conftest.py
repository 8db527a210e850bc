"""What the tests of the page share: the study's results, a small study, a parsed page."""

from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from abate import Chart, Estimate, Interval, Ref, Result, Table
from abate.analysis import loader
from abate.analysis.outcome import Outcome
from abate.analysis.results import FORMAT, NOT_FOR_RELEASE, Results, Step
from abate.cohort.inputs import Inputs
from abate.config.reader import read
from abate.demo import DATA, load_study_by_http
from abate.report.page import document
from abate.sandbox import Sandbox, running
from abate.study import run
from abate.telemetry.status import held

VOID = ("meta", "br", "link", "img", "input", "hr")
MEDIAN = Estimate(
    name="median-change",
    label="median change",
    value=-1.5,
    n=10,
    unit="{score}",
    interval=Interval(low=-5, high=-0.5, kind="95 % confidence, bootstrap"),
    method="median",
    population="lesions with both scores",
    statistic="median",
    key=True,
)
TEST = Estimate(
    name="sign-test",
    label="share of falls",
    value=8 / 9,
    n=9,
    p=0.0390625,
    method="exact sign test",
    population="lesions whose two scores differ",
    statistic="test",
    counts={"falls": 8, "rises": 1},
    key=True,
)
SHARE = Estimate(
    name="fall-2",
    label="a fall of 2 points or more",
    value=0.5,
    n=10,
    interval=Interval(low=0.187086, high=0.812914, kind="95 % confidence, Clopper-Pearson"),
    method="proportion",
    population="lesions with both scores",
    statistic="proportion",
    counts={"numerator": 5},
    cases=("lesion 6 at M5: 6, above its reference 2",),
)
NOTHING = Estimate(
    name="median-M8", value=None, n=0, unit="{score}", method="median", population="scored at M8",
    note="no analysed lesion was scored then",
)  # fmt: skip
TABLE = Table(
    name="change",
    title="Change",
    columns=("what", "n", "value"),
    rows=[["median change", Ref("median-change", "n"), Ref("median-change")]],
)
COURSE = {
    "layer": [
        {
            "data": {"name": "lesions"},
            "mark": "line",
            "encoding": {
                "x": {"field": "day", "type": "quantitative"},
                "y": {"field": "score", "type": "quantitative"},
                "detail": {"field": "lesion"},
            },
        },
        {
            "data": {"name": "medians"},
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "day", "type": "quantitative"},
                "y": {"field": "score", "type": "quantitative"},
            },
        },
    ]
}
CHART = Chart(
    name="course",
    title="Course",
    alt="One line per lesion, and over them the median.",
    spec=COURSE,
    data={
        "lesions": [
            {"lesion": "lesion 1", "day": 0, "score": 5.0},
            {"lesion": "lesion 1", "day": 7, "score": 1.0},
        ],
        "medians": [
            {"day": 0, "score": 5.0},
            {"day": 7, "score": Ref("median-change")},
        ],
    },
)


class Builder(HTMLParser):
    """Builds a tree of an HTML page; a tag that is not closed is an error."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tree = ET.TreeBuilder()
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.tree.start(tag, {key: value or "" for key, value in attrs})
        if tag in VOID:
            self.tree.end(tag)
        else:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tree.start(tag, {key: value or "" for key, value in attrs})
        self.tree.end(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.tree.end(tag)

    def handle_data(self, data):
        if self.open:
            self.tree.data(data)


def _parsed(html):
    """The page as a tree; its doctype is looked at."""
    assert html.lstrip().startswith("<!DOCTYPE html>")
    builder = Builder()
    builder.feed(html)
    assert builder.open == []
    return builder.tree.close()


def _text_of(element):
    """The text of an element with single spaces; one cell is apart from the next."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element):
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield " " if child.tag in ("td", "th", "dt", "dd", "li") else ""
        yield child.tail or ""


def _outcome(result, name="first-week", **more):
    facts = {"plugin": "abate_analyses", "plugin_version": "0.1.0", "primary": True, **more}
    return Outcome(
        name=name,
        use="paired-change",
        parameters={"endpoint": "Wk1"},
        **{"result": result, **facts},
    )


@pytest.fixture(scope="session")
def parsed():
    """Parse a page: gives its root."""
    return _parsed


@pytest.fixture(scope="session")
def text_of():
    """The words of an element."""
    return _text_of


@pytest.fixture
def outcome():
    """Make an outcome of a result."""
    return _outcome


@pytest.fixture
def course():
    """A chart of single lesions and of what is estimated."""
    return CHART


@pytest.fixture
def tiny():
    """A small study's results, whole."""
    result = Result(
        estimates=[MEDIAN, TEST, SHARE, NOTHING],
        tables=[TABLE],
        charts=[CHART],
        notes=["A fall of pain is negative."],
    )
    return Results(
        format=FORMAT,
        release=NOT_FOR_RELEASE,
        rule="",
        study="tiny",
        title="A tiny study",
        synthetic=True,
        study_digest="d" * 64,
        run_id="20260101T000000Z-abcd",
        version="0.1.0",
        period=("2006-10", "2010-08"),
        patients=10,
        lesions=11,
        inputs=Inputs(server="http://hospital.test/fhir", counts={"Patient": 12}, digest="i" * 64),
        attrition=[
            Step(stage="received", reason="Patient", unit="resource", n=12),
            Step(stage="index procedures", reason="", unit="procedure", n=13),
            Step(stage="treated", reason="", unit="patient", n=12),
            Step(stage="treated", reason="", unit="lesion", n=13),
            Step(stage="excluded", reason="no-score", unit="lesion", n=2),
            Step(stage="excluded", reason="", unit="patient", n=2),
            Step(stage="analysed", reason="", unit="patient", n=10),
            Step(stage="analysed", reason="", unit="lesion", n=11),
        ],
        outcomes=[_outcome(result)],
        design={
            "study": {"timezone": "Asia/Hong_Kong"},
            "index": {"codes": ["list:cementoplasty"], "repeat": "censor"},
            "scores": {"codes": ["http://loinc.org|72514-3"], "per_visit": "nearest"},
            "visits": {
                "baseline": {"from": -7, "to": 0, "same_day": "before"},
                "Wk1": {"day": 7, "from": 5, "to": 10},
            },
        },
    )


@pytest.fixture
def shown(tiny):
    """The small study as it may leave the house, with one estimate and one count withheld."""
    rule = "fewer than 5"
    hidden = replace(TEST, value=None, n=None, p=None, counts={}, withheld=rule)
    result = replace(
        tiny.outcomes[0].result, estimates=[MEDIAN, hidden, replace(SHARE, cases=())], charts=[]
    )
    steps = [replace(one, n=None) if one.stage == "excluded" else one for one in tiny.attrition]
    return replace(
        tiny,
        release="small cells are hidden",
        rule="5",
        outcomes=[_outcome(result)],
        attrition=[one for one in steps if one.unit != "resource"],
        inputs=replace(tiny.inputs, counts={}),
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The published study's results, whole, from a sandbox on loopback."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "codes").mkdir()
    for name in ("study.toml", "paper.json"):
        (folder / name).write_bytes((DATA / name).read_bytes())
    for file in (DATA / "codes").iterdir():
        (folder / "codes" / file.name).write_bytes(file.read_bytes())
    with running(Sandbox()) as url:
        load_study_by_http(url)
        study_file = read(folder / "study.toml", [f"source.url={url}"])
        with held(study_file.output, "run") as progress:
            return run(study_file, progress)


@pytest.fixture(scope="session")
def render():
    """Render the whole page of some results, with the sections that plugins add."""
    host = loader.load()
    return lambda results: document.render(results, host.page_sections(results, pytest.fail))


@pytest.fixture(scope="session")
def study_page(study, render):
    return render(study)


@pytest.fixture(scope="session")
def study_tree(study_page):
    return _parsed(study_page)
