"""Tables and sentences fit the terminal."""

from abate.analysis.model import Estimate, Interval
from abate.analysis.results import Step
from abate.cli import options, results_text


def test_a_table_is_as_wide_as_its_widest_cells():
    assert (
        options.table(["name", "n"], [["falls", "8"], ["ties", "10"]])
        == "name   n\n-----  --\nfalls  8\nties   10"
    )


def test_a_cell_that_is_too_wide_is_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    words = " ".join(["twelve chars"] * 6)
    lines = options.table(["a", "words", "z"], [["1", words, "2"]]).splitlines()
    assert [line[:1] for line in lines] == ["a", "-", "1", " "]
    assert max(map(len, lines)) == 60
    assert " ".join(line[3:57].strip() for line in lines[2:]) == words


def test_a_wrapped_cell_keeps_its_indent(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = options.table(["words"], [["  " + "x " * 40]]).splitlines()
    assert [line[:3] for line in lines[2:]] == ["  x", "  x"]


def test_lines_are_60_to_100_columns_wide_as_the_terminal_is(monkeypatch):
    for columns, wide in [("20", 60), ("80", 80), ("300", 100)]:
        monkeypatch.setenv("COLUMNS", columns)
        assert options.width() == wide


def test_the_attrition_is_one_line_a_stage():
    steps = [
        Step(stage="treated", reason="", unit="patient", n=12),
        Step(stage="treated", reason="", unit="lesion", n=13),
        Step(stage="excluded", reason="minimum-after", unit="lesion", n=1),
        Step(stage="excluded", reason="no-score", unit="lesion", n=1),
        Step(stage="excluded", reason="", unit="patient", n=2),
    ]
    assert list(results_text.attrition(steps)) == [
        "treated   patient 12; lesion 13",
        "excluded  lesion: minimum-after 1, no-score 1; patient 2",
    ]


def test_a_long_stage_goes_on_beneath_its_words(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    steps = [Step(stage="chosen", reason=f"visit-{n}", unit="score", n=n) for n in range(10, 16)]
    assert list(results_text.attrition(steps)) == [
        (
            "chosen  score: visit-10 10, visit-11 11, visit-12 12,\n"
            "        visit-13 13, visit-14 14, visit-15 15"
        )
    ]


def test_how_a_number_was_made_stands_once_beneath_the_table():
    pairs = {"population": "pairs", "method": "median"}
    found = [
        Estimate(name="first", value=2.0, n=9, p=0.0390625, **pairs),
        Estimate(name="second", value=None, n=0, note="nobody was scored", **pairs),
        Estimate(name="third", value=1 / 3, n=8, **pairs),
        Estimate(
            name="fourth", value=1.0, n=8, interval=Interval(low=0, high=2, kind="range"), **pairs
        ),
    ]
    lines = [line for part in results_text.estimates(found) for line in part.splitlines()]
    assert [line.split() for line in lines[2:6]] == [
        ["first", "2", "0.03906", "9", "(1)"],
        ["second", "not", "estimable", "0", "(2)"],
        ["third", "0.3333", "8", "(1)"],
        ["fourth", "1", "0", "to", "2", "8", "(3)"],
    ]
    assert lines[6:] == [
        "(1) median; of pairs",
        "(2) median; of pairs; nobody was scored",
        "(3) median; interval: range; of pairs",
    ]
