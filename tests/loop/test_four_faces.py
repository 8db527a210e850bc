"""One number, four faces: the page, the FHIR resources, the JSON and the demo's table are equal."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from abate.analysis.published_figures import PublishedFigures, statistics_of
from abate.analysis.results import load
from abate.demo import DATA, load_study_by_http
from abate.demo.figures import read_back
from abate.fhir.client import FhirServer
from abate.sandbox import Sandbox, running
from abate_analyses import compare_figures


class Numbers(HTMLParser):
    """The numbers of a page: each `<data value data-of>`."""

    def __init__(self):
        super().__init__()
        self.found = {}

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "data" and "data-of" in named:
            self.found.setdefault(named["data-of"], set()).add(float(named["value"]))


@pytest.fixture(scope="module")
def shelf():
    """What one run left, for the tests of this file."""
    return {}


@pytest.fixture
def faces(abate, whole_study_file, shelf):
    """The page, the server's statistics and report, and the results, of one run."""
    if not shelf:
        shelf |= left_by_a_run(abate, whole_study_file)
    return shelf


def left_by_a_run(abate, whole_study_file):
    with running(Sandbox()) as url:
        load_study_by_http(url)
        assert abate("sync", whole_study_file, "--set", f"source.url={url}", "-q").exit_code == 0
        with FhirServer(url) as server:
            reference, statistics = read_back(server, "cementoplasty-2010")
            report = server.get(reference).json()
    output = whole_study_file.parent / "abate-output"
    return {
        "results": load(output),
        "json": json.loads((output / "results.json").read_text("utf-8")),
        "local": numbers((output / "report.html").read_text("utf-8")),
        "published": numbers(base64.b64decode(report["presentedForm"][0]["data"]).decode()),
        "server": statistics,
    }


def numbers(html):
    parser = Numbers()
    parser.feed(html)
    return parser.found


def of_json(content):
    """`analysis/estimate[#field]` to the number, as results.json has it."""
    found = {}
    for outcome in content["outcomes"]:
        for one in outcome["result"]["estimates"]:
            found |= of_estimate(f"{outcome['name']}/{one['name']}", one)
    return {name: number for name, number in found.items() if number is not None}


def of_estimate(name, one):
    """The numbers of one estimate, by name and field."""
    ends = one["interval"] or {}
    found = {name: one["value"], f"{name}#n": one["n"], f"{name}#p": one["p"]}
    found |= {f"{name}#low": ends.get("low"), f"{name}#high": ends.get("high")}
    return found | {f"{name}#count:{key}": count for key, count in one["counts"].items()}


def test_page_fhir_and_json_have_the_same_numbers(faces):
    kept = {name: round(number, 6) for name, number in of_json(faces["json"]).items()}
    assert len(kept) > 1000
    assert min(number for name, number in kept.items() if name.endswith("#p")) > 0
    server = {}
    for name, estimate in faces["server"].items():
        server |= of_estimate(name, msgspec.to_builtins(estimate))
    assert {name: number for name, number in server.items() if number is not None} == kept
    for page in (faces["local"], faces["published"]):
        cited = {name: one for name, one in page.items() if name in kept}
        assert all(len(found) == 1 for found in cited.values())
        assert {name: min(found) for name, found in cited.items()} == {
            name: kept[name] for name in cited
        }
        values = {name for name in kept if "#" not in name or name.endswith(("#n", "#p"))}
        assert values - set(cited) == set()


def as_published(figure):
    ours = figure.ours
    if isinstance(ours, dict):
        return replace(
            figure, ours={key: None if n is None else round(n, 6) for key, n in ours.items()}
        )
    return figure if ours is None else replace(figure, ours=round(ours, 6))


def test_the_table_of_the_demo_says_the_same_whether_read_from_server_or_results(faces):
    paper = msgspec.json.decode((DATA / "paper.json").read_bytes(), type=PublishedFigures)
    from_server = compare_figures(paper, faces["server"])
    from_results = compare_figures(paper, statistics_of(faces["results"].outcomes))
    assert [one.agrees for one in from_server] == [one.agrees for one in from_results]
    assert [as_published(one) for one in from_results] == from_server
    assert from_results == list(faces["results"].comparisons)


def test_all_thirteen_figures_of_the_paper_are_there_and_five_readings_differ(faces):
    found = faces["results"].comparisons
    assert {re.match(r"\d+", one.id)[0] for one in found if one.id[0].isdigit()} == {
        str(number) for number in range(1, 14)
    }
    unequal = {one.id for one in found if one.agrees is False}
    assert unequal == {"3-with-baseline", "4-observed", "5-strict", "13", "methods"}
    [last] = [one for one in found if one.id == "13"]
    assert last.ours == {"lesions": 8, "of": 9}
    assert any("lesion 6 at M5" in remark for remark in last.remarks)
