"""`abate sandbox` as a process: it says where it is, serves, and ends when told."""

import json
import signal
import socket

import pytest
import requests


def url_of(process):
    return json.loads(process.stdout.readline())["url"]


def total(url, kind):
    answer = requests.get(f"{url}/{kind}", params={"_summary": "count"}, timeout=10)
    return answer.json()["total"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_serves_the_study_and_ends_without_a_traceback(start, ending):
    process = start("sandbox", "--study", "--port", 0, "--json")
    url = url_of(process)
    with requests.Session() as held:
        assert held.get(f"{url}/metadata", timeout=10).json()["fhirVersion"] == "4.0.1"
        assert total(url, "Patient") == 12
        process.send_signal(ending)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert (out, err.split()) == ("", ["abate:", "stopped."])


def test_it_loads_files_and_says_how_many_resources(start, tmp_path):
    patients = [{"resourceType": "Patient", "id": str(number)} for number in range(3)]
    (tmp_path / "patients.ndjson").write_text("\n".join(map(json.dumps, patients)), "utf-8")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {"resourceType": "Patient", "id": "from-bundle"}}],
    }
    (tmp_path / "bundle.json").write_text(json.dumps(bundle), "utf-8")
    process = start("sandbox", "patients.ndjson", "bundle.json", "--port", 0)
    said = process.stdout.readline()
    assert said.endswith("/fhir (4 resources). Press Ctrl-C to stop.\n")
    assert total(said.split()[3], "Patient") == 4


def test_a_file_that_is_no_fhir_is_named_and_nothing_is_served(abate, tmp_path):
    path = tmp_path / "notes.json"
    path.write_text('{"resourceType": "Patient", ', "utf-8")
    ran = abate("sandbox", path, "--port", 0)
    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err == f"abate: {path}, line 1 is not JSON\n"


def test_a_port_that_is_taken_is_a_sentence(abate):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = abate("sandbox", "--port", port)
    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith(f"abate: cannot listen on 127.0.0.1 port {port}: ")
    assert len(ran.err.splitlines()) == 1
