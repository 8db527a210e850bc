"""Nothing of a few units follows from two or three releases of a ward that grows night by night."""

from dataclasses import replace

import pytest

from abate.releases.extremes import is_all_or_none
from abate.releases.items import published_in
from abate.releases.subtraction import smallest_group
from abate.small_cells import released, rule_of
from attack import Release, attack
from knowledge import Knowledge
from published import figures
from test_attack import MINIMUM, SEEDS
from wards import Ward, analysed, publish

NIGHTS = (40, 41, 46, 55, 56, 70, 90, 130, 180, 240)
# With all analyses of the demo, of which some are of few lesions, a second report waits for long.
KEPT = ("profile", "first-week", "observed-week-1")


def nights(seed):
    """What is published night by night, as its readers see it: three releases at most."""
    seen, earlier = [], []
    for lesions in NIGHTS:
        ward = Ward(seed, lesions)
        whole = analysed(ward.cohort, ward.study_file)
        whole = replace(whole, outcomes=[one for one in whole.outcomes if one.name in KEPT])
        new = published_in(whole, released(whole, rule_of(MINIMUM)), "key")
        before = [one.distinct for one in earlier]
        if smallest_group(new.distinct, before, MINIMUM) is not None:
            continue
        if is_all_or_none(new, earlier):
            continue
        known = Knowledge(ward.cohort, ward.study_file).figures()
        seen.append(Release(figures(publish(whole, MINIMUM)), known))
        earlier.append(new)
        if len(seen) == 3:
            break
    return seen


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_a_few_follows_from_several_releases(seed):
    seen = nights(seed)
    assert len(seen) >= 2
    assert attack(seen[:2], MINIMUM) == []
    assert attack(seen, MINIMUM) == []
