"""Results made of counts, of units with and without data."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from abate import Cohort, Units, study
from abate.analysis.model import Estimate, Result
from abate.analysis.outcome import Outcome
from abate.analysis.results import FORMAT, Results, Step
from abate.cohort.inputs import Inputs
from abate.config.reader import read
from abate.demo import load_study_by_http
from abate.disclosure import make_release, rule_of
from abate.sandbox import Sandbox, running
from abate.telemetry.status import held

EXAMPLE = Path(__file__).parents[2] / "examples" / "cementoplasty"


def count(population: str, n: int, **more) -> Estimate:
    """A median of n scores, unless told otherwise: it shows n."""
    name = more.pop("name", population.replace(" ", "-"))
    given = {"value": 4.0, "method": "median", "statistic": "median", "unit": "{score}"}
    return Estimate(name=name, n=n, population=population, **{**given, **more})


def results(
    result: Result,
    *,
    lesions: int,
    patients: int = 100,
    attrition=(),
    synthetic: bool = True,
    primary: bool = False,
) -> Results:
    """A run with one analysis."""
    return Results(
        format=FORMAT, release="", rule="", study="s", title="A study", synthetic=synthetic,
        study_digest="d", run_id="r", version="0.1.0", period=("2020-01", "2021-01"),
        patients=patients, lesions=lesions, attrition=[Step(**one) for one in attrition],
        inputs=Inputs(server="http://127.0.0.1/fhir", counts={"Patient": 3}, digest="i"),
        outcomes=[
            Outcome(
                name="question", use="question", plugin="p", plugin_version="1", primary=primary,
                parameters={}, result=result,
            )
        ],
    )  # fmt: skip


def of_units(given: Sequence[tuple[Estimate, Units]], ids: Iterable[str]) -> Results:
    """A run whose estimates have units, all of them among the analysed lesions `ids`."""
    ids = sorted(ids)
    step = {"stage": "analysed", "reason": "", "unit": "lesion", "n": len(ids), "units": ids}
    result = Result(
        estimates=[estimate for estimate, _ in given],
        units={estimate.name: units for estimate, units in given},
    )
    return results(result, lesions=len(ids), attrition=[step], synthetic=False)


def lesions(number: int, start: int = 0) -> list[str]:
    """Ids of lesions, from one number on."""
    return [f"L{place:04}" for place in range(start, start + number)]


def partition(parts: Mapping[str, int], whole: str = "analysed lesions") -> Results:
    """The analysed lesions fall into parts; each part has a median, and so has the whole."""
    ids, found, start = lesions(sum(parts.values())), [], 0
    for name, n in parts.items():
        found.append((count(name, n), Units.of(lesions(n, start), "score")))
        start += n
    return of_units([(count(whole, len(ids)), Units.of(ids, "score")), *found], ids)


def cross_table(rows: Sequence[Sequence[int]]) -> Results:
    """A table of lesions by site and adjunct: cells and margins, each with a median."""
    members: dict[str, list[str]] = {}
    start = 0
    for r, row in enumerate(rows):
        for c, n in enumerate(row):
            for name in (f"site {r} adjunct {c}", f"site {r}", f"adjunct {c}", "analysed lesions"):
                members.setdefault(name, []).extend(lesions(n, start))
            start += n
    found = [(count(name, len(ids)), Units.of(ids, "score")) for name, ids in members.items()]
    return of_units(found, lesions(start))


def share(name: str, population: str, numerator: int, n: int) -> Estimate:
    """A proportion of n lesions."""
    return Estimate(
        name=name, value=numerator / n if n else None, n=n, method="m", population=population,
        statistic="proportion", counts={"numerator": numerator},
    )  # fmt: skip


def wide(number: int, visits: int) -> Results:
    """Each lesion has a site, an adjunct and at each visit a score or none: counted every way."""
    random, ids = np.random.default_rng(1), np.array(lesions(number))
    sites, adjuncts = random.integers(0, 4, number), random.integers(0, 3, number)
    strata = {"analysed lesions": np.ones(number, bool)}
    strata |= {f"site {site}": sites == site for site in range(4)}
    strata |= {f"adjunct {adjunct}": adjuncts == adjunct for adjunct in range(3)}
    found = [
        (count(name, int(chosen.sum())), Units.of(ids[chosen], "stratum"))
        for name, chosen in strata.items()
    ]
    for visit in range(visits):
        scored, fell = random.random(number) < 0.8, random.random(number) < 0.6
        for at, (name, stratum) in enumerate(strata.items()):
            chosen, hit = stratum & scored, ids[stratum & scored & fell]
            one = share(
                f"fell-{at}-{visit}", f"{name} at visit {visit}", len(hit), int(chosen.sum())
            )
            units = Units.of(ids[chosen], f"visit {visit}").counting({"numerator": hit})
            found.append((one, units))
    return of_units(found, ids)


@pytest.fixture(scope="session")
def wide_study() -> Results:
    return wide(number=45, visits=26)


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Results:
    """The published study's results, whole."""
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    with running(Sandbox()) as url:
        load_study_by_http(url)
        study_file = read(folder / "study.toml", [f"source.url={url}"])
        with held(study_file.output, "run") as progress:
            return study.run(study_file, progress)


@pytest.fixture(scope="session")
def published_under(published) -> Callable[[int | str], Results]:
    """The published study as it may leave the house; each rule is applied once."""
    return cache(lambda setting: make_release(published, rule_of(setting)))


@pytest.fixture
def estimate() -> Callable[..., Estimate]:
    return count


@pytest.fixture
def result_of() -> Callable[..., Result]:
    """A result of one estimate, with its units."""
    return lambda estimate, units: Result(estimates=[estimate], units=units)


@pytest.fixture
def two_lesions() -> Cohort:
    """Two lesions of one patient; the second was not scored at Wk1."""
    at = {0: "baseline", 1: "D1", 7: "Wk1"}
    values = {"a0": 8.0, "a1": 3.0, "a7": 2.0, "b0": 6.0, "b1": 5.0}
    start, empty = datetime(2026, 3, 1, tzinfo=UTC), pl.DataFrame()
    lesions = {"lesion_id": ["a", "b"], "patient_id": ["P", "P"], "sex": ["female", "male"]}
    scores = {
        "score_id": list(values),
        "lesion_id": [name[0] for name in values],
        "value": list(values.values()),
        "visit": [at[int(name[1])] for name in values],
        "at": [start + timedelta(days=int(name[1])) for name in values],
        "chosen": [True] * len(values),
    }
    return Cohort(
        lesions=pl.DataFrame(lesions).with_columns(
            excluded_by=pl.lit(None, pl.String), index_start=pl.lit(start)
        ),
        scores=pl.DataFrame(scores), adjuncts=empty, characteristics=empty, events=empty,
        attrition=empty, visits=("baseline", "D1", "Wk1"),
    )  # fmt: skip


@pytest.fixture
def run_with() -> Callable[..., Results]:
    return results


@pytest.fixture
def run_of_parts() -> Callable[..., Results]:
    return partition


@pytest.fixture
def run_of_table() -> Callable[..., Results]:
    return cross_table


@pytest.fixture
def run_of_units() -> Callable[..., Results]:
    return of_units


@pytest.fixture
def ids() -> Callable[..., list[str]]:
    return lesions


@pytest.fixture
def put_back() -> Callable[..., Results]:
    """Results with one estimate of a release replaced."""

    def replaced(shown: Results, name: str, **changes) -> Results:
        outcome = shown.outcomes[0]
        estimates = [
            replace(one, **changes) if one.name == name else one for one in outcome.result.estimates
        ]
        changed = replace(outcome.result, estimates=estimates)
        return replace(shown, outcomes=[replace(outcome, result=changed)])

    return replaced
