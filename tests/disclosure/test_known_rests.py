"""Who of a population can give another answer may be known: what is left beside them is a cell."""

from dataclasses import replace

import pytest

from abate import Units
from abate.disclosure import make_release, rule_of
from abate.disclosure.audit import audit
from abate.errors import PublishRefused

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
    return make_release(results, RULE).outcomes[0].result[name]


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
    left = put_back(
        make_release(whole, RULE), "missed", value=22, counts={"missed": 22}, withheld=""
    )
    with pytest.raises(PublishRefused, match="can be worked out from what is shown"):
        audit(whole, left, RULE)


def test_a_number_chosen_by_their_states_is_hidden_if_it_is_the_known_part_and_a_few(
    run_of_units, estimate, ids
):
    # Of 40 lesions 24 were scored, which may be known; 28 are due: so 4 are due and not scored.
    every = ids(40)
    due = Units.of(every, "state").where(every[:28])
    share = estimate("due", 28, name="due", value=24 / 28, statistic="proportion",
                     counts={"numerator": 24})  # fmt: skip
    carried = replace(Units.of(every[:28], "score"), among=Units.of(every[:30], "state").data)
    whole = run_of_units(
        [
            (share, due.counting({"numerator": every[:24]})),
            (estimate("carried", 28, name="carried"), carried),
            (estimate("scored", 24, name="scored"), Units.of(every[:24], "score")),
        ],
        every,
    )
    assert (shown(whole, "due").n, shown(whole, "carried").n) == (None, None)


def test_a_number_chosen_by_other_data_than_its_values_tells_of_these(run_of_units, estimate, ids):
    # Who had relief was chosen among 34 by their changes, and its time is another datum. Of 31 of
    # these the same number had relief: so none of the other 3 had.
    every = ids(40)
    changes = {one: f"change of {one}" for one in every[:34]}
    relieved = every[:20]
    times = Units(data={one: f"time of {one}" for one in relieved}, among=changes)
    of_31 = Units(data={one: changes[one] for one in every[:31]}).counting({"numerator": relieved})
    share = estimate("scored", 31, name="share", value=20 / 31, statistic="proportion",
                     counts={"numerator": 20})  # fmt: skip
    whole = run_of_units([(estimate("relieved", 20, name="time"), times), (share, of_31)], every)
    assert shown(whole, "time").withheld or shown(whole, "share").withheld


def test_nobody_may_be_chosen_by_the_values(run_of_units, estimate, ids):
    # No change differs from 0: the row of those whose change does has no unit and no datum.
    every = ids(40)
    changes = {one: f"change of {one}" for one in every[:30]}
    nobody = Units(data={}, among=changes)
    whole = run_of_units(
        [
            (estimate("pairs", 30, name="pairs"), Units(data=changes)),
            (estimate("pairs that differ", 0, name="test", value=None), nobody),
        ],
        every,
    )
    assert (shown(whole, "pairs").n, shown(whole, "test").value) == (30, None)
