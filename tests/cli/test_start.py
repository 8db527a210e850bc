"""The command line starts light, as `abate` and as `python -m abate`."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

import abate

HEAVY = [
    "altair",
    "cryptography",
    "duckdb",
    "fhir",
    "joserfc",
    "msgspec",
    "numpy",
    "pluggy",
    "polars",
    "pydantic",
    "requests",
    "scipy",
    "scipy.stats",
    "structlog",
    "urllib3",
    "werkzeug",
]


def loaded_by(code):
    code += f"\nimport sys\nprint('LOADED', sorted(set(sys.modules) & set({HEAVY})))\n"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return shown.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["keygen", "--help"], ["sandbox", "--help"]]
)
def test_help_loads_no_heavy_library(arguments):
    code = f"import sys\nfrom abate.cli import main\nsys.argv = ['abate', *{arguments}]\nmain()"
    assert loaded_by(code) == "LOADED []"


def loaded_by_command(*arguments, before=""):
    """What a command has loaded when it has ended, however it does."""
    call = f"import sys\nfrom abate.cli import main\nsys.argv = {['abate', *map(str, arguments)]}"
    return loaded_by(f"{before}{call}\ntry:\n    main()\nexcept SystemExit:\n    pass")


@pytest.mark.parametrize(
    "command", ["run", "sync", "publish", "retract", "reconcile", "status", "export"]
)
def test_an_unreadable_study_file_is_told_before_anything_heavy_loads(command, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("[study", "utf-8")
    assert loaded_by_command(command, path) == "LOADED ['pydantic']"


def test_the_list_of_plugins_loads_no_scipy():
    assert "scipy" not in loaded_by_command("plugins")


def test_a_server_that_refuses_the_connection_is_told_without_scipy():
    at_once = "from abate.http import clock\nclock.sleep = lambda seconds: None\n"
    assert "scipy" not in loaded_by_command("check", "http://127.0.0.1:9/fhir", before=at_once)


def test_the_shipped_analyses_load_no_statistics_of_scipy():
    """They take most of a second to load; the functions that we need lie in `scipy.special`."""
    loaded = loaded_by_command("demo", "--quiet")
    assert "'scipy'" in loaded
    assert "scipy.stats" not in loaded


def test_the_package_loads_no_heavy_library():
    assert loaded_by("import abate") == "LOADED []"


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
    assert err.startswith("abate: nowhere.toml: there is no such study file.")


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
