"""The command line starts light, as `abate` and as `python -m abate`."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import pytest

import abate
from abate.cli import COMMANDS

HEAVY = [
    "altair",
    "cryptography",
    "duckdb",
    "fhir",
    "jinja2",
    "joserfc",
    "msgspec",
    "numpy",
    "pluggy",
    "polars",
    "pydantic",
    "requests",
    "rich",
    "scipy",
    "scipy.stats",
    "structlog",
    "urllib3",
    "vl_convert",
    "werkzeug",
]
# What keeps the log, and what speaks HTTP.
LOG = {"rich", "structlog"}
HTTP = {"requests", "urllib3"}
AT_ONCE = "from abate.http import clock\nclock.sleep = lambda seconds: None\n"
STUDY = """[study]
id = "start"
timezone = "Europe/Vienna"
[source]
url = "http://127.0.0.1:9/fhir"
[index]
codes = ["list:cementoplasty"]
[scores]
codes = ["list:pain-intensity"]
[visits]
Wk1 = 7
[[analysis]]
use = "paired-change"
endpoint = "Wk1"
"""


def loaded_by(code):
    """The modules that are loaded when `code` has run."""
    code += "\nimport sys\nprint('LOADED', *sys.modules)\n"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(shown.stdout.splitlines()[-1].split()[1:])


def loaded_by_command(*arguments):
    """The modules that a command has loaded when it has ended, however it does."""
    return loaded_by_commands([*map(str, arguments)])


def loaded_by_commands(*commands):
    """The modules that several commands have loaded, one after the other in one process."""
    return loaded_by(
        f"""{AT_ONCE}
import sys
from abate.cli import main
for arguments in {commands}:
    sys.argv = ["abate", *arguments]
    try:
        main()
    except SystemExit:
        pass
"""
    )


def heavy(loaded):
    return loaded & set(HEAVY)


def packages(loaded):
    """The packages of abate that are loaded, as `abate.source`, and the ones of its plugins."""
    return {".".join(name.split(".")[:2]) for name in loaded if name.startswith("abate")}


@pytest.fixture
def study_file(tmp_path):
    """A study whose server refuses the connection."""
    path = tmp_path / "study.toml"
    path.write_text(STUDY, "utf-8")
    return path


def test_version_and_help_load_no_heavy_library():
    helps = [[command, "--help"] for command in COMMANDS]
    assert heavy(loaded_by_commands(["--version"], ["--help"], *helps)) == set()


def test_an_unreadable_study_file_is_told_before_anything_heavy_loads(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("[study", "utf-8")
    commands = ["run", "sync", "publish", "retract", "reconcile", "status", "export"]
    loaded = loaded_by_commands(*([command, str(path)] for command in commands))
    assert {f"abate.cli.commands.{command}" for command in commands} <= loaded
    assert heavy(loaded) == set()


def test_a_wrong_key_of_the_study_file_is_told_by_pydantic_alone(study_file):
    study_file.write_text("[stduy]", "utf-8")
    assert heavy(loaded_by_command("run", study_file)) == {"pydantic"}


def test_the_list_of_plugins_loads_no_library_of_an_analysis():
    assert heavy(loaded_by_command("plugins")) == {"msgspec", "pluggy", "pydantic"}


def test_a_check_of_a_server_that_refuses_loads_no_store_and_no_tables():
    loaded = loaded_by_command("check", "http://127.0.0.1:9/fhir")
    assert heavy(loaded) == {"msgspec", "numpy", "pluggy", "pydantic"} | LOG | HTTP
    assert packages(loaded).isdisjoint({"abate.disclosure", "abate.ingest", "abate.releases"})


def test_a_pull_from_a_server_that_refuses_loads_no_later_stage(study_file):
    commands = ["run", "sync", "reconcile"]
    loaded = loaded_by_commands(*([command, str(study_file)] for command in commands))
    assert heavy(loaded) == {"duckdb", "msgspec", "numpy", "pluggy", "pydantic"} | LOG | HTTP
    assert packages(loaded).isdisjoint(
        {"abate.disclosure", "abate.publish", "abate.releases", "abate.report", "abate.survey"}
    )


def test_a_retraction_loads_neither_a_pull_nor_a_page_nor_a_plugin(study_file):
    loaded = loaded_by_command("retract", study_file)
    assert "abate.publish.retract" in loaded
    assert heavy(loaded).isdisjoint({"jinja2", "numpy", "polars", "scipy", "vl_convert"})
    assert packages(loaded).isdisjoint(
        {"abate.ingest", "abate.releases", "abate.source", "abate.survey", "abate_analyses"}
    )


def test_a_run_loads_nothing_that_writes_to_a_server_and_no_statistics_of_scipy(tmp_path):
    """`scipy.stats` takes most of a second; the functions that we need lie in `scipy.special`."""
    demo = tmp_path / "demo"
    shutil.copytree(str(files("abate.demo")), demo)
    source = ["--set", "source.strategy=files", "--set", "source.files=['bundle.json']"]
    loaded = loaded_by_command("run", demo / "study.toml", "--quiet", *source)
    assert (demo / "abate-output" / "report.html").exists()
    assert "scipy" in loaded
    assert heavy(loaded).isdisjoint({"fhir", "scipy.stats", "werkzeug"})
    assert packages(loaded).isdisjoint({"abate.publish", "abate.releases", "abate.survey"})


def test_the_package_loads_no_heavy_library():
    assert heavy(loaded_by("import abate")) == set()


def test_the_shipped_plugins_load_no_library_of_an_analysis():
    loaded = loaded_by("import abate_analyses, abate_mappings")
    assert heavy(loaded) == {"msgspec", "pluggy", "pydantic"}


def test_every_name_of_the_package_is_there_and_no_other():
    assert sorted(abate.__all__) == abate.__all__ == sorted(set(abate.__all__))
    for name in abate.__all__:
        assert getattr(abate, name) is not None
    with pytest.raises(AttributeError, match="module 'abate' has no attribute 'Anlaysis'"):
        abate.Anlaysis  # noqa: B018 - the look-up is what is tested.


def test_python_m_abate_is_the_same_command(start):
    out, err = start("--version").communicate(timeout=20)
    assert (out, err) == (f"abate {version('abate')}\n", "")


def test_python_m_abate_gives_the_exit_code(start):
    process = start("status", "nowhere.toml")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("abate: nowhere.toml: study file not found.")


def test_a_closed_stdout_is_quiet_for_help_too(start):
    process = start("--help")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=20)
    assert err == ""


def test_json_is_utf_8_and_text_is_readable_wherever_they_go():
    code = (
        "from abate.cli import main, options\n"
        "import abate.cli, sys\n"
        "sys.argv = ['abate', '--version']\n"
        "main()\n"
        "options.print_json({'title': 'Hüfte'})\n"
        "options.show('Hüfte')\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert shown.stdout.decode("utf-8").splitlines()[1:] == [
        "{",
        '  "title": "Hüfte"',
        "}",
        "H?fte",
    ]
