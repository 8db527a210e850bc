"""A tiny study from a few lines: a patient, procedures, scores, straight to the Cohort."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from abate import Cohort
from abate.cohort.assemble import assemble
from abate.config import reader
from abate.mapping import code_lists, mapper
from abate.source import plan
from abate.store.database import open_store
from abate.store.landing import Landing, Record

SNOMED = "http://snomed.info/sct"
LOCAL = "urn:test"
PUBLIC = (SNOMED, "http://loinc.org")
FIRST_DAY = date(2021, 3, 10)  # day 0 of the tests' index procedure
ZONE = "+08:00"  # Hong Kong: no daylight saving, and a calendar that is not UTC's
SITES = {
    "acetabulum": "37783008",
    "ilium": "22356005",
    "bony pelvis": "118645006",
    "scapula": "79601000",
    "L1": "61032001",
    "both sides": "51440002",
    "unilateral": "66459002",
    "left": "7771000",
    "right": "24028007",
}
INSTRUMENTS = {"NRS": ("http://loinc.org", "72514-3"), "VAS": ("http://loinc.org", "38214-3")}

STUDY = (Path(__file__).parent / "study.toml").read_text("utf-8")
CONTEXTS = """
list = "pain-intensity"
title = "Pain at rest and on movement"
[[code]]
system = "urn:test"
code = "pain-at-rest"
name = "pain at rest"
instrument = "NRS"
context = "rest"
scale = 10
source = "the tests"
[[code]]
system = "urn:test"
code = "pain-on-movement"
name = "pain on movement"
instrument = "NRS"
context = "movement"
scale = 10
source = "the tests"
"""


@pytest.fixture(scope="session")
def lists(tmp_path_factory):
    """The shipped code lists that the tests need, and theirs."""
    own = tmp_path_factory.mktemp("codes")
    (own / "contexts.toml").write_text(CONTEXTS, "utf-8")
    loaded = code_lists.load([files("abate_mappings") / "codes", own])
    used = {*SITES.values(), *(code for _, code in INSTRUMENTS.values())}
    names = ("sites", "laterality", "pain-units", "pain-intensity")
    return {"severity": loaded["severity"]} | {
        name: [one for one in loaded[name] if one.system not in PUBLIC or one.code in used]
        for name in names
    }


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """One store for all tests: each takes back what it loaded."""
    with open_store(tmp_path_factory.mktemp("cohort") / "store.duckdb") as opened_store:
        yield opened_store


@pytest.fixture
def store_at(tmp_path):
    """Open a store by its name."""
    return lambda name: open_store(tmp_path / f"{name}.duckdb")


@dataclass(frozen=True)
class Assembled:
    """The Cohort, and its rows by the ids of the source."""

    cohort: Cohort
    lesions: dict[str, dict[str, Any]]
    scores: dict[str, dict[str, Any]]
    not_linked: dict[str, str]
    steps: Counter[tuple[str, str]]

    def visits(self, *scores):
        """The visit of each score, or why it has none."""
        return [self.scores[one]["visit"] or self.scores[one]["left_out_by"] for one in scores]

    def rule(self, score):
        """The rule that links a score, or the reason why none does."""
        return self.not_linked.get(score) or self.scores[score]["link_rule"]

    def chosen(self, visit="Wk1"):
        """The values that stand for a visit."""
        return sorted(
            one["value"] for one in self.scores.values() if one["chosen"] and one["visit"] == visit
        )

    def left_out(self):
        """Why scores were left out, and how often, by the attrition table."""
        return {
            reason: n for (stage, reason), n in self.steps.items() if stage == "scores left out"
        }


class TinyStudy:
    """Makes FHIR resources, and the Cohort of them: ids are p1, p2 ... by type and order."""

    def __init__(self, folder, store, lists):
        self.folder = folder
        self.store = store
        self.lists = lists
        self.resources = []
        self.counts = Counter()

    @staticmethod
    def on(day):
        """A date only, so many days from day 0."""
        return (FIRST_DAY + timedelta(days=day)).isoformat()

    def at(self, day, clock="12:00"):
        """An instant at a time of day in the study's zone."""
        return f"{self.on(day)}T{clock}:00{ZONE}"

    def patient(self, name="anna", **fields):
        """A patient; anna is there without being asked for."""
        return self._add("Patient", name, fields)

    def patients(self, cases):
        """One patient a case, with the case: for cases that one cohort can hold side by side."""
        return [(self.patient(f"patient-{number}"), case) for number, case in enumerate(cases)]

    def procedure(
        self, start=None, end=None, *, code="cement", site="L1", patient="anna", **fields
    ):
        """An index procedure: on day 0 from 10:00 to 11:00, if nothing else is said."""
        if start is None:
            start, end = self.at(0, "10:00"), self.at(0, "11:00")
        performed = {"start": start} | ({"end": end} if end else {})
        defaults = {
            "status": "completed",
            "code": _coding(LOCAL, code),
            "subject": {"reference": f"Patient/{patient}"},
            "performedPeriod": performed,
            "bodySite": [_site(one) for one in ([site] if isinstance(site, str) else site)]
            if site
            else None,
        }
        return self._add("Procedure", self._next("procedure"), defaults | fields)

    def score(
        self,
        value,
        effective,
        *,
        instrument="NRS",
        context=None,
        patient="anna",
        site=None,
        **fields,
    ):
        """A pain score of 0 to 10, unsited."""
        system, code = INSTRUMENTS[instrument]
        if context:
            system, code = LOCAL, {"rest": "pain-at-rest", "movement": "pain-on-movement"}[context]
        defaults = {
            "status": "final",
            "code": _coding(system, code),
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": effective,
            "valueQuantity": {"value": value, "code": "{score}"},
            "bodySite": _site(site) if site else None,
        }
        return self._add("Observation", self._next("score"), defaults | fields)

    def condition(self, name, *, patient="anna", code="metastasis", **fields):
        defaults = {"code": _coding(LOCAL, code), "subject": {"reference": f"Patient/{patient}"}}
        return self._add("Condition", name, defaults | fields)

    def cohort(self, *overrides, store=None, keep=False):
        """Map and assemble everything, with `--set` overrides of the study file."""
        if not self.counts["Patient"]:
            self.patient()
        read = reader.read(self.written(), overrides)
        store = store or self.store
        store.script("begin")
        try:
            self._load(store, read)
            cohort = assemble(store, read.settings, "run")
            _hold_books(store, cohort, {one["id"] for one in self.resources})
            return _assembled(store, cohort)
        finally:
            store.script("commit" if keep else "rollback")

    def _load(self, store, read):
        with Landing(self.folder / "landing") as landing:
            with landing.unit("made") as unit:
                for resource in self.resources:
                    unit.write(resource["resourceType"], json.dumps(resource).encode())
                unit.record = Record(query="made", type="", expected=None, received=0, pages=0)
            mapper.register(store, plan.make(read.settings, self.lists).roles, self.lists)
            source = read.settings.source
            reading = mapper.Reading(run_id="run", study_digest=read.digest, source=source)
            mapper.load(store, landing, reading)

    def written(self):
        """The study file."""
        path = self.folder / "study.toml"
        path.write_text(STUDY, "utf-8")
        return path

    def _next(self, kind):
        return f"{kind}-{self.counts[kind.title() if kind == 'procedure' else 'Observation'] + 1}"

    def _add(self, kind, identifier, fields):
        given = {name: value for name, value in fields.items() if value is not None}
        self.resources.append({"resourceType": kind, "id": identifier, **given})
        self.counts[kind] += 1
        return identifier


def _hold_books(store, cohort, source_ids):
    """What is true of every cohort: it adds up, and no id of the source is in it."""
    steps: Counter[str] = Counter()
    for row in cohort.attrition.iter_rows(named=True):
        if row["unit"] != "patient":
            steps[row["stage"]] += row["n"]
    assert steps["index procedures"] == steps["no lesion"] + steps["treated"]
    assert steps["treated"] == steps["excluded"] + steps["analysed"]
    [(scores,)] = store.rows("select count(*) from observation where state = 'mapped'")
    [(linked,)] = store.rows("select count(distinct score) from link where lesion is not null")
    assert scores == steps["scores not linked"] + linked
    assert steps["scores linked"] == steps["scores chosen"] + steps["scores left out"]
    assert steps["scores linked"] == cohort.scores.height
    for row in cohort.scores.iter_rows(named=True):
        assert row["chosen"] == (row["left_out_by"] is None)
        assert row["visit"] or not row["chosen"]
    for frame in (
        cohort.lesions,
        cohort.scores,
        cohort.adjuncts,
        cohort.characteristics,
        cohort.events,
    ):
        texts = {value for row in frame.iter_rows() for value in row if isinstance(value, str)}
        assert not texts & source_ids


def _assembled(store, cohort):
    def named(kind, table):
        rows = store.rows(f"select id, pseudonym('{kind}', id) from {table}")
        return {pseudonym: identifier for identifier, pseudonym in rows}

    lesions, scores = named("Procedure", "candidate"), named("Observation", "score")
    return Assembled(
        cohort=cohort,
        lesions={lesions[row["lesion_id"]]: row for row in cohort.lesions.iter_rows(named=True)},
        scores={scores[row["score_id"]]: row for row in cohort.scores.iter_rows(named=True)},
        not_linked=dict(
            store.rows(
                "select s.id, k.fault from link as k inner join score as s on s.number = k.score "
                "where k.lesion is null"
            )
        ),
        steps=Counter(
            {
                (row["stage"], row["reason"]): row["n"]
                for row in cohort.attrition.iter_rows(named=True)
                if row["unit"] != "patient"
            }
        ),
    )


def _coding(system, code):
    return {"coding": [{"system": system, "code": code}]}


def _site(words):
    """Codes of a site: `acetabulum, left`."""
    return {"coding": [{"system": SNOMED, "code": SITES[one]} for one in words.split(", ")]}


@pytest.fixture
def study(tmp_path: Path, store, lists) -> TinyStudy:
    """A study of nothing: add a procedure and scores, then ask for its cohort."""
    return TinyStudy(tmp_path, store, lists)


@pytest.fixture
def study_of(tmp_path: Path, store, lists):
    """Makes a fresh study each time that it is called."""
    return lambda: TinyStudy(tmp_path, store, lists)
