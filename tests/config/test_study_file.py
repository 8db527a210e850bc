"""A study file that is right: what is read from it, and where its paths start."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from abate.config.reader import read

EXAMPLE = Path(__file__).parents[2] / "examples" / "cementoplasty" / "study.toml"


def test_the_published_study_reads():
    settings = read(EXAMPLE).settings
    assert settings.study.id == "cementoplasty-2010"
    assert settings.study.zone.key == "Asia/Hong_Kong"
    assert settings.adjunct["rfa"].within == timedelta(days=1)
    assert [name for name, table in settings if table is None] == ["target"]
    assert [one.name for one in settings.analysis] == [
        "profile",
        "pain-course",
        "first-week",
        "observed-week-1",
        "visit-changes",
        "responders",
        "relief",
        "durability",
        "safety",
    ]
    assert settings.analysis[2].parameters == {"endpoint": {"last_of": ["D1", "D2", "Wk1"]}}
    assert [one.primary for one in settings.analysis] == [
        one.name == "first-week" for one in settings.analysis
    ]


def test_the_months_of_the_published_study_are_four_weeks_each():
    visits = read(EXAMPLE).settings.visits.after
    months = [visits[f"M{month}"] for month in range(2, 10)]
    assert [one.day for one in months] == [28 * month for month in range(2, 10)]
    assert [(one.from_, one.to) for one in months] == [
        (28 * month - 14, 28 * month + 13) for month in range(2, 10)
    ]


def test_a_visit_that_is_a_number_is_that_day_only(small):
    visit = read(small).settings.visits.after["D1"]
    assert (visit.day, visit.from_, visit.to) == (1, 1, 1)


def test_visits_come_in_the_order_of_their_days(small):
    small.write_text(small.read_text("utf-8").replace("D1 = 1", "M1 = 28\nD1 = 1"), "utf-8")
    assert list(read(small).settings.visits.after) == ["D1", "Wk1", "M1"]


def test_an_analysis_without_a_name_is_called_as_the_plugin_calls_it(small):
    assert [one.name for one in read(small).settings.analysis] == ["profile", "paired-change"]


def test_output_and_code_lists_lie_beside_the_study_file_wherever_the_command_is_called(
    small, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    study_file = read(small, ["output.directory=out", "codes.directory=own"])
    assert study_file.output == tmp_path / "out"
    assert study_file.code_directories == [tmp_path / "own"]


def test_without_a_target_the_report_goes_to_the_source(small):
    assert read(small).settings.target_url == "http://127.0.0.1:8080/fhir"
    other = read(small, ["target.url=https://reports.test/r4/"])
    assert other.settings.target_url == "https://reports.test/r4"


def test_a_byte_order_mark_is_no_fault(small):
    small.write_bytes(b"\xef\xbb\xbf" + small.read_bytes())
    assert read(small).settings.study.id == "small"


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("scores.per_visit=worst", lambda s: s.scores.per_visit == "worst"),
        ("scores.minimum_after=3", lambda s: s.scores.minimum_after == 3),
        ("scores.require_baseline=true", lambda s: s.scores.require_baseline is True),
        ('scores.instruments=["NRS", "VAS"]', lambda s: s.scores.instruments == ["NRS", "VAS"]),
        ("adjunct.rfa.within_hours=48", lambda s: s.adjunct["rfa"].within_hours == 48),
        ("visits.Wk1.to=11", lambda s: s.visits.after["Wk1"].to == 11),
        ("visits.baseline.from=-3", lambda s: s.visits.baseline.from_ == -3),
        ("study.title=Hips = knees", lambda s: s.study.title == "Hips = knees"),
        ('study.title="2010"', lambda s: s.study.title == "2010"),
        ("analysis.2.endpoint=D1", lambda s: s.analysis[1].parameters == {"endpoint": "D1"}),
        ("report.minimum_cell = 1", lambda s: s.report.minimum_cell == 1),
        ("report.minimum_cell = cms", lambda s: s.report.minimum_cell == "cms"),
        ("study.cutoff=2010-08-31", lambda s: s.study.cutoff == date(2010, 8, 31)),
        ("statements.consecutive=all of them", lambda s: "consecutive" in s.statements),
    ],
)
def test_any_key_can_be_set_on_the_command_line(small, override, found):
    assert not found(read(small).settings)
    assert found(read(small, [override]).settings)


def test_of_two_settings_of_one_key_the_later_counts(small):
    study_file = read(small, ["scores.per_visit=worst", "scores.per_visit=last"])
    assert study_file.settings.scores.per_visit == "last"


@pytest.mark.parametrize(
    "override",
    [
        "study.id=other",
        "source.url=http://127.0.0.1:8081/fhir",
        "source.timezone=UTC",
        "scores.per_visit=worst",
        "visits.Wk1.to=11",
        "analysis.2.endpoint=D1",
        "adjunct.rfa.within_hours=48",
        "report.minimum_cell=1",
    ],
)
def test_the_digest_follows_what_the_results_depend_on(small, override):
    plain = read(small).digest
    assert read(small).digest == plain
    assert read(small, [override]).digest != plain
    assert read(small, iter([override])).digest != plain


@pytest.mark.parametrize(
    "override",
    [
        "output.directory=elsewhere",
        "output.keep_raw=false",
        "source.page_size=7",
        "source.timeout_seconds=7",
        'plugins.block=["theirs"]',
        "scores.per_visit=nearest",
    ],
)
def test_the_digest_passes_over_how_the_work_is_done_and_a_default_written_out(small, override):
    assert read(small, [override]).digest == read(small).digest


def test_comments_another_order_and_another_folder_leave_the_digest(small, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    head, rest = small.read_text("utf-8").split("[source]")
    other = elsewhere / "other.toml"
    other.write_text(f"# a comment\n[source]{rest}\n{head}", "utf-8")
    assert read(other).digest == read(small).digest


def test_the_digest_follows_the_code_lists_of_the_study_and_not_where_they_lie(small, tmp_path):
    def digest(directory, text):
        (tmp_path / directory).mkdir(exist_ok=True)
        (tmp_path / directory / "own.toml").write_text(text, "utf-8")
        return read(small, [f"codes.directory={directory}"]).digest

    first = digest("own", 'list = "own"')
    assert digest("own", 'list = "others"') != first
    assert digest("moved", 'list = "own"') == first


def test_a_folder_of_code_lists_that_is_not_there_is_told_later(small):
    assert read(small, ["codes.directory=nowhere"]).digest


def test_the_audience_of_a_target_is_the_public_unless_the_study_file_says_care(small):
    text = small.read_text("utf-8")
    assert read(small).settings.audience == "public"
    small.write_text(f'{text}\n[target]\nurl = "http://127.0.0.1:8000/fhir"\n', "utf-8")
    public = read(small)
    assert public.settings.audience == "public"
    care = read(small, ["target.audience=care"])
    assert care.settings.audience == "care"
    assert care.digest == public.digest, "who reads the target does not change the results"
