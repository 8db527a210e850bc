"""The units of estimates: how authors give them, what they say, and where they are kept."""

import stat
from dataclasses import replace

import pytest

from abate import LastOf, Units
from abate.analysis import results, units_file
from abate.analysis.outcome import check
from abate.errors import PluginError


@pytest.fixture
def share(estimate):
    return estimate(
        "scored", 3, name="share", value=2 / 3, statistic="proportion", counts={"numerator": 2}
    )


@pytest.fixture
def one_result(share, result_of):
    return lambda units: check(result_of(share, {"share": units}))


@pytest.mark.parametrize("given", [["a", "b", "c"], {"a", "b", "c"}, ("a", "b", "c")])
def test_a_collection_of_ids_is_units_without_a_datum(one_result, given):
    assert one_result(given).units["share"] == Units.of(["a", "b", "c"])


def test_a_mapping_of_ids_is_units_with_a_datum_each(one_result):
    given = {"a": "s1=3", "b": "s2=4", "c": "s3=4"}
    assert one_result(given).units["share"] == Units(data=given)


def test_the_ids_of_a_count_stand_beside_the_units(one_result):
    units = Units.of("abc", "Wk1").counting({"numerator": ["a", "b"]})
    assert one_result(units).units["share"].counts == {"numerator": frozenset("ab")}


@pytest.mark.parametrize(
    ("units", "fault"),
    [
        (["a", "b"], "another number of units than its n"),
        (Units.of("abc").counting({"numerator": ["a"]}), "do not add up to its count 'share'"),
        (Units.of("abc").counting({"falls": ["a"]}), "a count that does not exist"),
        ([1, 2, 3], "not of the right types"),
    ],
)
def test_units_that_contradict_the_numbers_are_a_fault_of_the_plugin(one_result, units, fault):
    with pytest.raises(PluginError, match=fault):
        one_result(units)


def test_units_of_no_estimate_are_a_fault_of_the_plugin(share, result_of):
    with pytest.raises(PluginError, match="the units of 'shares', an estimate that does not exist"):
        check(result_of(share, {"shares": ["a", "b", "c"]}))


def test_units_are_kept_in_a_private_file_and_not_in_the_results(one_result, run_with, tmp_path):
    result = one_result({"lesion-a": "k1", "lesion-b": "k2", "lesion-c": "k3"})
    given = replace(run_with(result, lesions=50), patient_of={"lesion-a": "patient-a"})
    path = results.save(given, tmp_path)
    kept = tmp_path / units_file.FILE
    assert "lesion-a" not in path.read_text("utf-8")
    assert '"units"' not in path.read_text("utf-8")
    assert "patient" not in path.read_text("utf-8").replace('"patients": ', "")
    assert "lesion-a" in kept.read_text("utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert results.load(tmp_path).outcomes[0].result.units == given.outcomes[0].result.units
    assert results.load(tmp_path).patient_of == given.patient_of


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"format": 1}'])
def test_results_whose_units_are_missing_have_none(one_result, run_with, tmp_path, content):
    results.save(run_with(one_result(["a", "b", "c"]), lesions=50), tmp_path)
    kept = tmp_path / units_file.FILE
    kept.unlink() if content is None else kept.write_bytes(content)
    assert results.load(tmp_path).outcomes[0].result.units == {}


def test_units_of_another_run_are_not_believed(one_result, run_with, tmp_path):
    whole = run_with(one_result(["a", "b", "c"]), lesions=50)
    results.save(whole, tmp_path)
    kept = (tmp_path / units_file.FILE).read_bytes()
    results.save(replace(whole, lesions=51), tmp_path)
    (tmp_path / units_file.FILE).write_bytes(kept)
    assert results.load(tmp_path).outcomes[0].result.units == {}


def test_an_earlier_runs_units_are_forgotten_with_its_results(one_result, run_with, tmp_path):
    results.save(run_with(one_result(["a", "b", "c"]), lesions=50), tmp_path)
    results.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_endpoints_of_one_lesion_are_the_same_datum_only_where_the_scores_are(two_lesions):
    last = two_lesions.pairs(endpoint=LastOf(("D1", "Wk1"))).units.data
    week = two_lesions.pairs(endpoint="Wk1").units.data
    day = two_lesions.pairs(endpoint="D1").units.data
    assert week == {"a": "a0=8.0>a7=2.0"}
    assert last == {"a": "a0=8.0>a7=2.0", "b": "b0=6.0>b1=5.0"}
    assert (day["a"] == last["a"], day["b"] == last["b"]) == (False, True)


def test_the_units_of_pairs_go_with_its_rows(two_lesions):
    pairs = two_lesions.pairs(endpoint="D1")
    assert list(pairs.where("sex", "female").units.data) == ["a"]
    assert list(pairs.first_lesion_per_patient().units.data) == ["a"]
    assert pairs.patient_units.data == {"P": "a0=8.0>a1=3.0+b0=6.0>b1=5.0"}


def test_the_units_of_a_visit_are_those_scored_then(two_lesions):
    assert two_lesions.by_visit().units("Wk1").data == {"a": "a7=2.0"}
    assert two_lesions.at(LastOf(("D1", "Wk1"))).units("the last score in D1, Wk1").data == {
        "a": "a7=2.0", "b": "b1=5.0",
    }  # fmt: skip
