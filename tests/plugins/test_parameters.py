"""The parameters of an analysis: checked once, with file, line and key."""

import re

import pytest

PAIRED = '[[analysis]]\nuse = "profile"\n\n[[analysis]]\nuse = "paired-change"\n'
WHERE = re.compile(r"abate: .*study\.toml, line (\d+): analysis\W\d\W+(.*)")
WRONG = {
    "unknown": (
        PAIRED + 'endpoint = "Wk1"\nreferense = "first"',
        7,
        (
            "referense: the analysis 'paired-change' has no parameter 'referense'. "
            "Did you mean 'reference'? Parameters: endpoint, reference."
        ),
    ),
    "missing": (
        PAIRED + 'reference = "first"',
        4,
        "endpoint: the analysis 'paired-change' needs this parameter, and it is missing.",
    ),
    "of a wrong type": (
        PAIRED + "endpoint = 7",
        6,
        "endpoint: Input should be a valid string, or Input should be an object",
    ),
    "of a wrong inner type": (
        PAIRED + 'endpoint = { last_of = "D1" }',
        6,
        "endpoint: Input should be a valid string, or Input should be a valid array",
    ),
    "true where a text belongs": (
        PAIRED + 'endpoint = "Wk1"\nreference = true',
        7,
        "reference: Input should be a valid string",
    ),
    "for an analysis without any": (
        '[[analysis]]\nuse = "profile"\nendpoint = "Wk1"',
        3,
        "endpoint: the analysis 'profile' has no parameter 'endpoint'. Parameters: none.",
    ),
}


@pytest.fixture
def refused(abate, study_file):
    """Run with these analyses; gives the line after the first `[[analysis]]`, and the message."""

    def run(analyses):
        text = study_file.read_text("utf-8")
        start, end = text.index("[[analysis]]"), text.index("[report]")
        study_file.write_text(text[:start] + analyses + "\n" + text[end:], "utf-8")
        ran = abate("run", study_file)
        assert ran.exit_code == 2
        line, message = WHERE.fullmatch(ran.err.strip()).groups()
        return int(line) - text[:start].count("\n"), message

    return run


@pytest.mark.parametrize(("analyses", "line", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_one_is_told_with_line_and_key(refused, analyses, line, message):
    assert refused(analyses) == (line, message)


def test_the_study_file_is_named(abate, study_file):
    study_file.write_text(study_file.read_text().replace('use = "pain-course"', 'use = "course"'))
    ran = abate("run", study_file)
    assert ran.err.startswith(f"abate: {study_file}, line ")
    assert "no plugin offers the analysis 'course'. Did you mean 'pain-course'?" in ran.err


def test_a_rule_of_the_analysis_itself_is_told_in_its_own_words(refused, offer):
    offer(
        "return Result()",
        fields="""
        days: int = 7
        def __post_init__(self):
            if self.days < 1:
                raise ValueError("days must be at least 1")
        """,
    )
    line, message = refused('[[analysis]]\nuse = "odd"\ndays = 0')
    assert (line, message) == (1, "days must be at least 1")


def test_a_whole_number_is_not_made_of_a_text(refused, offer):
    offer("return Result()", fields="days: int = 7")
    line, message = refused('[[analysis]]\nuse = "odd"\ndays = "7"')
    assert (line, message) == (3, "days: Input should be a valid integer")


def test_a_field_that_no_study_file_can_give_is_the_fault_of_the_plugin(abate, study, offer):
    offer("return Result()", fields="given: object = hookimpl\nother: Cohort = None")
    ran = abate("run", study('[[analysis]]\nuse = "odd"'))
    assert ran.exit_code == 4
    assert "the analysis 'odd' has a field that a study file cannot express" in ran.err
