"""Plugins that do not hold the contract: named, and no more than that is broken."""

import pytest

from abate.analysis import loader
from abate.errors import PluginError

PROFILE = '[[analysis]]\nuse = "profile"'
TWICE = """
@dataclass(frozen=True)
class Odd:
    name: ClassVar[str] = "odd"
    def run(self, cohort):
        return Result()

@hookimpl
def register_analyses():
    return [Odd, Odd]
"""
BROKEN = {
    "it fails at import": (
        'import no_such_library_xyz',
        "ModuleNotFoundError: No module named 'no_such_library_xyz'",
    ),
    "it ends the process at import": ("raise SystemExit('so there')", "SystemExit: so there"),
    "a hook is misspelt": (
        "@hookimpl\ndef register_analysis():\n    return []",
        "'register_analysis' is not a hook. Did you mean 'register_analyses'?",
    ),
    "a hook asks for what is not there": (
        "@hookimpl\ndef render_report(results):\n    return []",
        "Argument(s) {'results'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "register_analyses raises": (
        "@hookimpl\ndef register_analyses():\n    return [1 / 0]",
        "register_analyses stopped: ZeroDivisionError in theirs_module.py, line 10",
    ),
    "register_analyses is a generator that raises": (
        "@hookimpl\ndef register_analyses():\n    yield from ()\n    raise OSError",
        "register_analyses stopped: OSError in theirs_module.py, line 11",
    ),
    "register_analyses gives a class": (
        TWICE.replace("[Odd, Odd]", "Odd"),
        "register_analyses must give a list",
    ),
    "register_analyses gives a text": (
        TWICE.replace("[Odd, Odd]", "'odd'"),
        "register_analyses must give a list",
    ),
    "register_analyses gives nothing": (
        TWICE.replace("return [Odd, Odd]", "[Odd]"),
        "register_analyses must give a list",
    ),
    "no function is marked": (
        TWICE.replace("@hookimpl", ""),
        "it has no function marked @hookimpl",
    ),
    "it offers an instance": (
        TWICE.replace("[Odd, Odd]", "[Odd()]"),
        "register_analyses must give frozen dataclasses",
    ),
    "it offers a class that can change": (
        TWICE.replace("frozen=True", ""),
        "register_analyses must give frozen dataclasses",
    ),
    "it offers one name twice": (TWICE, "it offers two analyses with the name 'odd'"),
}  # fmt: skip


@pytest.fixture(params=BROKEN.values(), ids=BROKEN)
def problem(request, install):
    """Install a broken plugin; gives what is to be said of it."""
    source, said = request.param
    install("theirs", source)
    return said


def test_the_list_shows_it_with_its_problem_and_the_others_beside(abate, problem):
    ran = abate("plugins", "--json")
    listed = {one["name"]: one for one in ran.json["plugins"]}
    assert ran.exit_code == 0
    assert listed["theirs"]["state"] == "broken"
    assert problem in listed["theirs"]["problem"]
    assert listed["abate_analyses"]["state"] == "loaded"


def test_a_run_names_it_and_how_to_go_on_without_it(abate, study_file, problem):
    ran = abate("run", study_file)
    assert ran.exit_code == 4
    assert ran.err.startswith("abate: the plugin 'theirs' is broken: ")
    assert problem in ran.err
    assert "[plugins] block = ['theirs'] in the study file" in ran.err


def test_a_run_with_it_blocked_succeeds(abate, study, install):
    install("theirs", "import no_such_library_xyz")
    ran = abate("run", study(PROFILE, more='[plugins]\nblock = ["theirs"]\n'))
    assert ran.exit_code == 0


def test_help_and_status_do_not_care(abate, study, install):
    path = study(PROFILE)
    assert abate("run", path).exit_code == 0
    install("theirs", "import no_such_library_xyz")
    assert abate("--help").exit_code == 0
    assert abate("sandbox", "--help").exit_code == 0
    assert "abate run: done" in abate("status", path).out


def test_nothing_is_pulled_and_nothing_stored_when_a_plugin_is_broken(abate, study_file, install):
    install("theirs", "import no_such_library_xyz")
    assert abate("run", study_file).exit_code == 4
    assert not (study_file.parent / "abate-output" / "store.duckdb").exists()


def test_two_plugins_that_offer_one_name_are_both_named(install):
    install("one", TWICE.replace("[Odd, Odd]", "[Odd]"))
    install("two", TWICE.replace("[Odd, Odd]", "[Odd]"))
    host = loader.load()
    with pytest.raises(PluginError, match=r"'one' and 'two' both offer an analysis 'odd'"):
        host.analyses()


def test_a_second_package_with_the_same_entry_point_is_told_and_the_first_stays(install):
    install("theirs", TWICE.replace("[Odd, Odd]", "[Odd]"), distribution="first")
    install("theirs", TWICE.replace("[Odd, Odd]", "[Odd]"), distribution="second")
    theirs = [one for one in loader.load(tolerant=True).known if one.name == "theirs"]
    assert sorted(one.state for one in theirs) == ["broken", "loaded"]
    [problem] = [one.problem for one in theirs if one.state == "broken"]
    assert problem == "another package has an entry point of this name"


def test_the_second_name_of_a_module_is_told(install, tmp_path):
    install("theirs", TWICE.replace("[Odd, Odd]", "[Odd]"))
    points = tmp_path / "site-packages" / "theirs-1.2.dist-info" / "entry_points.txt"
    points.write_text("[abate]\nagain = theirs_module\ntheirs = theirs_module\n")
    problems = {one.name: one.problem for one in loader.load(tolerant=True).known}
    assert problems["theirs"] == "the plugin 'again' is the same module"


def test_folders_of_codes_must_be_folders(abate, study_file, install):
    install("theirs", "@hookimpl\ndef register_mappings():\n    return ['codes']")
    ran = abate("run", study_file)
    assert ran.exit_code == 4
    assert "'theirs' is broken: register_mappings must give folders" in ran.err
