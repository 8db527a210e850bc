"""Figures of patients beside figures of lesions tell of the patients with several lesions."""

from dataclasses import replace

import pytest

from abate import Units
from abate.disclosure import make_release, rule_of
from abate.disclosure.audit import audit
from abate.errors import PublishRefused

RULE = rule_of(5)


@pytest.fixture
def study(run_of_units, estimate, ids):
    """Lesions, of which some patients have two; complications by lesion and by patient."""

    def make(hit, *, several, number=40):
        every = ids(number)
        second = dict(zip(every[::2][:several], every[1::2][:several], strict=True))
        first_of = {other: one for one, other in second.items()}
        patient_of = {one: f"patient of {first_of.get(one, one)}" for one in every}
        patients = sorted({*patient_of.values()})
        hit_patients = {patient_of[every[place]] for place in hit}
        return replace(
            run_of_units(
                [
                    _share("lesions", every, [every[place] for place in hit], estimate),
                    _share("patients", patients, hit_patients, estimate, basis="patient"),
                ],
                every,
            ),
            patient_of=patient_of,
        )

    return make


def _share(name, every, hit, estimate, basis="lesion"):
    given = estimate(
        name, len(every), name=name, value=len(hit) / len(every), statistic="proportion",
        basis=basis, counts={"numerator": len(hit)}, unit="1",
    )  # fmt: skip
    return given, Units.of(every, "complication").counting({"numerator": hit})


def withheld(whole):
    shown = make_release(whole, RULE).outcomes[0].result
    return [name for name in ("lesions", "patients") if shown[name].withheld]


# The first 12 lesions are of 6 patients, two of each; the other patients have one.
BOTH_OF_ONE = [0, 1, 20, 21, 22, 23, 24]
BOTH_OF_NONE = [0, 2, 20, 21, 22, 23, 24]


def test_how_many_patients_had_it_at_both_lesions_does_not_follow(study):
    # 7 of 40 lesions and 6 of 34 patients: one of the six with two lesions had it at both.
    assert withheld(study(BOTH_OF_ONE, several=6)) == ["patients"]


def test_both_are_shown_where_the_difference_is_no_small_count(study):
    assert withheld(study(BOTH_OF_NONE, several=6)) == []


def test_beside_few_patients_with_several_lesions_the_figure_of_the_patients_is_hidden(study):
    assert withheld(study(BOTH_OF_NONE, several=1)) == ["patients"]


def test_both_are_shown_where_each_patient_has_one_lesion(study):
    assert withheld(study(BOTH_OF_NONE, several=0)) == []


def test_all_but_a_few_of_those_with_several_lesions_do_not_follow(study):
    # 12 of 14 had it at both lesions: 2 had not.
    hit = [*range(24), 24, 26, 30, 31, 32]
    assert withheld(study(hit, several=14)) == ["patients"]


def test_the_value_of_another_statistic_is_hidden_too(study):
    whole = study(BOTH_OF_NONE, several=1)
    result = whole.outcomes[0].result
    test = {"value": None, "p": 0.03, "statistic": "p", "method": "test"}
    estimates = [replace(one, **test, counts={}) for one in result.estimates]
    units = {name: replace(one, counts={}) for name, one in result.units.items()}
    outcome = replace(whole.outcomes[0], result=replace(result, estimates=estimates, units=units))
    assert withheld(replace(whole, outcomes=[outcome])) == ["patients"]


def test_the_audit_refuses_what_another_choice_would_show(study, put_back):
    whole = study(BOTH_OF_ONE, several=6)
    [_, of_patients] = whole.outcomes[0].result.estimates
    shown = put_back(
        make_release(whole, RULE), "patients", value=of_patients.value, counts=of_patients.counts,
        withheld="",
    )  # fmt: skip
    with pytest.raises(PublishRefused, match="can be worked out from what is shown"):
        audit(whole, shown, RULE)
