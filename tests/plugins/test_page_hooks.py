"""The hooks that add sections to the page, and that compare the figures of a paper."""

import json

import pytest

from abate.analysis import loader
from abate.analysis.published_figures import PublishedFigure, PublishedFigures

HEAD = """
from abate import ComparedFigure, PageSection, hookimpl, page_html
"""
SECTION = """
@hookimpl
def page_sections(results):
    return [PageSection(name="theirs", title="Theirs", {}html={})]
"""
PAPER = {
    "source": "a paper",
    "figures": [{"id": "1", "title": "t", "rule": "r", "paper": 8, "ours": "profile/treated"}],
}


@pytest.fixture
def add(install):
    """Install the plugin `theirs` with a section of this HTML, as an expression of Python."""
    return lambda html, more="": install("theirs", SECTION.format(more, html), head=HEAD)


@pytest.fixture
def html_of(abate, study):
    """The page that a run of a study with one analysis leaves."""

    def run(more=""):
        path = study('[[analysis]]\nuse = "profile"', more=more)
        ran = abate("run", path, "--quiet")
        assert ran.exit_code == 0, ran.err
        return (path.parent / "abate-output" / "report.html").read_text("utf-8")

    return run


def test_a_section_of_a_plugin_stands_where_it_says_and_in_the_contents(add, html_of):
    add("page_html('<p>{{ text }}</p>', text='<b>')", 'before="methods", alert="look", ')
    html = html_of()
    assert '<li><a href="#theirs">Theirs</a></li>' in html
    places = ['<p class="alert">look</p>', '<h2 id="theirs-head">Theirs</h2>', 'id="methods"']
    assert [html.index(part) for part in places] == sorted(html.index(part) for part in places)
    assert "<p>&lt;b&gt;</p>" in html


def test_a_number_is_a_cell_of_the_page(add, html_of):
    template = '{% from "cells.html" import cell %}<p>{{ cell(0.12345678 | shown) }}</p>'
    add(f"page_html({template!r})")
    assert '<p><data value="0.123457">0.1235</data></p>' in html_of()


def test_without_our_plugin_the_page_has_no_checklist(abate, study):
    path = study("", more='[plugins]\nblock = ["abate_analyses"]\n')
    assert abate("run", path, "--quiet").exit_code == 0
    html = (path.parent / "abate-output" / "report.html").read_text("utf-8")
    assert 'id="checklist"' not in html
    assert 'href="#checklist"' not in html


def test_an_export_has_the_section_made_from_what_is_released(abate, study, install):
    install("theirs", SECTION.format("", 'f"<p>run {results.run_id!r}</p>"'), head=HEAD)
    path = study('[[analysis]]\nuse = "profile"')
    assert abate("run", path, "--quiet").exit_code == 0
    assert abate("export", path, "--to", path.parent / "out").exit_code == 0
    html = (path.parent / "out" / "report.html").read_text("utf-8")
    assert "<p>run ''</p>" in html


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("'<script>1</script>'", "HTML with <script>, which is not allowed on the page"),
        ("'<p onclick=\"x\">a</p>'", "HTML with <p onclick>"),
        ("'<a href=\"http://a.test/\">a</a>'", "HTML with <a href>"),
        ("'<p style=\"color: red\">a</p>'", "HTML with <p style>"),
        ("'<p>a'", "HTML whose <p> is not closed"),
        ("'<p/>'", "HTML whose <p> is not closed"),
        ("'a</p></section>'", "HTML whose </p> closes nothing"),
        ("'<!-- a'", "HTML with a '<' that does not begin a whole tag"),
        ("'<p>a</p><a href=\"#'", "HTML with a '<' that does not begin a whole tag"),
        ("1", "a PageSection whose texts are not text"),
        ("'', before='x'", "a section before 'x'"),
        ("''), PageSection(name='theirs', title='', html=''", "a second section 'theirs'"),
        ("''), PageSection(name='methods', title='', html=''", "a second section 'methods'"),
        ("''), PageSection(name='A b', title='', html=''", "or whose name is not lower-case words"),
        ("''), str(''", "something that is not a PageSection"),
    ],
)
def test_a_section_that_may_not_stand_on_the_page_is_refused(add, html, said):
    add(html)
    warnings = []
    host = loader.load(loader.Plugins(block=["abate_analyses"]))
    assert host.page_sections(None, warnings.append) == []
    [warning] = warnings
    assert "the plugin 'theirs' is broken: page_sections gave " in warning
    assert said in warning


@pytest.mark.parametrize("command", ["run", "export"])
def test_a_plugin_whose_section_raises_costs_its_section_alone(abate, study, install, command):
    path = study('[[analysis]]\nuse = "profile"')
    assert abate("run", path, "--quiet").exit_code == 0
    install("theirs", SECTION.format("", 'int("CANARY-4711-XYZ")'), head=HEAD)
    ran = abate(command, path)
    assert ran.exit_code == 0
    assert "warning: the plugin 'theirs' is broken: page_sections stopped: ValueError" in ran.err
    assert "The page lacks its sections" in ran.err
    assert "CANARY" not in ran.err
    assert 'id="checklist"' in (path.parent / "abate-output" / "report.html").read_text("utf-8")


class TestCompareFigures:
    COMPARES = """
    @hookimpl(tryfirst=True)
    def compare_figures(published, statistics):
        return {answer}
    """

    @pytest.fixture
    def compared(self):
        """What the plugins make of one published figure."""
        figure = PublishedFigure(id="1", title="", rule="", paper=8, ours="x/y")
        paper = PublishedFigures(source="", figures=[figure])
        return lambda: loader.load().compare_figures(paper, {})

    def test_a_plugin_may_compare_in_place_of_ours(self, abate, study, install):
        figure = "id='1', title='mine', rule='', paper=8, ours=8, n=None, agrees=True"
        install("theirs", self.COMPARES.format(answer=f"[ComparedFigure({figure})]"), head=HEAD)
        path = study('[[analysis]]\nuse = "profile"', more='[paper]\nfigures = "paper.json"\n')
        (path.parent / "paper.json").write_text(json.dumps(PAPER), "utf-8")
        [found] = abate("run", path, "--json", "--quiet").json["comparisons"]
        assert (found["title"], found["agrees"]) == ("mine", True)

    def test_without_one_that_compares_there_is_no_comparison(self, compared, monkeypatch):
        assert len(compared()) == 1
        blocked = loader.load(loader.Plugins(block=["abate_analyses"]))
        monkeypatch.setattr(loader, "load", lambda: blocked)
        assert compared() == []

    @pytest.mark.parametrize("answer", ["[1]", "None"])
    def test_the_results_stand_without_a_comparison_and_the_run_warns(
        self, abate, study, install, answer
    ):
        if answer != "None":
            install("theirs", self.COMPARES.format(answer=answer), head=HEAD)
        block = "" if answer != "None" else '[plugins]\nblock = ["abate_analyses"]\n'
        path = study("", more=f'[paper]\nfigures = "paper.json"\n{block}')
        (path.parent / "paper.json").write_text(json.dumps(PAPER), "utf-8")
        ran = abate("run", path, "--json")
        assert ran.exit_code == 0, ran.err
        assert ran.json["comparisons"] == []
        [warning] = [one for one in ran.json["run"]["warnings"] if "[paper]" in one]
        words = "The figures of [paper] are not compared" if not block else "no plugin compares"
        assert words in warning

    @pytest.mark.parametrize("answer", ["[1]", "1", "['CANARY']"])
    def test_something_else_is_refused_by_name(self, install, compared, answer):
        install("theirs", self.COMPARES.format(answer=answer), head=HEAD)
        with pytest.raises(loader.BrokenPlugin, match="'theirs' is broken: compare_figures "):
            compared()
