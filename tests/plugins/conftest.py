"""Plugins of somebody else, as pip leaves them: a module, and a dist-info beside it."""

import sys
from textwrap import dedent

import polars as pl
import pytest

from abate import Cohort, Estimate, Result
from abate.analysis import loader
from abate.analysis.outcome import Outcome
from abate.config.settings import AnalysisSpec

HEAD = """
from dataclasses import dataclass
from typing import ClassVar
from abate import Analysis, Chart, Cohort, Estimate, Interval, Measured, Ref, Result, Score
from abate import Split, Table, hookimpl

ONE = dict(n=1, method="a count", population="all")
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a plugin: its entry point's name, the source of its module."""
    before = set(sys.modules)

    def put(name, source, head=HEAD, distribution=None):
        module = f"{distribution or name}_module"
        site = tmp_path / "site-packages"
        information = site / f"{distribution or name}-1.2.dist-info"
        information.mkdir(parents=True)
        (site / f"{module}.py").write_text(head + dedent(source), "utf-8")
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: 1.2\n"
        )
        (information / "entry_points.txt").write_text(f"[abate]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(str(site))

    yield put
    for name in set(sys.modules) - before:
        if name.endswith("_module"):
            del sys.modules[name]


@pytest.fixture
def offer(install):
    """Install the plugin `theirs` with one analysis, `odd`, by the body of its `run`."""

    def put(body, fields=""):
        lines = "\n        ".join(dedent(body).strip().splitlines())
        more = "\n    ".join(dedent(fields).strip().splitlines())
        install(
            "theirs",
            f"""
@dataclass(frozen=True)
class Odd:
    name: ClassVar[str] = "odd"
    {more}

    def run(self, cohort):
        {lines}


@hookimpl
def register_analyses():
    return [Odd]
""",
        )

    return put


@pytest.fixture
def cohort():
    """A cohort of one lesion, scored 6 before and 1 after."""
    lesions = {"lesion_id": ["L"], "patient_id": ["P"], "excluded_by": [None]}
    scores = {"lesion_id": ["L", "L"], "visit": ["baseline", "Wk1"], "value": [6.0, 1.0]}
    empty = pl.DataFrame()
    return Cohort(
        lesions=pl.DataFrame(lesions),
        scores=pl.DataFrame(scores),
        adjuncts=empty,
        characteristics=empty,
        events=empty,
        attrition=empty,
        visits=("baseline", "Wk1"),
    )


@pytest.fixture
def outcome(cohort):
    """What comes of one analysis of the installed plugins, by its name."""

    def run(use):
        host = loader.load()
        offered = host.analyses()[use]
        return host.run(AnalysisSpec(use=use), offered, offered.kind(), cohort)

    return run


@pytest.fixture
def study(serve, study_resources, study_file):
    """The published study on a server, with these `[[analysis]]` tables; gives the study file."""

    def write(*analyses, more="", resources=study_resources):
        text = study_file.read_text("utf-8")
        start, end = text.index("[[analysis]]"), text.index("[report]")
        text = text[:start] + "\n".join(analyses) + "\n" + text[end:] + more
        text = text.replace("http://127.0.0.1:8080/fhir", serve(resources))
        study_file.write_text(text, "utf-8")
        return study_file

    return write


@pytest.fixture
def ran(study, results_of):
    """The study file, with the results of a run beside it: one statistic of each analysis."""

    def keep(*names):
        path = study()
        path.parent.joinpath("abate-output").mkdir()
        one = Estimate(name="x", value=1, n=1, method="a count", population="all")
        facts = {"use": "odd", "plugin": "theirs", "plugin_version": "1.2", "primary": False}
        result = Result(estimates=[one])
        results_of(path, *(Outcome(name=n, parameters={}, result=result, **facts) for n in names))
        return path

    return keep
