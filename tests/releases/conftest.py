"""A study whose releases count: real patients, small cells hidden, and readers who are anybody."""

import pytest
import requests

from abate import Estimate, Result, Units
from abate.analysis.outcome import Outcome
from abate.config.reader import read
from pulls import study_text

TABLES = """
[target]
url = "{base}"
audience = "{audience}"
[report]
minimum_cell = {minimum}
"""
FIRST = range(20)


class ReleasedStudy:
    """A study file, the results of its last run, and the server that its report goes to."""

    def __init__(self, path, base, keep, abate):
        self.path, self.base, self._keep, self._abate = path, base, keep, abate

    def write(self, *, audience="public", minimum=5):
        tables = TABLES.format(base=self.base, audience=audience, minimum=minimum)
        self.path.write_text(study_text(self.base, tables=tables, name="many-nights"), "utf-8")
        read(self.path).output.mkdir(exist_ok=True)

    def ran(self, *outcomes):
        """A run has these results."""
        self._keep(self.path, *outcomes)

    def publish(self, *options):
        return self._abate("publish", self.path, *options)

    def abate(self, command, *options):
        return self._abate(command, self.path, *options)

    def all(self, kind):
        found = requests.get(f"{self.base}/{kind}?_count=1000", timeout=5).json()
        return [one["resource"] for one in found.get("entry", ())]

    @property
    def report(self):
        [found] = self.all("DiagnosticReport")
        return found

    @property
    def values(self):
        """The values that can be read in figures that nobody has withdrawn."""
        return [
            one["valueQuantity"]["value"]
            for one in self.all("Observation")
            if one["status"] != "entered-in-error" and "valueQuantity" in one
        ]

    def everything(self):
        kinds = ("Group", "List", "Observation", "DiagnosticReport", "Provenance")
        return [one for kind in kinds for one in self.all(kind)]


@pytest.fixture
def mean_of():
    """What came of an analysis: the mean of one value for each unit."""

    def make(values, name="week"):
        units = Units(data={f"u{one}": f"s{one}={value}" for one, value in values.items()})
        estimate = Estimate(
            name="mean", value=round(sum(values.values()) / len(values), 6), n=len(values),
            statistic="other", method="mean", population="pairs",
        )  # fmt: skip
        return Outcome(
            name=name, use="paired-change", plugin="abate_analyses", plugin_version="0.1.0",
            primary=True, parameters={},
            result=Result(estimates=[estimate], units={"mean": units}),
        )  # fmt: skip

    return make


@pytest.fixture
def values_of():
    """A value for each unit: the same each time."""
    return lambda units: {one: float(one * 7 % 11) for one in units}


@pytest.fixture
def ward(tmp_path, serve, results_of, abate):
    folder = tmp_path / "study"
    folder.mkdir()
    found = ReleasedStudy(folder / "study.toml", serve([]), results_of, abate)
    found.write()
    return found


@pytest.fixture
def published(ward, mean_of, values_of):
    """The mean of 20 units stands on the server."""
    ward.ran(mean_of(values_of(FIRST)))
    first = ward.publish()
    assert first.exit_code == 0, first.err
    return ward
