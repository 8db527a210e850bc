"""An attack on two and three releases: what follows by subtraction from all that was published.

Each published estimate is an equation over the data that it used. A group of units is found if some
combination of the equations is about these units alone, which the attack tries for each group. By
itself each release is safe. `ABATE_ATTACK_SEEDS=50` tries more cohorts than the gate does.
"""

import os
import random
from itertools import combinations

import numpy as np
import pytest

from abate.releases.subtraction import smallest_group

SEEDS = range(int(os.environ.get("ABATE_ATTACK_SEEDS", "5")))
MINIMUM = 3
NIGHTS = 25


class Study:
    """A cohort that grows, is corrected and loses units, night by night."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.units = {}
        self.known = 0
        for _ in range(10):
            self.come()

    def come(self):
        self.units[f"u{self.known}"] = {
            "sex": self.chance.choice("fm"),
            "site": self.chance.choice("abc"),
            "scores": [self.chance.random() < 0.8 for _ in range(2)],
            "version": 0,
        }
        self.known += 1

    def night(self):
        for _ in range(self.chance.choice([0, 1, 2, 3, 4, 6])):
            self.come()
        if self.chance.random() < 0.3:
            self.units[self.chance.choice(list(self.units))]["version"] += 1
        if self.chance.random() < 0.15:
            del self.units[self.chance.choice(list(self.units))]

    def release(self):
        """What the study would publish, each estimate alone and all of them together safe."""
        found = []
        for wanted in self.populations():
            if len(wanted) >= MINIMUM and not leaks([*found, wanted]):
                found.append(wanted)
        return set(found)

    def populations(self):
        for visit in (0, 1):
            yield self.of(visit)
            for key, values in (("sex", "fm"), ("site", "abc")):
                for value in values:
                    yield self.of(visit, **{key: value})

    def of(self, visit, **facts):
        return frozenset(
            (name, f"{visit} {one['version']}")
            for name, one in self.units.items()
            if one["scores"][visit] and all(one[key] == value for key, value in facts.items())
        )


def leaks(rows):
    """The groups under the minimum that some combination of the rows is about alone.

    A vector on the data of a group lies in the space of the rows if and only if the projection to
    that space, cut to these data, has the eigenvalue 1.
    """
    data = sorted({item for items in rows for item in items})
    matrix = np.array([[item in items for item in data] for items in rows], dtype=float)
    projection = np.linalg.pinv(matrix) @ matrix
    places = {}
    for place, (unit, _) in enumerate(data):
        places.setdefault(unit, []).append(place)
    found = []
    for size in range(1, MINIMUM):
        for group in combinations(places, size):
            its = [place for unit in group for place in places[unit]]
            if np.linalg.eigvalsh(projection[np.ix_(its, its)])[-1] > 1 - 1e-9:
                found.append(group)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_in_several_releases(seed):
    study, releases, waited = Study(seed), [], 0
    for _ in range(NIGHTS):
        study.night()
        new = study.release()
        if smallest_group(new, releases, MINIMUM) is None:
            releases.append(new)
        else:
            waited += 1
        if len(releases) == 3:
            break
    published = list({items for release in releases for items in release})
    assert len(releases) >= 2, "nothing was published, so that nothing was tried"
    assert waited or len(releases) == 3
    assert leaks(published) == []


def test_the_attack_finds_what_was_published_without_waiting():
    study, rows = Study(1), set()
    for _ in range(4):
        study.night()
        rows |= study.release()
    assert leaks(list(rows))
