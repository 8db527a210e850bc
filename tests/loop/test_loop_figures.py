"""The figures follow the data: each is held against plain Python over the same resources."""

import hashlib
import json
import random
import re
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from math import comb
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
import requests

ROOT = Path(__file__).parents[2]
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
ENDPOINTS = {"first-week": ("D1", "D2", "Wk1"), "observed-week-1": ("Wk1",)}


def lesion_of(identity):
    """`lesion-07` of `lesion-07-Wk1`: the study's own ids say what belongs together."""
    return identity[:9]


def belongings(resources):
    """By id: the lesion of each score, index procedure and ablation."""
    return {
        (one["resourceType"], one["id"]): lesion_of(one["id"])
        for one in resources
        if one["resourceType"] in ("Observation", "Procedure") and one["id"].startswith("lesion-")
    }


def windows(study):
    """Each visit's first and last day and its target, from the study file."""
    visits = tomllib.loads(study.read_text("utf-8"))["visits"]
    del visits["baseline"]
    return {
        name: (one, one, one) if isinstance(one, int) else (one["from"], one["to"], one["day"])
        for name, one in visits.items()
    }


def table_of(resources, belongs, visits):
    """The score of each lesion at each visit, by the rules of the study file."""
    starts, scores = {}, []
    for one in resources:
        lesion = belongs.get((one["resourceType"], one["id"]))
        if lesion and one["resourceType"] == "Procedure":
            start = datetime.fromisoformat(one["performedPeriod"]["start"])
            starts.setdefault(lesion, []).append(start)
        elif lesion and one["status"] == "final":
            at = datetime.fromisoformat(one["effectiveDateTime"])
            scores.append((lesion, at, one["valueQuantity"]["value"]))
    table = {lesion: {} for lesion in starts}
    for lesion, at, value in sorted(scores, key=lambda one: one[1]):
        # The last procedure is the index procedure; the clock begins with the first.
        index_day = max(starts[lesion]).astimezone(HONG_KONG).date()
        day = (at.astimezone(HONG_KONG).date() - index_day).days
        if -7 <= day <= 0 and at <= min(starts[lesion]):
            table[lesion]["baseline"] = value
        for visit, (first, last, target) in visits.items():
            if first <= day <= last:
                assert day == target, "the study has one score a visit, on its target day"
                table[lesion][visit] = value
    return {lesion: row for lesion, row in table.items() if row.keys() - {"baseline"}}


def sign_test(falls, rises):
    """Two-sided exact: twice the smaller tail of the binomial, at most 1."""
    n = falls + rises
    tail = sum(comb(n, k) for k in range(min(falls, rises) + 1))
    return min(1.0, 2 * tail / 2**n)


def expected_figures(table, visits):
    """What `abate run` must give: by analysis and statistic, (value, n) or (p, n)."""
    figures = {}
    for visit in ("baseline", *visits):
        values = [row[visit] for row in table.values() if visit in row]
        middle = median(values) if values else None
        figures["pain-course", f"median-{visit}"] = (middle, len(values))
    for name, ends in ENDPOINTS.items():
        last = {
            lesion: [row[visit] for visit in ends if visit in row][-1]
            for lesion, row in table.items()
            if any(visit in row for visit in ends)
        }
        changes = [end - table[one]["baseline"] for one, end in last.items()
                   if "baseline" in table[one]]  # fmt: skip
        signs = Counter((change > 0) - (change < 0) for change in changes)
        figures[name, "median-endpoint"] = (median(last.values()), len(last))
        figures[name, "median-change"] = (median(changes), len(changes))
        figures[name, "falls"] = (signs[-1], len(changes))
        figures[name, "rises"] = (signs[1], len(changes))
        figures[name, "ties"] = (signs[0], len(changes))
        figures[name, "sign-test p"] = (sign_test(signs[-1], signs[1]), signs[-1] + signs[1])
    return figures


def found_figures(results):
    """The same of a run's own JSON."""
    figures = {}
    for outcome in results["outcomes"]:
        for one in outcome["result"]["estimates"]:
            figures[outcome["name"], one["name"]] = (one["value"], one["n"])
            figures[outcome["name"], f"{one['name']} p"] = (one["p"], one["n"])
    return figures


def rounded(figure):
    """A figure without the last bits, which two ways to add may give differently."""
    value, n = figure
    return None if value is None else round(value, 12), n


def shift(resources, days):
    """Every instant so many days later; the months of earlier radiotherapy stay."""
    text = TIME.sub(
        lambda found: (datetime.fromisoformat(found[0]) + timedelta(days=days)).isoformat(),
        json.dumps(resources),
    )
    return json.loads(text)


def rewrite_offsets(resources):
    """Every instant in another zone's words."""
    zones = [UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))]
    turn = iter(range(10**6))

    def rewrite(found):
        at = datetime.fromisoformat(found[0]).astimezone(zones[next(turn) % 3])
        return at.isoformat().replace("+00:00", "Z")

    return json.loads(TIME.sub(rewrite, json.dumps(resources)))


def rename(resources, belongs):
    """Every id made opaque, and every reference with it."""

    def opaque(identity):
        return "x" + hashlib.sha256(identity.encode()).hexdigest()[:20]

    kinds = {one["resourceType"] for one in resources}
    text = re.sub(
        rf'"({"|".join(kinds)})/([A-Za-z0-9-]+)"',
        lambda found: f'"{found[1]}/{opaque(found[2])}"',
        json.dumps(resources),
    )
    renamed = [one | {"id": opaque(one["id"])} for one in json.loads(text)]
    for one in renamed:
        one.pop("identifier", None)
    return renamed, {(kind, opaque(key)): lesion for (kind, key), lesion in belongs.items()}


@pytest.fixture
def hold(serve, study_file, abate, example_study):
    """Serve resources, run, and hold every figure against plain Python; gives the figures."""
    visits = windows(example_study)

    def held(resources, belongs, *options, change=None):
        url = serve(resources)
        if change:
            resources = change(url, resources)
        expected = expected_figures(table_of(resources, belongs, visits), visits)
        ran = abate("run", study_file, "--json", "--set", f"source.url={url}", *options)
        assert ran.exit_code == 0, ran.err
        found = found_figures(ran.json)
        for figure, value in expected.items():
            assert rounded(found[figure]) == rounded(value), figure
        return expected

    return held


@pytest.fixture
def figures(study_resources, example_study):
    """The published study's figures, by plain Python."""
    visits = windows(example_study)
    return expected_figures(table_of(study_resources, belongings(study_resources), visits), visits)


def test_the_published_study_gives_the_figures_of_plain_python(hold, study_resources, figures):
    assert hold(study_resources, belongings(study_resources)) == figures


def put(url, resource):
    path = f"{resource['resourceType']}/{resource['id']}"
    assert requests.put(f"{url}/{path}", json=resource, timeout=5).status_code == 200


def changed(resources, changes):
    """The resources with some of them changed: an id, and what to set; None deletes it."""
    by_id = {one["id"]: one for one in resources}
    for key, elements in changes.items():
        if elements is None:
            del by_id[key]
        else:
            by_id[key] = by_id[key] | elements
    return list(by_id.values())


def points(value):
    return {"valueQuantity": {"value": value, "unit": "{score}", "code": "{score}",
                              "system": "http://unitsofmeasure.org"}}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"lesion-01-Wk1": points(10)}, id="a fall becomes a rise"),
        pytest.param({"lesion-10-Wk1": points(2.25)}, id="a score is no whole number"),
        pytest.param(
            {"lesion-01-Wk1": {"status": "entered-in-error"}}, id="a score was entered in error"
        ),
        pytest.param({"lesion-01-D0": None, "lesion-11-Wk1": None}, id="scores are deleted"),
        pytest.param(
            {f"lesion-{n:02}-Wk1": points(9) for n in (1, 5)} | {"lesion-02-D1": points(10)},
            id="several scores are others",
        ),
    ],
)
def test_scores_that_change_on_the_server_change_the_figures(
    hold, study_resources, figures, changes
):
    def change(url, resources):
        after = changed(resources, changes)
        for one in after:
            if one["id"] in changes:
                put(url, one)
        for key in (key for key, elements in changes.items() if elements is None):
            assert requests.delete(f"{url}/Observation/{key}", timeout=5).status_code in (200, 204)
        return after

    belongs = belongings(study_resources)
    assert hold(study_resources, belongs, change=change) != figures


def test_ids_are_only_names_and_the_order_is_none(hold, study_resources, figures):
    renamed, belongs = rename(study_resources, belongings(study_resources))
    random.Random(7).shuffle(renamed)
    assert not any("lesion-" in one["id"] for one in renamed)
    assert hold(renamed, belongs) == figures


def test_one_resource_a_page_gives_the_same(hold, study_resources, figures):
    belongs = belongings(study_resources)
    assert hold(study_resources, belongs, "--set", "source.page_size=1") == figures


def test_the_words_of_a_time_do_not_matter_only_the_instant(hold, study_resources, figures):
    rewritten = rewrite_offsets(study_resources)
    assert rewritten != study_resources
    assert hold(rewritten, belongings(study_resources)) == figures


@pytest.mark.parametrize("days", [3, 365])
def test_shifted_dates_give_the_same_figures(hold, study_resources, figures, days):
    shifted = shift(study_resources, days)
    assert shifted != study_resources
    assert hold(shifted, belongings(study_resources)) == figures


def test_no_figure_of_the_paper_stands_in_code_mapping_or_code_list():
    paper = {"0.039", "0.0390625", "0390625", "0.125"}
    searched = [
        path
        for root in ("adapter", "plugins", "mappings")
        for path in (ROOT / root).rglob("*")
        if path.suffix in (".py", ".sql", ".toml") and path.name != "study.toml"
    ]
    assert len(searched) > 50
    found = {
        f"{path.relative_to(ROOT)}: {figure}"
        for path in searched
        for figure in paper
        if figure in path.read_text("utf-8")
    }
    assert not found


def test_only_the_demo_reads_the_paper():
    readers = {
        path.parent.relative_to(ROOT).as_posix()
        for root in ("adapter", "plugins", "mappings")
        for path in (ROOT / root).rglob("*.py")
        if "paper.json" in path.read_text("utf-8")
    }
    assert readers == {"adapter/abate/demo"}
