"""The reference says what the code does: nothing is missing, and nothing is there too much."""

import ast
import dataclasses
import inspect
import json
import re
import runpy
import tomllib
from importlib.resources import files

import click
import pytest

import abate
from abate import errors
from abate.analysis import hooks, loader
from abate.cli import COMMANDS
from abate.cli import abate as group
from abate.fhir import canonical
from abate.fhir.canonical import DIGEST, NAMES_OF_0_1, ROOT
from abate.mapping.code_lists import Code
from abate.mapping.scores import VALUE_REASONS
from abate.report.fhir import bundle
from abate.store.ledger import Booked
from abate.survey.probes.write import GONE_AGAIN
from abate.survey.survey import PROBES
from abate.telemetry import log, progress

# Words in the SQL that no reader ever sees.
INTERNAL = {
    "before": "on the lesion's clock",
    "after": "the same",
    "during": "the same, before it becomes during-procedure",
    "local": "a time without an offset, before it becomes time-without-zone",
    "malformed": "of any moment, before the element's name is put before it",
    "without-zone": "the same, before it becomes time-without-zone",
}
LITERAL = re.compile(r"(?:then|else)\s+'([A-Za-z](?:[A-Za-z0-9-]*[a-z0-9])?)'")
PREFIX = re.compile(r"'([a-z-]+-)' \|\|")


def test_the_made_parts_of_the_reference_are_up_to_date(root):
    made = runpy.run_path(str(root / "docs" / "make_reference.py"))["pages"]()
    assert len(made) == 2
    for page, text in made.items():
        assert page.read_text("utf-8") == text, "run docs/make_reference.py"


def test_each_row_of_check_is_documented(reference):
    page = reference("command-line.md")
    rows = {probe.what for probe in (*PROBES, GONE_AGAIN) if probe.what}
    assert {"counts", "transaction", "gone again"} <= rows
    by_type = re.compile("read an? [A-Z][a-z]+|[A-Z][a-z]+ by code")
    others = {row for row in rows if not by_type.fullmatch(row)}
    assert {row for row in others if f"`{row}`" not in page} == set()


def test_every_reason_of_the_mapping_and_the_cohort_is_documented(reference):
    page = reference("rules.md") + reference("cohort.md")
    found = {(name, word) for name, word in _words_of_the_sql() if word not in INTERNAL}
    assert len(found) > 60
    assert {(name, word) for name, word in found if f"`{word}`" not in page} == set()


def test_every_reason_that_is_made_of_two_words_is_documented(reference):
    page = reference("rules.md")
    prefixes = {word for _, text in _sql() for word in PREFIX.findall(text)}
    assert prefixes >= {"status-", "ambiguous-"}
    assert {word for word in prefixes if f"`{word}...`" not in page} == set()


def test_what_stands_in_the_place_of_a_sites_name_is_documented(reference, section, rows):
    text = section(reference("cohort.md"), "## `cohort.lesions`")
    [site] = [row for row in rows(text) if row[0] == "`site`"]
    sql = "\n".join(text for _, text in _sql())
    words = set(re.findall(r"'([a-z]+)'(?: end)?\) as site,", sql))
    assert words == {"unlisted", "unknown"}
    assert {word for word in words if f"`{word}`" not in site[2]} == set()


def test_the_reasons_that_a_plugin_may_read_are_marked(reference, section, rows):
    text = section(reference("rules.md"), "### Observation")
    marked = {row[0].strip("`") for row in rows(text) if "may be read" in row[1]}
    assert marked == set(VALUE_REASONS)


def test_every_reason_on_the_page_is_one_of_the_code(reference, section, rows):
    words = {word for _, word in _words_of_the_sql()}
    text = section(reference("rules.md"), "## Resources: mapped, ignored, rejected")
    text += section(reference("rules.md"), "## Lesions")
    text += section(reference("rules.md"), "### Scores not linked")
    text += section(reference("rules.md"), "### Scores left out")
    for reason in (row[0].strip("`") for row in rows(text)):
        assert reason in words or re.match(r"(status|ambiguous)-", reason), reason


def test_every_stage_of_the_attrition_table_is_documented(reference, section, rows, demonstrated):
    documented = {
        (row[0].strip("`"), unit)
        for row in rows(section(reference("rules.md"), "## The attrition table"))
        for unit in row[1].split(", ")
    }
    written = (files("abate") / "cohort" / "sql" / "attrition.sql").read_text("utf-8")
    stages = set(re.findall(r"select \d+(?: as position)?, '([a-z ]+)'", written))
    assert {stage for stage, _ in documented} == stages
    steps = {(stage, unit) for stage, _, unit, _ in demonstrated.cohort.attrition.rows()}
    assert steps <= documented


@pytest.mark.parametrize(
    "table", ["lesions", "scores", "adjuncts", "characteristics", "events", "attrition"]
)
def test_every_column_of_a_cohort_is_documented_with_its_type(
    table, reference, section, rows, demonstrated
):
    frame = getattr(demonstrated.cohort, table)
    documented = rows(section(reference("cohort.md"), f"## `cohort.{table}`"))
    found = [[name, _type(kind)] for name, kind in frame.schema.items()]
    assert [[row[0].strip("`"), row[1]] for row in documented] == found


def test_every_hook_is_documented_with_its_exact_signature(reference):
    headings = re.findall(r"^### `(.+)`$", reference("hooks.md"), flags=re.MULTILINE)
    assert sorted(headings) == sorted(_signatures())
    for signature in _signatures():
        spec = getattr(hooks, signature.partition("(")[0]).abate_spec
        [_, below] = reference("hooks.md").split(f"### `{signature}`")
        assert ("Stops at the first" in below.partition("##")[0]) == bool(spec["firstresult"])


def test_every_name_that_a_plugin_imports_is_documented(reference, section, rows):
    text = section(reference("hooks.md"), "## What a plugin imports")
    assert [row[0].strip("`") for row in rows(text)] == sorted(abate.__all__)


def test_every_analysis_is_documented_with_its_parameters(reference, section, rows):
    page = reference("analyses.md")
    offered = {
        name: one for name, one in loader.load().analyses().items() if one.plugin in loader.OURS
    }
    first = {row[0].strip("`"): row for row in rows(page.partition("\n## ")[0])}
    assert set(first) == set(offered)
    for name, one in offered.items():
        fields = sorted(field.name for field in dataclasses.fields(one.kind))
        assert sorted(re.findall(r"`(\w+)`", first[name][2])) == fields
        below = rows(section(page, f"## {name}"))
        assert sorted(row[0].strip("`") for row in below) == fields


@pytest.fixture
def estimates_by_use(demonstrated):
    """The estimates of each analysis of the demo, as `results.json` has them."""
    results = json.loads((demonstrated.folder / "abate-output" / "results.json").read_text())
    return {one["use"]: one["result"]["estimates"] for one in results["outcomes"]}


def test_every_estimate_of_paired_change_is_documented(reference, rows, estimates_by_use):
    page = reference("analyses.md").partition("\n## ")[0]
    [row] = [row for row in rows(page) if row[0] == "`paired-change`"]
    names = [one["name"] for one in estimates_by_use["paired-change"]]
    assert re.findall(r"`([\w-]+)`", row[3]) == names


def test_the_key_estimates_of_each_analysis_are_documented(
    reference, section, rows, estimates_by_use
):
    table = rows(section(reference("analyses.md"), "## Key estimates"))
    documented = {row[0].strip("`"): re.findall(r"`([\w-]+)`", row[1]) for row in table}
    key = {
        use: [one["name"] for one in estimates if one["key"]]
        for use, estimates in estimates_by_use.items()
    }
    assert all(key.values())
    visit = re.compile("-(baseline|D1)$")
    assert documented == {
        use: [visit.sub("-VISIT", name) for name in names] for use, names in key.items()
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented(name, reference, section, rows):
    documented = [row[0] for row in rows(section(reference("command-line.md"), f"## abate {name}"))]
    command = group.get_command(click.Context(group), name)
    found = [", ".join(f"`{one}`" for one in _written(parameter)) for parameter in command.params]
    assert sorted(documented) == sorted(found)


def test_every_command_is_documented(reference):
    headings = re.findall(r"^## abate (\w+)$", reference("command-line.md"), flags=re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)


def test_every_error_is_documented_with_its_exit_code(reference, rows):
    documented = {
        (name, int(row[0]))
        for row in rows(reference("exit-codes.md"))
        if row[0].isdigit() and len(row) == 3
        for name in re.findall(r"`(\w+)`", row[2])
    }
    assert documented == {
        (one.__name__, one.exit_code)
        for one in _tree(errors.AbateError)
        if one.__module__ == errors.__name__
    }


def test_every_exit_code_is_documented_and_begins_with_its_meaning(reference, rows):
    documented = {int(row[0]): row[1] for row in rows(reference("exit-codes.md")) if len(row) == 3}
    assert set(documented) == set(errors.EXIT_CODES)
    for code, meaning in errors.EXIT_CODES.items():
        assert documented[code].startswith(meaning.partition(":")[0])


def test_a_nightly_job_is_told_what_to_do_at_every_exit_code(root, section, rows):
    text = (root / "docs" / "how-to" / "run-nightly.md").read_text("utf-8")
    codes = {int(row[0]) for row in rows(section(text, "## What to do at which exit code"))}
    assert codes == set(errors.EXIT_CODES)


def test_every_event_is_documented_with_its_fields(reference, section, rows):
    documented = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1]))
        for row in rows(section(reference("logs.md"), "## Events"))
    }
    said: dict[str, set[str]] = {log.NOTE: set()}
    for event, fields in _logged():
        said.setdefault(event, set()).update(fields)
    said["query.done"].add("seconds")  # The log adds it.
    assert documented == said


def test_every_key_of_a_line_of_json_and_of_the_status_is_documented(reference, section, rows):
    page = reference("logs.md")
    first = [row[0].strip("`") for row in rows(section(page, "## A line of JSON"))]
    assert tuple(first) == log.FIRST
    keys = rows(section(page, "## `status.json` and `runs.jsonl`"))
    documented = {word for row in keys for word in re.findall(r"`(\w+)`", row[0])}
    assert documented == set(progress.Status.__struct_fields__)


def test_the_option_of_the_log_stands_where_it_works(reference, rows):
    taking = {
        name
        for name in COMMANDS
        if "--log"
        in str([one.opts for one in group.get_command(click.Context(group), name).params])
    }
    assert taking >= {"check", "run", "publish", "retract", "sync"}
    [row] = [row for row in rows(reference("command-line.md")) if row[0] == "`--log`" and row[2:]]
    assert set(re.findall(r"`(\w+)`", row[1])) == taking


def test_what_is_written_is_documented_element_by_element(reference, section, rows, demonstrated):
    written = json.loads((demonstrated.folder / "abate-output" / "bundle.json").read_text("utf-8"))
    elements: dict[str, set[str]] = {}
    for entry in written["entry"]:
        resource = entry["resource"]
        elements.setdefault(resource["resourceType"], set()).update(resource)
    assert set(elements) == set(bundle.TYPES)
    for kind, found in elements.items():
        documented = {
            row[0].strip("`") for row in rows(section(reference("fhir.md"), f"## {kind}"))
        }
        assert documented == found - {"resourceType"}


def test_every_canonical_name_that_is_written_is_documented(names, demonstrated):
    text = (demonstrated.folder / "abate-output" / "bundle.json").read_text("utf-8")
    arcs = {f".{arc}" for arc in re.findall(rf'"{re.escape(ROOT)}\.([0-9]+)[."|]', text)}
    assert len(arcs) == 8
    assert arcs <= set(names)
    assert set(re.findall(r'"(https://abate[^"]+)"', text)) == {DIGEST}


def test_every_name_is_documented_with_what_0_1_wrote(names, reference):
    documented = {f"{ROOT}{arc}": row for arc, row in names.items()}
    written = {value for value in vars(canonical).values() if str(value).startswith(f"{ROOT}.")}
    assert written <= set(documented)
    for name, old in NAMES_OF_0_1.items():
        assert f"`{old}`" in documented[name][-1]
    assert f"\n{ROOT}\n" in reference("fhir.md")
    assert f"`{DIGEST}`" in reference("fhir.md")


@pytest.fixture
def names(reference, section, rows):
    """The rows of the table of names, by their arcs."""
    table = rows(section(reference("fhir.md"), "## Names"))
    return {row[0].strip("`"): row[1:] for row in table}


def test_every_key_of_a_code_list_is_documented(root, rows):
    text = (root / "docs" / "how-to" / "add-codes.md").read_text("utf-8")
    documented = {word for row in rows(text) for word in re.findall(r"`(\w+)`", row[0])}
    assert documented == {*Code.__struct_fields__, "list", "title"}


def test_every_dependency_is_documented_with_a_reason_a_licence_and_a_size(root, rows):
    text = (root / "docs" / "explanation" / "dependencies.md").read_text("utf-8")
    documented = {row[0].strip("`"): row[1:] for row in rows(text)}
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(documented) == {re.split(r"[<>=!~;\[ ]", one)[0] for one in project["dependencies"]}
    for why, licence, size in documented.values():
        assert why
        assert licence
        assert float(size) < 600
    assert sum(float(row[2]) for row in documented.values()) < 600


def _sql():
    for folder in (files("abate") / "cohort" / "sql", files("abate_mappings") / "sql"):
        for file in folder.iterdir():
            yield file.name, re.sub(r"--.*", "", file.read_text("utf-8"))


def _words_of_the_sql():
    return {
        (name, word)
        for name, text in _sql()
        if name not in ("tables.sql", "codes.sql")
        for word in LITERAL.findall(text)
    }


def _logged():
    """Each event that some code logs, with the names of its fields."""
    for path in files("abate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            keywords = {one.arg: one.value for one in getattr(node, "keywords", ())}
            event = keywords.get("name")
            if isinstance(event, ast.Constant) and _is_log(node.func):
                names = set(keywords) - {"name", None}
                whole = "fields" in ast.unparse(keywords[None]) if None in keywords else False
                yield event.value, names | (set(Booked.__annotations__) if whole else set())


def _is_log(function):
    return ast.unparse(function).endswith(("tell", ".info", ".warning", ".error"))


def _type(kind):
    return "Datetime, UTC" if str(kind).startswith("Datetime") else str(kind)


def _signatures():
    tree = ast.parse(inspect.getsource(hooks))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and hasattr(getattr(hooks, node.name), "abate_spec"):
            words = f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
            yield words.replace("'", "")


def _written(parameter):
    if isinstance(parameter, click.Argument):
        return [parameter.human_readable_name.strip("[].")]
    return parameter.opts


def _tree(kind):
    yield kind
    for inner in kind.__subclasses__():
        yield from _tree(inner)
