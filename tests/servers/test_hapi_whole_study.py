"""All analyses of the published study on a real server, in R4 and in R5."""

import pytest

from abate.analysis.model import number_of
from abate.analysis.published_figures import statistics_of
from abate.analysis.results import load
from abate.demo import load_study_by_http
from abate.demo.figures import read_back
from abate.fhir.client import FhirServer
from abate.sandbox import Sandbox, running

pytestmark = pytest.mark.server

# The validator takes a tenth of a second for each resource: of the statistics, every fifth.
EVERY = 5


@pytest.fixture(params=["hapi", "hapi_r5"])
def target(request, client_of):
    """A client of each server that the report goes to."""
    return client_of(request.getfixturevalue(request.param))


@pytest.fixture
def call(abate, whole_study_file, target):
    """Call a command on the whole study, whose report goes to the target: gives its JSON."""
    text = whole_study_file.read_text("utf-8").replace("cementoplasty-2010", "whole-study")
    with running(Sandbox()) as url:
        load_study_by_http(url)
        text = text.replace("http://127.0.0.1:8080/fhir", url)
        text = text.replace("[codes]", f'[target]\nurl = "{target.base}"\n\n[codes]')
        whole_study_file.write_text(text, "utf-8")

        def on(command, *options):
            ran = abate(command, whole_study_file, "--json", *options)
            assert ran.exit_code == 0, ran.err
            return ran.json

        yield on


def numbers_of(estimate):
    """The numbers that an estimate has, by field."""
    fields = ("value", "n", "p", "low", "high", *(f"count:{name}" for name in estimate.counts))
    numbers = {field: number_of(estimate, field) for field in fields}
    return {field: number for field, number in numbers.items() if number is not None}


def test_it_is_published_valid_equal_unchanged_and_retracted(call, target, whole_study_file):
    written = [one["reference"] for one in call("sync")["changes"]]
    assert len(written) > 400
    statistics = [name for name in written if name.startswith("Observation/")]
    others = [name for name in written if name not in statistics]
    for name in [*others, *statistics[::EVERY]]:
        issues = target.validate(target.get(name).json()).json()["issue"]
        assert not [one for one in issues if one["severity"] in ("error", "fatal")], name
    with FhirServer(target.base) as server:
        _, found = read_back(server, "whole-study")
    kept = statistics_of(load(whole_study_file.parent / "abate-output").outcomes)
    assert set(found) == set(kept)
    for name, one in kept.items():
        known = {field: round(n, 6) for field, n in numbers_of(one).items()}
        assert numbers_of(found[name]) == known, name
    assert call("publish")["unchanged"] == len(written)
    assert call("retract")["retract"] > 400
    assert call("retract")["retract"] == 0
