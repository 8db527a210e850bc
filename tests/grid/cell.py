"""A study's folder beside the front: what a pull leaves in its store, and what it should."""

import shutil
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest import mock

import data
import made
from abate.cohort.assemble import assemble
from abate.errors import AbateError
from abate.store import landing
from abate.store.database import read_store
from exports import KINDS
from fault import Asked, honest
from front import MOST_REQUESTS
from pulls import TABLES, Pulls, rows_of, study_text
from ways import FILES, LATER, STRATEGIES

SOURCE = """
page_size = 2
parallel = 2
patients_a_query = 2
overlap_minutes = 1
"""
VISITS = "D2 = { from = 1, day = 2, to = 3 }\nWk1 = 7"
ANALYSES = """
[[analysis]]
use = "pain-course"
[[analysis]]
use = "paired-change"
endpoint = "Wk1"
"""
LOGIN = """
[source.auth]
kind = "client-secret"
client_id = "abate"
token_url = "{base}/token"
"""
NIGHT = timedelta(hours=6)


def grid_study(base, tables=""):
    """The study file of the grid, with more tables."""
    return study_text(base, SOURCE, f"{ANALYSES}{tables}", name="grid", visits=VISITS)


@dataclass(frozen=True)
class Held:
    """What a store holds: its rows by table, and its watermark."""

    rows: dict
    watermark: list

    def ids(self):
        return Counter((table, row[1]) for table in TABLES for row in self.rows.get(table, ()))

    def without(self, ids):
        """The same without some rows."""
        rows = {
            table: [row for row in found if row[1] not in ids] for table, found in self.rows.items()
        }
        return Held(rows, self.watermark)

    def row(self, identifier):
        """State, and reason or value, of an Observation."""
        [row] = [one for one in self.rows["observation"] if one[1] == identifier]
        state, reason, value = row[4], row[5], row[12]
        return state, reason if reason is not None else value


NOTHING = Held({}, [])


class Cell(Pulls):
    """One cell: a fresh folder, a server with its rows, and a way to pull them.

    What is the same for many cells is `known`: the first night, and the truth.
    """

    def __init__(self, folder, server, case, way, known):
        super().__init__(folder, self._text)
        self.server, self.case, self.way = server, case, way
        self.known, self.cohorts = known, {}

    def begin(self):
        """The server has its rows; by the nightly ways a night and a day have passed."""
        self.server.begin(self.case.disguised, has_login=self.case.has_login)
        for resources in data.before():
            self.server.put(*resources)
        if self.way in LATER:
            self._first_night()
            data.a_day(self.server)
        self.server.put(*map(dict, self.case.resources))
        for kind, identifier in self.case.deleted:
            self.server.delete(kind, identifier)

    def _first_night(self):
        case = self.case
        said = (tuple(case.settings), str(case.disguised), case.has_login)
        key = ("first night", STRATEGIES[self.way], *said)
        if key in self.known:
            shutil.copytree(self.known[key], self.folder / "nightly")
            self.server.now += NIGHT
            return
        self.night()
        self.known[key] = Path(tempfile.mkdtemp(dir=self.known["folder"])) / "nightly"
        shutil.copytree(self.folder / "nightly", self.known[key])

    def _text(self):
        base = self.server.base
        return grid_study(base, LOGIN.format(base=base) if self.case.has_login else "")

    @property
    def _overrides(self):
        strategy = [f"source.strategy='{STRATEGIES[self.way]}'"]
        if self.way == FILES:
            strategy.append("source.files=['sent/*']")
        return (*strategy, *self.case.settings)

    def night(self, name="nightly"):
        """One refresh of the store, and the cohort of what it holds.

        The same rows make the same cohort and the same figures, which are computed once.
        """
        self.server.now += NIGHT
        self.server.requests = 0
        if self.way == FILES:
            self._send_files(self.folder / name / "sent")
        how = {"is_compared": self.case.is_compared}
        with self.refreshed(name, self._overrides, **how) as (study, store, progress):
            key = ("cohort", str(rows_of(store)), str(_beside(store)), tuple(self.case.settings))
            if key not in self.known:
                self.known[key] = assemble(store, study.settings, progress.run_id)
            self.cohorts[name] = key

    def _send_files(self, folder):
        """What the server would export lies in files, as the fault leaves them."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.server.exports.begin([])
        for kind in KINDS:
            said = self.server.fault(Asked("GET", f"/fhir/{kind}/$file", b"", self.server))
            if said.status == 200:
                (folder / said.headers.get("Name", f"{kind}.ndjson")).write_bytes(said.body)

    def faulty_night(self):
        """A night behind the fault: gives the error that ended it, if one did."""
        self.server.fault = self.case.fault()
        try:
            with self._clock_ahead(self.case.ahead):
                self.night()
        except AbateError as error:
            return error
        finally:
            assert self.server.requests < MOST_REQUESTS, "the pull does not end"
            assert not self.server.broken, self.server.broken
            self.server.fault = honest
        return None

    @contextmanager
    def _clock_ahead(self, ahead):
        if not ahead:
            yield
            return
        self.server.now += ahead
        self.server.put(made.score("c1", "c", 8))
        try:
            with mock.patch.object(landing, "now", side_effect=lambda: self.server.now - ahead):
                yield
        finally:
            self.server.now -= ahead

    def a_day_and_a_night(self):
        """What comes in a day arrives the night after."""
        data.a_day(self.server)
        self.night()

    def truth(self):
        """What a pull of everything holds, without faults."""
        if self._is_own or self._key not in self.known:
            self.night("fresh")
            held = self.held("fresh")
            return held if self._is_own else self.known.setdefault(self._key, held)
        return self.known[self._key]

    def figures(self, name="nightly"):
        """The study's estimates by what its store holds: value, n and p, by analysis and name."""
        key = ("figures", *self.cohorts[name])
        if key not in self.known:
            study = self.study(name, self._overrides)
            cohort, host = self.known[self.cohorts[name]], self.host(study)
            outcomes = [host.run(*how, cohort) for how in host.make(study.settings)]
            assert not [outcome.error for outcome in outcomes if outcome.error]
            self.known[key] = {
                (outcome.name, estimate.name): (estimate.value, estimate.n, estimate.p)
                for outcome in outcomes
                for estimate in outcome.result.estimates
            }
        return self.known[key]

    def true_figures(self):
        """The same by a pull of everything without faults; `truth` comes before."""
        if self._is_own:
            return self.figures("fresh")
        if "fresh" in self.cohorts:
            self.known["figures", *self._key] = self.figures("fresh")
        return self.known["figures", *self._key]

    @property
    def _key(self):
        case = self.case
        return (self.way, str(case.resources), str(case.deleted), tuple(case.settings))

    @property
    def _is_own(self):
        """Whether no other case has the same truth."""
        return self.case.is_moving or self.case.is_followed or bool(self.case.disguised)

    def held(self, name="nightly"):
        """What the store holds now."""
        if not self.store(name).exists():
            return NOTHING
        with read_store(self.store(name)) as store:
            return Held(rows_of(store), store.rows("select * from watermark"))


def _beside(store):
    """What a cohort is made from besides the rows of the resources."""
    return [
        store.rows("select type, parameter, state from search order by all"),
        store.rows("select kind, detail from pull_remark order by all"),
    ]
