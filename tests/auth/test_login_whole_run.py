"""The loop through the command line with a SMART login, and no secret in anything that is left."""

import json
import logging
import traceback

import pytest
from werkzeug import Response

from abate.auth.servers import source_server
from abate.config.reader import read
from abate.errors import LoginRefused
from asked import is_batch

LOGIN = """
[source.auth]
kind = "smart"
client_id = "abate"
"""


@pytest.fixture
def loaded(front, study_resources, tmp_path):
    """The published study stands on the front."""
    path = tmp_path / "served.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in study_resources), "utf-8")
    front.sandbox.load(path)
    return front


@pytest.fixture
def known(authority, key, monkeypatch, tmp_path):
    """abate is registered with its key, which lies in a file."""
    authority.register("abate", key)
    (tmp_path / "key.pem").write_bytes(key.private_pem())
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY_FILE", str(tmp_path / "key.pem"))
    return LOGIN


@pytest.fixture
def study(study_file, loaded, known):
    """The study file of the published study, with a SMART login to the front."""
    text = study_file.read_text("utf-8").replace("http://127.0.0.1:8080/fhir", loaded.base)
    study_file.write_text(f"{text}\n{known}", "utf-8")
    return study_file


@pytest.fixture
def left(study, authority, key, caplog):
    """Look for secrets in all that a run leaves: texts, the store's bytes, logs."""

    caplog.set_level(logging.DEBUG)

    def refuse(*texts):
        output = study.parent / "abate-output"
        found = {path.name: path.read_bytes() for path in output.rglob("*") if path.is_file()}
        found |= {
            f"text {number}": text.encode() for number, text in enumerate((*texts, caplog.text))
        }
        secrets = [one.encode() for one in authority.given]
        secrets += [one["client_assertion"].encode() for one in authority.requests]
        secrets += key.private_pem().splitlines()[1:-1]
        assert len(secrets) > 3
        for place, content in found.items():
            for secret in secrets:
                assert secret not in content, f"a secret stands in {place}"

    return refuse


def test_a_run_and_a_report_by_a_smart_login(abate, study, front, authority, left):
    ran = abate("sync", study)
    assert ran.exit_code == 0, ran.err
    assert "analysed 11 lesions" in ran.out
    reading, writing = (one["scope"].split() for one in authority.requests)
    assert "system/Procedure.rs" in reading
    assert not any("Measure" in one for one in reading)
    assert "system/MeasureReport.crus" in writing
    assert ("POST", "") in front.requests
    shown = abate("status", study, "--json")
    left(ran.out, ran.err, shown.out)


def test_a_run_in_which_each_token_lasts_for_one_request(abate, study, front, authority, left):
    uses = []

    def once(shown):
        is_current = shown == f"Bearer {authority.given[-1]}"
        uses.append(shown)
        return is_current and uses.count(shown) == 1

    front.allows = once
    ran = abate("run", study, "--json", "--set", "source.parallel=1")
    assert ran.exit_code == 0, ran.err
    # All requests but the first came with a token that was over, and then with a new one.
    assert len(uses) == 2 * len(authority.requests) - 1
    left(ran.out, ran.err)


def test_a_login_that_is_refused_in_mid_run_stores_nothing(abate, study, front, left):
    front.allows = lambda shown: "Patient/_search" not in front.requests[-1][1] and bool(shown)
    ran = abate("run", study)
    assert ran.exit_code == 1
    assert "login refused: " in ran.err
    assert "/fhir/Patient/_search answered 401" in ran.err
    assert not (study.parent / "abate-output" / "store.duckdb").exists()
    status = abate("status", study, "--json")
    assert "login refused" in status.json["message"]
    left(ran.out, ran.err, status.out)


def test_a_login_that_is_refused_at_a_next_link_is_no_hole(abate, study, front):
    first = []
    front.allows = lambda shown: bool(shown) and (first.append(shown) or len(first) <= 4)
    ran = abate("run", study, "--set", "source.page_size=2")
    assert front.requests[-1] == ("GET", "Procedure")
    assert ran.exit_code == 1
    assert "abate: login refused: " in ran.err
    assert "incomplete" not in ran.err


def test_a_scope_that_is_not_granted_ends_before_any_query(abate, study, front, authority, left):
    authority.granted = "system/Patient.rs system/Procedure.rs system/Observation.rs"
    ran = abate("sync", study)
    assert ran.exit_code == 1
    assert "system/Condition.rs is missing" in ran.err
    assert front.asked("Procedure") == []
    left(ran.out, ran.err)


def test_a_scope_that_the_study_does_not_need_is_not_asked_for(abate, study, front, authority):
    text = study.read_text("utf-8")
    for table in ("[condition.primary]", "[event.complication]"):
        head, _, rest = text.partition(table)
        text = head + rest.partition("\n\n")[2]
    study.write_text(text, "utf-8")
    authority.granted = "system/Patient.rs system/Procedure.rs system/Observation.rs"
    ran = abate("run", study)
    assert ran.exit_code == 0, ran.err
    assert "Condition" not in authority.requests[0]["scope"]
    assert front.asked("Condition") == []


@pytest.mark.parametrize("refuses", [False, True])
def test_check_goes_on_without_a_scope_that_not_each_study_needs(
    abate, study, front, authority, refuses
):
    """Not granted; or refused as a whole, as some endpoints do (RFC 6749, section 5.2)."""
    assert study.exists()
    authority.granted = "system/Patient.rs system/Procedure.rs system/Observation.rs"
    if refuses:
        body = json.dumps({"error": "invalid_scope"})
        authority.answers = [Response(body, 400, content_type="application/json")]
    ran = abate("check", front.base, "--auth", "smart", "--client-id", "abate")
    assert ran.exit_code == 0, ran.err
    assert "system/Condition.rs" in authority.requests[0]["scope"]
    assert ("system/Condition.rs" in authority.requests[-1]["scope"]) != refuses


def test_a_secret_of_the_target_that_is_missing_is_told_before_the_pull(abate, study, front):
    text = study.read_text("utf-8")
    study.write_text(f'{text}\n[target]\nurl = "{front.base}"\n[target.auth]\nkind = "bearer"\n')
    ran = abate("sync", study)
    assert ran.exit_code == 1
    assert "set ABATE_TARGET_TOKEN, or ABATE_TARGET_TOKEN_FILE" in ran.err
    assert front.requests == []


def test_a_target_has_a_login_of_its_own(abate, study, front, monkeypatch):
    monkeypatch.setenv("ABATE_TARGET_TOKEN", "of-the-target")
    text = study.read_text("utf-8")
    study.write_text(f'{text}\n[target]\nurl = "{front.base}"\n[target.auth]\nkind = "bearer"\n')
    front.allows = lambda shown: shown in ("Bearer of-the-target", "Bearer token-0-MARKER")
    ran = abate("sync", study)
    assert ran.exit_code == 0, ran.err
    assert set(front.asked("")) == {"Bearer of-the-target"}
    assert set(front.asked("Procedure")) == {"Bearer token-0-MARKER"}


def test_a_traceback_holds_no_secret(study, front, left):
    front.allows = lambda _: False
    study_file = read(study)
    with (
        source_server(study_file.settings, study_file.folder) as server,
        pytest.raises(LoginRefused) as refused,
    ):
        server.get("Patient")
    lines = traceback.format_exception(refused.type, refused.value, refused.tb)
    left("".join(lines))
    assert refused.value.__cause__ is None


def test_check_takes_the_login_from_the_environment(abate, front, left):
    ran = abate("check", front.base, "--auth", "smart", "--client-id", "abate")
    assert ran.exit_code == 0, ran.err
    left(ran.out, ran.err)


def test_the_study_file_of_init_logs_in_as_init_did(abate, front, tmp_path, left):
    path = tmp_path / "first.toml"
    options = ("--auth", "smart", "--client-id", "abate", "--scope", "system/*.rs", "--kid", "k")
    front.authority.clients["abate"]["keys"][0]["kid"] = "k"
    ran = abate("init", front.base, "--to", path, *options, "--insecure-http")
    assert ran.exit_code == 0, ran.err
    source = read(path).settings.source
    assert source.insecure_http
    assert source.auth.model_dump(exclude_unset=True) == {
        "kind": "smart",
        "client_id": "abate",
        "scopes": ["system/*.rs"],
        "kid": "k",
    }
    left(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--auth", "basic"], "--username: kind = 'basic' requires this key."),
        (["--client-id", "a"], "--client-id: kind = 'none' does not use this key."),
        (["--auth", "smart", "--client-id", "a", "--scope", "a b"], "--scope: expected one scope"),
        (["--certificate-key", "k.pem"], "--certificate-key: this key needs a certificate"),
        (["--auth", "password"], "is not one of"),
    ],
)
def test_options_of_a_login_that_do_not_fit_end_with_2(abate, options, words):
    ran = abate("check", "http://127.0.0.1:9/fhir", *options)
    assert (ran.exit_code, ran.out) == (2, "")
    assert words in ran.err


def test_403_to_a_report_tells_of_rights(abate, study, front, left):
    front.behind = lambda one: (
        Response("", 403) if one.method == "POST" and one.path == "/fhir" else None
    )
    ran = abate("sync", study)
    assert ran.exit_code == 5
    assert "refused the transaction: 403" in ran.err
    assert "does not permit this" in ran.err
    left(ran.out, ran.err)


def test_403_to_the_reading_of_a_report_tells_of_rights(abate, study, front, left):
    def shut(request):
        is_shut = is_batch(request) or request.path.startswith("/fhir/Group")
        return Response("", 403) if is_shut else None

    front.behind = shut
    ran = abate("sync", study)
    assert ran.exit_code == 1
    assert "does not permit this (it answered 403)" in ran.err
    left(ran.out, ran.err)


def test_403_at_the_first_query_tells_of_rights(abate, study, front, left):
    front.behind = lambda one: Response("", 403) if one.path == "/fhir/Procedure" else None
    ran = abate("run", study)
    assert ran.exit_code == 1
    assert "does not permit this (it answered 403)" in ran.err
    left(ran.out, ran.err)
