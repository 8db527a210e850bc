"""The study files of 0.1, read by today's code."""

import shutil

import pytest

from abate.config.reader import read


@pytest.fixture
def every_key(frozen_path, tmp_path):
    return read(shutil.copy(frozen_path / "every-key.toml", tmp_path / "study.toml"))


def test_every_key_of_it_is_taken(every_key):
    settings = every_key.settings
    assert settings.study.cutoff.isoformat() == "2026-08-31"
    assert settings.source.patients == ["Group/treated", "urn:ward|4711", "p1"]
    assert (settings.source.auth.kind, settings.target.auth.kind) == ("smart", "basic")
    assert settings.scores.per_visit == "worst"
    assert settings.statements == {"funding": "None."}
    assert settings.plugins.block == ["another"]


def test_the_study_runs_and_publishes_as_it_stands(frozen):
    frozen.serve("source.json")
    ran = frozen("sync")
    assert ran.exit_code == 0, ran.err
    assert frozen.valid()
