"""Results made of counts, and an oracle that enumerates every table of whole numbers."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from abate import Cohort, study
from abate.analysis import Estimate, Result, Split
from abate.demo import load_study_by_http
from abate.outcome import Outcome
from abate.results import FORMAT, Inputs, Results, Step
from abate.sandbox import Sandbox, running
from abate.say import silent
from abate.small_cells import released, rule_of
from abate.small_cells.rule import Rule
from abate.small_cells.system import System
from abate.status import held
from abate.study_file import read

EXAMPLE = Path(__file__).parents[2] / "examples" / "cementoplasty"


def count(population: str, n: int, **more) -> Estimate:
    """A median of n scores, unless told otherwise: it shows n."""
    name = more.pop("name", population.replace(" ", "-"))
    given = {"value": 4.0, "method": "median", "statistic": "median", "unit": "{score}"}
    return Estimate(name=name, n=n, population=population, **{**given, **more})


def results(result: Result, *, lesions: int, patients: int = 100, attrition=()) -> Results:
    """A run with one analysis."""
    return Results(
        format=FORMAT, release="", rule="", study="s", title="A study", synthetic=True,
        study_digest="d", run_id="r", version="0.1.0", period=("2020-01", "2021-01"),
        patients=patients, lesions=lesions, attrition=[Step(**one) for one in attrition],
        inputs=Inputs(server="http://127.0.0.1/fhir", counts={"Patient": 3}, digest="i"),
        outcomes=[
            Outcome(
                name="question", use="question", plugin="p", plugin_version="1", primary=False,
                parameters={}, result=result,
            )
        ],
    )  # fmt: skip


def partition(parts: Mapping[str, int], whole: str = "analysed lesions") -> Results:
    """The analysed lesions fall into parts; each part has a median, and so has the whole."""
    total = sum(parts.values())
    estimates = [count(whole, total), *(count(name, n) for name, n in parts.items())]
    return results(
        Result(estimates=estimates, splits=[Split(whole=whole, parts=parts)]), lesions=total
    )


def cross_table(rows: Sequence[Sequence[int]]) -> Results:
    """A table of lesions by site and adjunct: cells and margins, each with a median."""
    cells = {
        (r, c): (f"site {r} adjunct {c}", n)
        for r, row in enumerate(rows)
        for c, n in enumerate(row)
    }
    splits, margins = [], {"site": {}, "adjunct": {}}
    for axis, kind in enumerate(margins):
        for at in sorted({place[axis] for place in cells}):
            parts = dict(cell for place, cell in cells.items() if place[axis] == at)
            splits.append(Split(whole=f"{kind} {at}", parts=parts))
            margins[kind][f"{kind} {at}"] = sum(parts.values())
        splits.append(Split(whole="analysed lesions", parts=margins[kind]))
    named = [*cells.values(), *margins["site"].items(), *margins["adjunct"].items()]
    total = sum(n for _, n in cells.values())
    estimates = [count("analysed lesions", total), *(count(name, n) for name, n in named)]
    return results(Result(estimates=estimates, splits=splits), lesions=total)


@dataclass(frozen=True)
class Leaves:
    """A system whose cells are sums of a few leaves, so that its tables can be enumerated."""

    values: Sequence[int]
    sums: Sequence[Sequence[int]]
    shown: Sequence[bool]
    costs: Sequence[int]
    rule: Rule

    @property
    def system(self) -> System:
        """Leaves first, sums after them."""
        leaves = len(self.values)
        totals = [sum(self.values[leaf] for leaf in one) for one in self.sums]
        floor = 0 if self.rule.hides_zero else 1
        return System(
            values=[*self.values, *totals],
            shown=self.shown,
            floors=[floor if one else 0 for one in self.shown],
            costs=self.costs,
            relations=[
                ((leaves + number, -1), *((leaf, 1) for leaf in one))
                for number, one in enumerate(self.sums)
            ],
            rule=self.rule,
        )

    def tables(self) -> np.ndarray:
        """Every table of whole numbers up to more than can matter, one a row."""
        most = sum(self.values) + self.rule.minimum + self.rule.rounding
        leaves = np.array(list(product(range(most + 1), repeat=len(self.values))))
        return np.hstack(
            [leaves, *(leaves[:, list(one)].sum(axis=1)[:, None] for one in self.sums)]
        )

    def derivable(self, tables: np.ndarray, hidden: frozenset[int]) -> list[int]:
        """The small cells of which more is known than the rule says, by enumeration."""
        system = self.system
        now, most = (self._possible(tables, one) for one in (hidden, range(len(system.values))))
        found = []
        for cell in system.sensitive():
            low, high = system.target(cell)
            low, high = max(low, most[:, cell].min()), min(high, most[:, cell].max())
            if now[:, cell].min() > low or now[:, cell].max() < high:
                found.append(cell)
        return found

    def _possible(self, tables: np.ndarray, hidden) -> np.ndarray:
        system = self.system
        limits = [system.bounds(one, hidden=one in hidden) for one in range(len(system.values))]
        low, high = np.array(limits).T
        return tables[((tables >= low) & (tables <= high)).all(axis=1)]


def share(name: str, population: str, numerator: int, n: int) -> Estimate:
    """A proportion of n lesions."""
    return Estimate(
        name=name, value=numerator / n if n else None, n=n, method="m", population=population,
        statistic="proportion", counts={"numerator": numerator},
    )  # fmt: skip


def wide(lesions: int, visits: int) -> Results:
    """Each lesion has a site, an adjunct and at each visit a score or none: counted every way.

    Every number is counted from these lesions, so that none can be negative and all sums hold.
    """
    random = np.random.default_rng(1)
    sites, adjuncts = random.integers(0, 4, lesions), random.integers(0, 3, lesions)
    strata = {"analysed lesions": np.ones(lesions, bool)}
    strata |= {f"site {site}": sites == site for site in range(4)}
    strata |= {f"adjunct {adjunct}": adjuncts == adjunct for adjunct in range(3)}
    estimates = [count(name, int(chosen.sum())) for name, chosen in strata.items()]
    splits = [_parts("analysed lesions", strata, kind) for kind in ("site", "adjunct")]
    for visit in range(visits):
        scored, fell = random.random(lesions) < 0.8, random.random(lesions) < 0.6
        at = {f"{name} at visit {visit}": chosen & scored for name, chosen in strata.items()}
        estimates += [
            share(f"fell-{number}-{visit}", name, int((chosen & fell).sum()), int(chosen.sum()))
            for number, (name, chosen) in enumerate(at.items())
        ]
        whole = f"analysed lesions at visit {visit}"
        splits += [_parts(whole, at, kind) for kind in ("site", "adjunct")]
    return results(Result(estimates=estimates, splits=splits), lesions=lesions)


def _parts(whole: str, strata: Mapping[str, np.ndarray], kind: str) -> Split:
    parts = {name: int(chosen.sum()) for name, chosen in strata.items() if name.startswith(kind)}
    return Split(whole=whole, parts=parts)


@pytest.fixture(scope="session")
def wide_study() -> Results:
    return wide(lesions=45, visits=26)


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Results:
    """The published study's results, whole."""
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    with running(Sandbox()) as url:
        load_study_by_http(url)
        study_file = read(folder / "study.toml", [f"source.url={url}"])
        with held(study_file.output, "run") as progress:
            return study.run(study_file, progress, silent)


@pytest.fixture(scope="session")
def published_under(published) -> Callable[[int | str], Results]:
    """The published study as it may leave the house; each rule is applied once."""
    return cache(lambda setting: released(published, rule_of(setting)))


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


@pytest.fixture(scope="session")
def leaves() -> type[Leaves]:
    return Leaves


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
