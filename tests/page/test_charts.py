"""Charts: filled, themed, drawn without a network, and fit for a page."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import vl_convert

from abate import Chart, Ref, Result
from abate.report.page import charts, theme
from abate.report.page.svg import frame

BARS = {
    "data": {"name": "rows"},
    "mark": "bar",
    "encoding": {
        "x": {"field": "value", "type": "quantitative"},
        "y": {"field": "name", "type": "nominal"},
    },
}


def _bars(rows, **more):
    return Chart(name="bars", title="Bars", alt="Bars.", spec={**BARS, **more}, data={"rows": rows})


def _size(svg):
    return [float(part) for part in ET.fromstring(svg).get("viewBox").split()[2:]]


@pytest.fixture(autouse=True)
def drawn_anew(monkeypatch):
    """Here each chart is drawn, also one that was drawn before."""
    draw = vl_convert.vegalite_to_svg.__wrapped__
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", draw)


@pytest.fixture
def result(tiny):
    return tiny.outcomes[0].result


def test_a_cited_number_is_drawn(result, course):
    rows = charts.rows_of(course, result)
    assert rows["medians"] == [{"day": 0, "score": 5.0}, {"day": 7, "score": -1.5}]


def test_a_row_that_cites_what_is_withheld_is_left_out(result, course):
    hidden = replace(result["median-change"], value=None, withheld="fewer than 5")
    rows = charts.rows_of(course, replace(result, estimates=[hidden]))
    assert rows["medians"] == [{"day": 0, "score": 5.0}]


def test_a_drawing_says_in_words_what_it_shows(result, course):
    root = ET.fromstring(charts.svg(course, result, name="c1"))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "c1-title c1-desc")
    assert [(one.tag, one.text) for one in root[:2]] == [
        ("title", "Course"),
        ("desc", "One line per lesion, and over them the median."),
    ]


def test_the_same_chart_gives_the_same_drawing(result, course):
    assert charts.svg(course, result) == charts.svg(course, result)


def test_ids_of_two_drawings_differ(result, course):
    one, two = (charts.svg(course, result, name=name) for name in ("one", "two"))
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0]
    assert ids[0] & ids[1] == set()


def test_only_the_colours_of_the_theme_are_used(result, course):
    svg = charts.svg(course, result) + charts.svg(_bars([{"name": "a", "value": 1}]), Result())
    colours = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", svg))
    assert colours
    assert colours <= set(theme.DARK)


def test_lines_of_single_lesions_stand_back(result, course):
    svg = charts.svg(course, result)
    assert f'stroke="{theme.LINE}"' in svg
    assert f'stroke="{theme.SERIES[0]}"' in svg


def test_what_is_estimated_stands_out_even_where_single_lesions_may_not_be_shown(result, course):
    alone = replace(course, data={**course.data, "lesions": []})
    svg = charts.svg(alone, result)
    assert theme.LINE not in svg
    assert 'stroke-width="3.2"' in svg


def test_without_rows_there_is_nothing_to_draw(result, course):
    empty = replace(course, data={"lesions": [], "medians": []})
    with pytest.raises(charts.NotDrawn, match="none that may be shown"):
        charts.svg(empty, result)


@pytest.mark.parametrize(
    "spec",
    [
        {"mark": "nonsense"},
        {"data": {"url": "http://127.0.0.1:9/patients.json"}, "mark": "bar", "encoding": {}},
        {**BARS, "mark": {"type": "image", "url": "http://127.0.0.1:9/x.png"}},
        {**BARS, "mark": {"type": "bar", "href": "http://example.org/"}},
    ],
    ids=["no mark", "foreign data", "foreign image", "a link"],
)
def test_what_is_no_drawing_of_its_own_data_is_refused_without_its_text(spec):
    chart = replace(_bars([{"name": "Zwitscher", "value": 1}]), spec=spec)
    with pytest.raises(charts.NotDrawn) as refused:
        charts.svg(chart, Result())
    assert "Zwitscher" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


@pytest.mark.parametrize(
    "inner", ["<script/>", '<a href="x"/>', '<g onclick="x"/>', '<image href="x"/>', "<style/>"]
)
def test_a_drawing_that_acts_is_refused(inner):
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inner}</svg>'
    with pytest.raises(charts.NotDrawn):
        frame(svg, name="x", title="t", alt="a")


def test_hostile_words_of_a_chart_stay_words():
    chart = replace(_bars([{"name": "</svg><script>", "value": 1}]), title="<b>", alt="</svg>")
    root = ET.fromstring(charts.svg(chart, Result()))
    assert root[0].text == "<b>"
    assert root.find(".//script") is None


def test_many_names_make_a_chart_taller_up_to_a_limit():
    few, many = (
        _size(charts.svg(_bars([{"name": f"lesion {k}", "value": k} for k in range(n)]), Result()))
        for n in (11, 200)
    )
    assert few[1] < many[1] < theme.TALLEST + 80


def test_a_narrow_drawing_is_narrow(result, course):
    assert _size(charts.svg(course, result, width=theme.NARROW))[0] < 340
    assert _size(charts.svg(course, result))[0] > theme.WIDE


def test_side_by_side_charts_are_drawn(result):
    inner = {key: BARS[key] for key in ("mark", "encoding")}
    chart = replace(
        _bars([{"name": "a", "value": Ref("median-change")}]),
        spec={"data": {"name": "rows"}, "hconcat": [inner, inner]},
    )
    assert charts.svg(chart, result).count("<path") >= 2
