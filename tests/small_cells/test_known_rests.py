"""Who of a population can give another answer may be known: what is left beside them is a cell."""

import pytest

from abate import Units
from abate.errors import PublishRefused
from abate.small_cells import released, rule_of
from abate.small_cells.audit import audit

RULE = rule_of(5)


@pytest.fixture
def states(run_of_units, estimate, ids):
    """Of 40 lesions 16 were scored and some were not; the others are dead.

    The 16 are hidden: they differ by 2 from the 18 of three other figures.
    """

    def make(missed):
        every = ids(40)
        parts = {"scored": every[:16], "missed": every[16 : 16 + missed]}
        parts["dead"] = every[16 + missed :]
        counts = [
            (
                estimate("all", 40, name=name, value=len(who), statistic="count",
                         unit="{lesion}", counts={name: len(who)}),
                Units.of(every, "state").counting({name: who}),
            )
            for name, who in parts.items()
        ]  # fmt: skip
        median = (estimate("scored", 16, name="median"), Units.of(every[:16], "score"))
        others = [
            (estimate("known", 18, name=f"other {at}"), Units.of(every[:18], "age"))
            for at in range(3)
        ]
        return run_of_units([*counts, median, *others], every)

    return make


def shown(results, name):
    return released(results, RULE).outcomes[0].result[name]


def test_a_count_beside_which_few_of_the_known_rest_are_left_is_hidden(states):
    assert shown(states(22), "missed").withheld
    assert shown(states(22), "dead").withheld


@pytest.mark.parametrize("missed", [12, 19])
def test_one_beside_which_enough_are_left_is_shown(states, missed):
    assert shown(states(missed), "missed").value == missed
    assert shown(states(missed), "dead").value == 24 - missed


def test_one_beside_which_nobody_is_left_is_shown(states):
    assert shown(states(24), "missed").value == 24


def test_the_audit_refuses_it(states, put_back):
    whole = states(22)
    left = put_back(released(whole, RULE), "missed", value=22, counts={"missed": 22}, withheld="")
    with pytest.raises(PublishRefused, match="follows from what is shown"):
        audit(whole, left, RULE)
