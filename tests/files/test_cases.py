"""Whole studies of made-up files that were read wrongly once: `tests/data`, by `abate run`."""

import json
import shutil
from pathlib import Path

import pytest

from abate.analysis import loader
from abate.cohort.assemble import assemble
from abate.config.reader import read
from abate.mapping import code_lists, mapper
from abate.source import plan
from abate.store.database import opened

DATA = Path(__file__).parents[1] / "data"
CASES = sorted(path.parent.name for path in DATA.glob("f*/expected.json"))


@pytest.fixture
def ran(abate, tmp_path, monkeypatch):
    """Run the study of a case in a folder of its own."""

    def run(case):
        shutil.copytree(DATA / case, tmp_path / case)
        monkeypatch.chdir(tmp_path / case)
        return abate("run")

    return run


def states():
    """How many resources of the store are mapped, or why they are not."""
    path = Path("abate-output/store.duckdb")
    if not path.exists():
        return {}
    with opened(path) as store:
        rows = store.rows(
            "select type, case state when 'mapped' then state else reason end, count(*) "
            "from resource group by all"
        )
    return {f"{kind} {reason}": count for kind, reason, count in rows}


def lesions():
    """Each analysed lesion: its side, its day, its baseline score, its score at one week."""
    study = read(Path("study.toml"), ())
    if not (study.output / "store.duckdb").exists():
        return []
    lists = code_lists.load([*loader.load(study.settings.plugins).mappings()])
    with opened(study.output / "store.duckdb") as store:
        mapper.register(store, plan.make(study.settings, lists).roles, lists)
        cohort = assemble(store, study.settings, "again")
    chosen = {
        (one["lesion_id"], one["visit"]): one["value"]
        for one in cohort.scores.filter("chosen").iter_rows(named=True)
    }
    return [
        [
            one["side"],
            one["index_day"].isoformat(),
            chosen.get((one["lesion_id"], "baseline")),
            chosen.get((one["lesion_id"], "Wk1")),
        ]
        for one in cohort.analysed.iter_rows(named=True)
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_made_up_study_is_read_as_it_should_be(ran, case):
    expected = json.loads((DATA / case / "expected.json").read_text("utf-8"))
    found = ran(case)
    assert found.exit_code == expected["exit_code"], found.err
    assert expected.get("says", "") in found.err
    assert states() == expected["states"]
    assert lesions() == expected["lesions"]
