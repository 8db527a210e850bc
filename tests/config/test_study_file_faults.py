"""A study file that is wrong: each fault is one line that names file, line, key and cure."""

import pytest

from abate.config import messages
from abate.config.reader import WrongSetting, naming_lines, read
from abate.errors import StudyFileError
from abate.mapping import code_lists
from abate.source import plan

SECRET = "hunter2"


def test_a_file_that_is_not_there_is_named_with_the_next_step(tmp_path):
    path = tmp_path / "study.toml"
    with pytest.raises(StudyFileError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: study file not found. Pass its path, or write one: abate init URL. Without "
        "a study file: abate try URL"
    )


def test_a_folder_is_no_study_file(tmp_path):
    with pytest.raises(StudyFileError, match="the study file cannot be read: Is a directory"):
        read(tmp_path)


def test_text_that_is_not_utf_8_is_named_by_its_line(small):
    small.write_bytes(small.read_bytes().replace(b'"small"', b'"sm\xe4ll"'))
    with pytest.raises(StudyFileError) as caught:
        read(small)
    assert str(caught.value) == f"{small}, line 2: not UTF-8 text. Save the file as UTF-8"


def test_text_that_is_no_toml_is_named_by_its_line(fault):
    assert fault('id = "small"', "id = small") == [
        "small.toml, line 2: not valid TOML: Invalid value"
    ]


def test_toml_that_ends_too_early_is_named_by_its_last_line(fault):
    [line] = fault('endpoint = "Wk1"\n', 'endpoint = """Wk1')
    assert line.startswith("small.toml, line 27: not valid TOML: ")
    assert "(at " not in line


def test_an_unknown_table_is_named_with_the_nearest_and_all_known_ones(fault):
    lines = fault("[adjunct.rfa]", "[adjuncts.rfa]")
    assert lines == [
        (
            "small.toml, line 11: adjuncts: unknown key. Did you mean 'adjunct'? "
            "Known keys: "
            "adjunct, analysis, codes, condition, event, history, index, output, paper, plugins, "
            "report, scores, source, statements, study, target, visits."
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'id = "small"',
            'id = "small"\ntime_zone = "UTC"',
            (
                "line 3: study.time_zone: unknown key. Did you mean 'timezone'? "
                "Known keys: cutoff, id, noun, synthetic, timezone, title."
            ),
        ),
        (
            "[adjunct.rfa]\n",
            "[adjunct.rfa]\nwithin_hour = 3\n",
            (
                "line 12: adjunct.rfa.within_hour: unknown key. Did you mean "
                "'within_hours'? "
                "Known keys: codes, within_hours."
            ),
        ),
        (
            "from = -7",
            "form = -7",
            (
                "line 18: visits.baseline.form: unknown key. Did you mean 'from'? "
                "Known keys: from, same_day, to."
            ),
        ),
        (
            "from = 5",
            "form = 3, from = 5",
            (
                "line 20: visits.Wk1.form: unknown key. Did you mean 'from'? "
                "Known keys: day, from, to."
            ),
        ),
        (
            "[scores]\n",
            "[target]\nurl = 'http://127.0.0.1'\nzzz = 1\n[scores]\n",
            (
                "line 16: target.zzz: unknown key. Known keys: "
                "audience, auth, ca, certificate, certificate_key, insecure_http, url."
            ),
        ),
    ],
)
def test_an_unknown_key_in_a_table_is_named_with_the_nearest_and_all_known_ones(
    fault, old, new, line
):
    assert fault(old, new) == [f"small.toml, {line}"]


def test_a_field_of_our_own_code_is_no_key_of_the_file(fault):
    assert fault("from = -7", "from_ = -7") == [
        (
            "small.toml, line 18: visits.baseline.from_: unknown key. Did you mean "
            "'from'? "
            "Known keys: from, same_day, to."
        )
    ]


def test_a_missing_key_is_named_with_the_line_of_its_table(fault):
    assert fault('timezone = "Europe/Vienna"\n') == [
        "small.toml, line 1: study.timezone: this key is missing"
    ]


def test_a_missing_table_is_named_without_a_line(fault):
    assert fault('[source]\nurl = "http://127.0.0.1:8080/fhir"\n') == [
        "small.toml: source: this key is missing"
    ]


def test_an_analysis_without_use_is_one_fault(fault):
    assert fault('use = "profile"', "primary = true") == [
        "small.toml, line 22: analysis.1.use: this key is missing"
    ]


def test_each_fault_is_one_line(fault):
    lines = fault('id = "small"\ntimezone = "Europe/Vienna"', "id = 3\ntitel = 4")
    assert lines == [
        'small.toml, line 2: study.id: expected text, in quotes: "..."',
        "small.toml, line 1: study.timezone: this key is missing",
        (
            "small.toml, line 3: study.titel: unknown key. Did you mean 'title'? "
            "Known keys: cutoff, id, noun, synthetic, timezone, title."
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "[scores]",
            "[scores]\nrequire_baseline = 1",
            "15: scores.require_baseline: expected true or false",
        ),
        (
            "[scores]",
            '[scores]\nminimum_after = "1"',
            "15: scores.minimum_after: expected a whole number",
        ),
        (
            "[scores]",
            "[scores]\nminimum_after = 1.0",
            "15: scores.minimum_after: expected a whole number",
        ),
        (
            "[scores]",
            "[scores]\nminimum_after = -1",
            "15: scores.minimum_after: expected 0 or more",
        ),
        (
            "[source]",
            '[source]\ntimeout_seconds = "9"',
            "6: source.timeout_seconds: expected a number",
        ),
        (
            "[source]",
            "[source]\ntimeout_seconds = 0",
            "6: source.timeout_seconds: expected a number above 0",
        ),
        ("[source]", "[source]\npage_size = 20000", "6: source.page_size: expected 10000 or less"),
        (
            '["list:cementoplasty"]',
            '"list:cementoplasty"',
            '9: index.codes: expected a list, such as ["a", "b"]',
        ),
        ('["list:cementoplasty"]', "[7]", '9: index.codes.1: expected text, in quotes: "..."'),
        (
            '["list:cementoplasty"]',
            "[]",
            "9: index.codes: expected at least one code list (list:NAME) or code (system|code)",
        ),
        ("{ from = -7, to = 0 }", "7", "18: visits.baseline: expected a table"),
        ("[adjunct.rfa]", "[adjunct]", "12: adjunct.codes: expected a table"),
        (
            "[source]",
            '[source]\nstrategy = "bluk"',
            "6: source.strategy: expected 'auto', 'population', 'patient', 'files' or 'bulk'",
        ),
        ("[index]", '[index]\nunit = "lesion"', "9: index.unit: expected 'procedure'"),
        (
            "[[analysis]]",
            "[report]\nmembers = true\n[[analysis]]",
            (
                "23: report.members: patients can be listed only if no count is hidden: "
                "minimum_cell = 1"
            ),
        ),
        (
            "[[analysis]]",
            '[report]\nminimum_cell = "hipaa"\n[[analysis]]',
            (
                "23: report.minimum_cell: expected a whole number of 1 or more, or one of 'cms', "
                "'nhs', 'opensafely', 'ohdsi', 'none'"
            ),
        ),
        (
            '"small"',
            '"Small study"',
            (
                "2: study.id: expected lower-case letters, digits and '-', "
                "not beginning with '-' (63 at most)"
            ),
        ),
        (
            "[adjunct.rfa]",
            "[adjunct.RFA]",
            (
                "11: adjunct.RFA: expected lower-case letters, digits and '-', "
                "not beginning with '-' (63 at most)"
            ),
        ),
        (
            "Europe/Vienna",
            "Asia/Hongkong",
            (
                "3: study.timezone: 'Asia/Hongkong' is not a time zone of the IANA "
                "database, such as "
                "'Europe/Vienna'. Did you mean 'Asia/Hong_Kong'?"
            ),
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_was_expected(fault, old, new, line):
    assert fault(old, new) == [f"small.toml, line {line}"]


def test_words_are_chosen_for_every_kind_of_fault_that_these_tests_meet(fault, monkeypatch):
    monkeypatch.delitem(messages.WORDS, "int_type")
    assert fault("[scores]", '[scores]\nminimum_after = "1"') == [
        "small.toml, line 15: scores.minimum_after: this value is not allowed here"
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://user:{SECRET}@127.0.0.1/fhir", "contains a user name or password"),
        (f"http://{SECRET}@127.0.0.1/fhir", "contains a user name or password"),
        (f"http://user:{SECRET}@127.0.0.1:99999/fhir", "expected a URL, such as"),
        (f"ftp://user:{SECRET}@127.0.0.1/fhir", "expected a URL, such as"),
        (f"http://127.0.0.1/fhir?access_token={SECRET}", "expected a base URL"),
        (f"http://127.0.0.1/fhir#{SECRET}", "expected a base URL"),
        ("127.0.0.1:8080/fhir", "expected a URL, such as"),
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(fault, url, words):
    [line] = fault("http://127.0.0.1:8080/fhir", url)
    assert line.startswith("small.toml, line 6: source.url: ")
    assert words in line
    assert url not in line
    assert SECRET not in line


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("D1 = 1", "D5 = 5", "20: visits.Wk1: the windows of 'D5' and 'Wk1' overlap on day 5"),
        (
            "{ day = 7, from = 5, to = 10 }",
            "{ day = 7, from = 10, to = 5 }",
            ("20: visits.Wk1: expected from <= day <= to, found from 10, day 7, to 5"),
        ),
        (
            "to = 10",
            "to = 6",
            ("20: visits.Wk1: expected from <= day <= to, found from 5, day 7, to 6"),
        ),
        (
            "from = -7, to = 0",
            "from = 0, to = -7",
            "18: visits.baseline: expected from <= to, found from 0 to -7",
        ),
        ("to = 0", "to = 1", "18: visits.baseline.to: expected 0 or less"),
        (
            "D1 = 1",
            "D0-after = 1",
            ("19: visits.D0-after: this name is reserved by abate: choose another name"),
        ),
        (
            "D1 = 1",
            '"day one" = 1',
            (
                "19: visits.day one: a visit name must be a letter, then letters, digits or '-' "
                "(32 at most)"
            ),
        ),
        (
            "D1 = 1",
            "D1 = 0",
            (
                "19: visits.D1: expected a day after the procedure, such as 7, or a "
                "window, such as "
                "{ day = 7, from = 5, to = 10 }"
            ),
        ),
        (
            "D1 = 1",
            "D1 = true",
            (
                "19: visits.D1: expected a day after the procedure, such as 7, or a "
                "window, such as "
                "{ day = 7, from = 5, to = 10 }"
            ),
        ),
        ("day = 7, ", "", "20: visits.Wk1.day: this key is missing"),
    ],
)
def test_a_visit_that_cannot_be_is_named_with_its_days(fault, old, new, line):
    assert fault(old, new) == [f"small.toml, line {line}"]


def test_windows_that_touch_do_not_overlap(small):
    small.write_text(small.read_text("utf-8").replace("D1 = 1", "D4 = 4\nD11 = 11"), "utf-8")
    assert list(read(small).settings.visits.after) == ["D4", "Wk1", "D11"]


def test_two_analyses_of_one_name_are_a_fault_of_the_second(fault):
    assert fault('endpoint = "Wk1"', 'name = "profile"') == [
        (
            "small.toml, line 27: analysis.2.name: an earlier [[analysis]] has the name "
            "'profile': names must differ"
        )
    ]
    assert fault('use = "paired-change"', 'use = "profile"') == [
        (
            "small.toml, line 25: analysis.2.name: an earlier [[analysis]] has the name "
            "'profile': names must differ"
        )
    ]


def test_a_code_list_that_nobody_has_is_named_with_the_nearest(small):
    study_file = read(small)
    lists = {"cementoplasties": (), "pain-intensity": ()}
    with pytest.raises(StudyFileError) as caught, naming_lines(study_file):
        plan.make(study_file.settings, lists)
    assert str(caught.value) == (
        f"{small}, line 9: index.codes: there is no code list 'cementoplasty'. "
        "Did you mean 'cementoplasties'? Lists: cementoplasties, pain-intensity."
    )


def test_a_code_list_without_codes_is_named_with_its_line(small):
    code = code_lists.Code(system="urn:x", code="1", name="one", source="a test")
    lists = {"cementoplasty": (code,), "pain-intensity": (), "bone-ablation": (code,)}
    study_file = read(small)
    with pytest.raises(StudyFileError) as caught, naming_lines(study_file):
        plan.make(study_file.settings, lists)
    assert str(caught.value).startswith(
        f"{small}, line 15: scores.codes: list:pain-intensity contains no codes"
    )


def complain(study_file, location, words):
    """What a later step says of a key that only it could check."""
    with pytest.raises(StudyFileError) as caught, naming_lines(study_file):
        raise WrongSetting(location, words)
    return caught.value


def test_a_later_complaint_names_the_line_of_the_right_analysis(small):
    study_file = read(small)
    told = [str(complain(study_file, ("analysis", place, "use"), "no.")) for place in (0, 1)]
    assert told == [
        f"{small}, line 23: analysis.1.use: no.",
        f"{small}, line 26: analysis.2.use: no.",
    ]


def test_a_later_complaint_about_a_key_in_a_table_of_an_analysis_names_its_line(small):
    small.write_text(
        small.read_text("utf-8").replace(
            'endpoint = "Wk1"', '[analysis.endpoint]\nlast_of = ["Wk9"]'
        ),
        "utf-8",
    )
    told = str(complain(read(small), ("analysis", 1, "endpoint", "last_of"), "no."))
    assert told == f"{small}, line 28: analysis.2.endpoint.last_of: no."


def test_a_later_complaint_about_a_set_key_names_the_option(small):
    study_file = read(small, ["analysis.2.endpoint=Wk9"])
    told = complain(study_file, ("analysis", 1, "endpoint"), "there is no visit 'Wk9'.")
    assert str(told) == "--set analysis.2.endpoint: there is no visit 'Wk9'."


def test_a_later_complaint_does_not_need_the_file_again(small):
    study_file = read(small)
    small.unlink()
    assert str(complain(study_file, ("index",), "no.")) == f"{small}, line 8: index: no."


@pytest.mark.parametrize(
    ("override", "line"),
    [
        (
            "scores.per_vist=worst",
            (
                "--set scores.per_vist: unknown key. Did you mean 'per_visit'? "
                "Known keys: "
                "ambiguous, codes, context, instruments, minimum_after, per_visit, "
                "require_baseline."
            ),
        ),
        (
            "scores.per_visit=worse",
            "--set scores.per_visit: expected 'nearest', 'worst', 'first', 'last' or 'median'",
        ),
        ("study.title=2010", '--set study.title: expected text, in quotes: "..."'),
        (
            "visits.Wk1.to=6",
            (
                "--set visits.Wk1.to: visits.Wk1: expected from <= day <= to, "
                "found from 5, day 7, to 6"
            ),
        ),
        ("visits.Wk1={day=7}", "--set visits.Wk1: visits.Wk1.from: this key is missing"),
        ("study.id.name=x", "--set study.id.name: study.id is not a table of the study file"),
        (
            "analysis.3.use=profile",
            (
                "--set analysis.3.use: analysis has 2 entries, numbered from 1, as in "
                "--set analysis.1.name=first"
            ),
        ),
        (
            "index.codes.1.x=1",
            ("--set index.codes.1.x: index.codes.1 is not a table of the study file"),
        ),
        ("scores.per_visit", "--set: expected KEY=VALUE, as in --set scores.per_visit=worst"),
        ("=worst", "--set: expected KEY=VALUE, as in --set scores.per_visit=worst"),
        ("scores..x=1", "--set: expected KEY=VALUE, as in --set scores.per_visit=worst"),
    ],
)
def test_a_wrong_option_is_named_instead_of_a_line(fault, override, line):
    assert fault("", "", override)[0] == line


@pytest.mark.parametrize(
    "override",
    [
        f"source.password={SECRET}",
        f"source.client_secret={SECRET}",
        f"source.url=http://me:{SECRET}@127.0.0.1/fhir",
        f"http://me:{SECRET}@127.0.0.1/fhir?a=b",
        SECRET,
        f"study.id.password={SECRET}",
    ],
)
def test_a_secret_cannot_be_set_and_is_not_repeated(fault, override):
    assert SECRET not in "\n".join(fault("", "", override))


def test_a_secret_among_the_keys_is_told_where_it_may_not_stand(fault):
    assert fault("[source]", f'[source]\ntoken = "{SECRET}"') == [
        (
            "small.toml, line 6: source.token: unknown key. A study file must not contain "
            "secrets: they come from the environment (ABATE_SOURCE_...). "
            "Known keys: auth, ca, certificate, certificate_key, export, files, insecure_http, "
            "max_minutes, max_requests, overlap_minutes, page_size, parallel, passes, patients, "
            "patients_a_query, query, requests_per_second, "
            "strategy, timeout_seconds, timezone, url, withheld."
        )
    ]
