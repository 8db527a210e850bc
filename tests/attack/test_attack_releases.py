"""Nothing of a few units follows from all that was published of a ward, night by night.

The ward grows, loses lesions and is corrected. Each night goes the whole way of `abate publish`:
the rule of one release, the page, the comparison with the server and with the ledger, the
transaction.
"""

import os

import pytest

from attack import attack
from published import figures
from publishing import PublishingStudy
from test_attack import MINIMUM
from wards import Ward

# Each night takes seconds: with the few seeds of the gate, only one of them is tried here.
NUMBER = int(os.environ.get("ABATE_ATTACK_SEEDS", "4"))
IS_LONG = NUMBER > 4
SEEDS = range(NUMBER if IS_LONG else 1)
# With the counts of 15 visits of the pain course a second report waits in nearly every ward: too
# few are newly dead or not yet due at each visit. The last test publishes them, too.
MOST = {
    "profile", "first-week", "observed-week-1", "visit-changes", "responders", "relief",
    "durability", "safety",
}  # fmt: skip
# With these few analyses three reports follow each other in every ward.
FEW = {"profile", "first-week", "observed-week-1"}
GONE, CORRECTED = frozenset({3, 17}), frozenset({7})
MANY_GONE, MANY_CORRECTED = frozenset(range(1, 40, 3)), frozenset(range(0, 40, 4))
OTHERS_GONE, OTHERS_CORRECTED = frozenset(range(0, 80, 2)), frozenset(range(1, 80, 2))


def nights(seed):
    """The ward as it is from night to night: a few differ at first, then many."""
    yield Ward(seed, 40)
    yield Ward(seed, 41)
    yield Ward(seed, 40, gone=GONE)
    yield Ward(seed, 40, corrected=CORRECTED)
    yield Ward(seed, 80, gone=MANY_GONE, corrected=MANY_CORRECTED)
    for lesions in (160, 240, 320):
        yield Ward(seed, lesions, gone=OTHERS_GONE, corrected=OTHERS_CORRECTED)


@pytest.mark.parametrize(
    ("analyses", "wanted"), [(MOST, 3 if IS_LONG else 2), (FEW, 3)], ids=["most", "few"]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_a_few_follows_from_several_releases(seed, analyses, wanted, tmp_path, serve):
    house = PublishingStudy(tmp_path / "study", serve([]), analyses)
    for ward in nights(seed):
        if house.night(ward):
            assert attack(house.seen, MINIMUM) == []
        if len(house.seen) == wanted:
            break
    assert len(house.seen) >= 2
    assert house.waited


@pytest.mark.parametrize("seed", SEEDS)
def test_with_all_analyses_a_report_waits_and_a_correction_withdraws_it(seed, tmp_path, serve):
    house = PublishingStudy(tmp_path / "study", serve([]))
    assert house.night(Ward(seed, 40))
    assert attack(house.seen, MINIMUM) == []
    assert not house.night(Ward(seed, 41))
    assert figures_of(house) == house.seen[0].figures
    assert not house.night(Ward(seed, 41, corrected=CORRECTED))
    assert figures_of(house) == {}


def figures_of(house):
    return figures(house.standing())
