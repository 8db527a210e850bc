"""A study's report beside the front: what publishing leaves on the target."""

from unittest import mock

from werkzeug.test import Client

from abate import Estimate, Result
from abate import study as stages
from abate.analysis.outcome import Outcome
from abate.config.reader import read
from abate.errors import AbateError
from abate.telemetry.status import held
from cell import grid_study
from fault import FHIR_JSON, Said, honest
from front import MOST_REQUESTS, Front
from heard import sentences

KINDS = (
    "CodeSystem", "Group", "List", "Measure", "MeasureReport", "Observation", "DiagnosticReport",
    "Provenance",
)  # fmt: skip
BEFORE, AFTER = {"falls": 6, "rises": 1, "ties": 0}, {"falls": 5, "rises": 2}


class Target(Front):
    """A server to write to."""

    def ask(self, method, target, body=b"", pairs=None):
        """What the sandbox says; a body is a resource."""
        answer = Client(self.sandbox).open(
            target, method=method, base_url=self.root, data=body, query_string=pairs,
            content_type=FHIR_JSON,
        )  # fmt: skip
        return Said(status=answer.status_code, body=answer.data)

    def all(self):
        """What stands there, by reference."""
        found = {}
        for kind in KINDS:
            for entry in self.ask("GET", f"/fhir/{kind}?_count=1000").json.get("entry", ()):
                found[f"{kind}/{entry['resource']['id']}"] = entry["resource"]
        return found


class Desk:
    """One cell: a fresh folder, an empty target, and a way to change what stands there."""

    def __init__(self, folder, server, case, way, keep):
        self.folder, self.server, self.case, self.way = folder, server, case, way
        self.keep, self.said = keep, []

    def begin(self):
        """Before `update` and `retract` a report stands there."""
        self.server.begin()
        if self.way == "create":
            self.results(BEFORE)
            return
        self.results(BEFORE)
        self.publish()
        if self.way == "update":
            self.results(AFTER)

    @property
    def study(self):
        path = self.folder / "study.toml"
        if not path.exists():
            # Made up, so that figures of no units are released: the cells are about writing.
            text = grid_study(self.server.base)
            path.write_text(text.replace("[source]", "synthetic = true\n[source]", 1), "utf-8")
        return read(path, ())

    def results(self, counts):
        """The results of a run: counts by their names."""
        self.study.output.mkdir(exist_ok=True)
        self.keep(self.folder / "study.toml", _outcome(counts))

    def publish(self):
        """Write, update or take back, as the way is."""
        self._do(stages.write_back)

    def act(self):
        """What the cell is about."""
        self._do(stages.take_back if self.way == "retract" else stages.write_back)

    def _do(self, stage):
        study = self.study
        self.server.requests = 0
        # A further try in the next second would write the Provenance of a retraction anew.
        still = mock.patch("abate.publish.retract.now", return_value="2026-03-01T10:00:00Z")
        with held(study.output, "publish", sentences(self.said.append)) as progress, still:
            self.changes = stage(study, progress, dry_run=False)

    def faulty(self):
        """The same behind the fault: gives the error that ended it, if one did."""
        self.server.fault = self.case.fault()
        try:
            self.act()
        except AbateError as error:
            return error
        finally:
            assert self.server.requests < MOST_REQUESTS, "the publication does not end"
            assert not self.server.broken, self.server.broken
            self.server.fault = honest
        return None


def _outcome(counts):
    result = Result(
        estimates=[
            Estimate(
                name=name, value=n, n=7, unit="{lesion}", method="count", population="pairs"
            )
            for name, n in counts.items()
        ]
    )  # fmt: skip
    return Outcome(
        name="week", use="paired-change", plugin="abate_analyses", plugin_version="0.1.0",
        primary=True, parameters={}, result=result, error=None,
    )  # fmt: skip
