"""`abate init`: a study file with what was found, that can be read and run as it is."""

import json
import re
import tomllib

import pytest
from werkzeug import Response

from abate.analysis.loader import load
from abate.config.reader import read

ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
LOINC = "http://loinc.org"


@pytest.fixture
def begun(abate, tmp_path):
    """Write a study file for a server: its path, and what was printed."""

    def init(base, *more):
        path = tmp_path / "study.toml"
        ran = abate("init", base, "--to", path, "--quiet", *more)
        assert ran.exit_code == 0, ran.err
        return path, ran

    return init


def test_the_study_can_be_run_right_away(abate, begun, serve, study_resources):
    path, _ = begun(serve(study_resources))
    ran = abate("run", path, "--json", "--quiet")
    assert ran.exit_code == 0, ran.err
    assert (ran.json["patients"], ran.json["lesions"]) == (10, 11)


def test_the_file_has_the_codes_that_are_there(begun, serve, study_resources):
    base = serve(study_resources)
    settings = read(begun(base)[0]).settings
    own = "urn:oid:2.25.189299135724624095390856893457610497238.14"
    assert settings.source.url == base
    assert settings.index.codes == [
        "list:cementoplasty",
        f"{own}|pelvic-cementoplasty",
        f"{own}|vertebroplasty",
        f"{own}|scapular-cementoplasty",
    ]
    assert settings.scores.codes == ["list:pain-intensity"]
    assert settings.adjunct["ablation"].codes == ["list:bone-ablation"]
    assert settings.condition["primary"].codes == ["list:primary-tumour"]
    assert settings.history["radiotherapy"].codes == [f"{own}|radiotherapy"]
    assert settings.event == {}


def test_the_counts_stand_as_comments(begun, serve, study_resources):
    text = begun(serve(study_resources))[0].read_text("utf-8")
    assert "# 5 there: vertebroplasty (81.65) 5" in text
    assert "# 7 in the sample, by its name: check" in text


def test_the_defaults_are_careful(begun, odd):
    settings = read(begun(odd().base)[0]).settings
    assert settings.report.minimum_cell == 5
    assert not settings.report.members
    assert not settings.study.synthetic
    assert settings.study.timezone == "UTC"
    assert list(settings.visits.after)[:3] == ["D1", "D2", "Wk1"]


def test_the_timezone_may_be_given(begun, odd):
    path, _ = begun(odd().base, "--timezone", "Asia/Hong_Kong")
    assert read(path).settings.study.timezone == "Asia/Hong_Kong"


def test_an_unknown_timezone_ends_with_2_before_anything_is_asked(abate, odd, tmp_path):
    server = odd()
    path = tmp_path / "study.toml"
    ran = abate("init", server.base, "--to", path, "--timezone", "Europe/Viena")
    assert ran.exit_code == 2
    assert "Did you mean 'Europe/Vienna'?" in ran.err
    assert server.requests == []
    assert not path.exists()


def test_only_analyses_that_load_are_written_and_all_of_them_fit(begun, odd):
    study_file = read(begun(odd().base)[0])
    host = load()
    used = [spec.use for spec in study_file.settings.analysis]
    assert used[:3] == ["profile", "pain-course", "paired-change"]
    assert set(used) <= set(host.analyses())
    assert len(host.make(study_file.settings)) == len(used)
    assert [spec.use for spec in study_file.settings.analysis if spec.primary] == ["paired-change"]


def test_a_file_that_is_there_is_not_overwritten(abate, odd, tmp_path):
    server = odd()
    path = tmp_path / "study.toml"
    path.write_text("mine", "utf-8")
    ran = abate("init", server.base, "--to", path)
    assert ran.exit_code == 2
    assert "is not overwritten" in ran.err
    assert path.read_text("utf-8") == "mine"
    assert server.requests == []


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(abate, odd, tmp_path):
    ran = abate("init", odd().base, "--to", tmp_path / "knee" / "study.toml")
    assert ran.exit_code == 2
    assert "create the folder" in ran.err


def test_where_nothing_is_found_the_place_to_fill_is_marked(abate, begun, odd):
    path, ran = begun(odd(resources=[]).base)
    assert "[index] codes and [scores] codes" in ran.out
    lines = path.read_text("utf-8").splitlines()
    assert sum("FILL IN" in line for line in lines if not line.startswith("#")) == 2
    run = abate("run", path)
    assert run.exit_code == 2
    assert "line" in run.err
    assert "expected at least one code list (list:NAME) or code (system|code)" in run.err


def test_the_most_frequent_local_code_that_may_be_a_score_is_used_and_marked(begun, odd, make):
    often = [make("Observation", f"s{n}", "urn:ward", "NRS-1", "Pain now") for n in range(2)]
    seldom = make("Observation", "v", "urn:ward", "VAS", "Pain at rest")
    other = make("Observation", "t", "urn:ward", "RR", "blood pressure")
    path, ran = begun(odd(resources=[*often, seldom, other]).base, "--json")
    assert ran.json["to_fill"] == ["[index] codes"]
    assert ran.json["scores"] == ["urn:ward|NRS-1"]
    text = path.read_text("utf-8")
    assert '\n  "urn:ward|NRS-1",  # Pain now, 2 in the sample, by its name: check' in text
    assert '\n  # "urn:ward|VAS",  # Pain at rest, 1 in the sample, by its name: check' in text
    assert "urn:ward|RR" not in text


def test_pain_that_is_no_intensity_is_no_proposal_by_its_name(begun, odd, make):
    local = make("Observation", "s", "urn:ward", "P1", "Pain interference with sleep")
    text = begun(odd(resources=[local]).base)[0].read_text("utf-8")
    assert "Pain interference with sleep, 1 in the sample\n" in text


def test_without_a_word_to_go_by_the_frequent_codes_are_proposals(begun, odd, make):
    seen = [make("Procedure", f"p{i}", "urn:ward", "OP-7", "Eingriff") for i in range(4)]
    path, _ = begun(odd(resources=seen).base)
    assert '  # "urn:ward|OP-7",  # Eingriff, 4 in the sample' in path.read_text("utf-8")
    with pytest.raises(Exception, match="at least one"):
        read(path)


def test_codes_that_no_search_finds_are_written_all_the_same(abate, begun, odd):
    path, _ = begun(odd(finds=False).base)
    assert read(path).settings.index.codes == ["list:cementoplasty"]
    assert "in the sample: vertebroplasty 3" in path.read_text("utf-8")
    ran = abate("run", path)
    assert ran.exit_code == 3
    assert "finds none by code" in ran.err


def test_a_table_whose_codes_no_search_finds_is_proposed_with_the_reason(begun, front, make):
    front.put(make("Condition", "c1", "urn:s", "tumour"))

    def empty(request):
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0}
        empty = Response(json.dumps(bundle), content_type="application/fhir+json")
        return empty if "code" in request.args else None

    with front.only("GET", "Condition", empty):
        text = begun(front.base)[0].read_text("utf-8")
    assert '# codes = ["list:primary-tumour"]  # no search by code finds a Condition here' in text


def test_whatever_a_server_calls_its_codes_the_file_stays_toml(begun, odd, make):
    named = 'vertebroplasty "x" \\ \n[study]\nid = "other"'
    odd_one = make("Procedure", "p", "urn:a\\b", 'c"]#', named)
    path, _ = begun(odd(resources=[odd_one, *odd().resources]).base)
    content = tomllib.loads(path.read_text("utf-8"))
    assert re.fullmatch("cementoplasty-[0-9a-f]{6}", content["study"]["id"])
    assert content["index"]["codes"][0] == "list:cementoplasty"
    assert len(content["index"]["codes"]) == 2


def test_each_study_has_an_id_of_its_own_that_does_not_name_the_server(begun, odd, make):
    local_code = [make("Procedure", "p", "urn:w", "x", "kyphoplasty")]

    def begin(**options):
        path, _ = begun(odd(**options).base)
        found = tomllib.loads(path.read_text("utf-8"))["study"]["id"]
        path.unlink()
        return found

    first, second, local = begin(), begin(), begin(resources=local_code)
    assert first != second
    assert re.fullmatch("pain-study-[0-9a-f]{6}", local)


@pytest.mark.parametrize("code", [" vertebroplasty", "vertebroplasty\u2028", "x" * 3000])
def test_a_code_that_cannot_be_written_as_it_is_is_not_proposed(begun, odd, make, code):
    path, ran = begun(odd(resources=[make("Procedure", "p", "urn:w", code, "kyphoplasty")]).base)
    assert "[index]   no code found" in ran.out
    assert "urn:w" not in path.read_text("utf-8")


def test_what_check_finds_missing_is_a_warning(abate, odd, tmp_path):
    ran = abate("init", odd(heeds_code=False).base, "--to", tmp_path / "study.toml")
    assert ran.exit_code == 0
    assert "warning: Procedure: the server ignores searches by code" in ran.err


def test_times_without_an_offset_get_a_zone(begun, odd, make):
    score = make("Observation", "s", LOINC, "72514-3", valueInteger=5)
    score["effectiveDateTime"] = "2026-01-02T10:00:00"
    index = make("Procedure", "p", ICD9, "81.65")
    path, _ = begun(odd(resources=[score, index]).base, "--timezone", "Europe/Vienna")
    assert read(path).settings.source.timezone == "Europe/Vienna"


def test_the_json_tells_what_was_written(begun, odd):
    path, ran = begun(odd().base, "--json")
    assert ran.json == {
        "path": str(path),
        "index": ["list:cementoplasty"],
        "scores": ["list:pain-intensity"],
        "to_fill": [],
    }


def test_a_server_that_is_none_leaves_no_file(abate, tmp_path):
    path = tmp_path / "study.toml"
    ran = abate("init", "http://127.0.0.1:9/fhir", "--to", path)
    assert ran.exit_code == 1
    assert not path.exists()


@pytest.mark.parametrize("url", ["example.com/fhir", "http://me:pw@x/fhir", "http://x/fhir?a=b"])
def test_an_url_that_is_none_of_a_server_ends_with_2(abate, url):
    for command in ("check", "init"):
        ran = abate(command, url)
        assert (ran.exit_code, ran.out) == (2, "")
        assert "pw" not in ran.err
