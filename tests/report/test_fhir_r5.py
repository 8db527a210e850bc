"""The same report in R5."""

import pytest

from abate.errors import PublishRefused
from abate.report.fhir import bundle
from abate.report.fhir.validation import faults


@pytest.fixture
def both(measured, host):
    """The reports of R4 and R5, in pairs."""
    reports = (bundle.report(measured, host, version=one) for one in ("R4", "R5"))
    return list(zip(*reports, strict=True))


@pytest.fixture
def r5(both):
    """The resources of R5 by type."""
    return {one["resourceType"]: one for _, one in both}


def test_each_resource_is_valid_r5(both):
    assert [faults(one, "R5") for _, one in both] == [[]] * len(both)


def test_a_resource_of_r5_carries_the_digest_of_what_it_says_there(both):
    assert all(bundle.digest_of(one) == bundle.digest(one) for _, one in both)


def test_only_four_types_differ_and_none_of_these_is_valid_r4(both):
    changed = {new["resourceType"] for old, new in both if _said(old) != _said(new)}
    assert changed == {"Group", "List", "Measure", "MeasureReport"}
    for _, new in both:
        assert bool(faults(new, "R4")) == (new["resourceType"] in changed)


def test_ids_are_the_same_in_both(both):
    assert all(old["id"] == new["id"] for old, new in both)


def test_a_group_of_individuals_is_enumerated(r5):
    assert r5["Group"]["membership"] == "enumerated"


def test_what_a_measure_counts_is_its_basis(r5):
    assert r5["Measure"]["basis"] == "Procedure"
    assert len(r5["Measure"]["extension"]) == 1


def test_a_measure_report_says_its_scoring_and_its_score_as_a_quantity(r5):
    assert r5["MeasureReport"]["scoring"] == r5["Measure"]["scoring"]
    [group] = r5["MeasureReport"]["group"]
    assert group["measureScoreQuantity"] == {"value": 0.5}


def test_each_link_id_of_a_measure_report_is_one_of_its_measure(r5):
    defined, used = _links(r5["Measure"]), _links(r5["MeasureReport"])
    assert len(defined) == len(set(defined)) == 6
    assert set(used) == set(defined)


def test_a_plugin_that_renders_r4_is_named_where_r5_is_asked_for(measured, host, monkeypatch):
    monkeypatch.setattr(host, "render_report", lambda *_: ("theirs", [{"id": "x"}]))
    with pytest.raises(PublishRefused, match=r"the plugin 'theirs' renders .* as FHIR R4"):
        bundle.report(measured, host, version="R5")


def _said(resource):
    return {
        key: value for key, value in resource.items() if key not in ("date", "issued", "recorded")
    }


def _links(found):
    if isinstance(found, list):
        return [link for one in found for link in _links(one)]
    if not isinstance(found, dict):
        return []
    own = [found["linkId"]] if "linkId" in found else []
    return own + [link for one in found.values() for link in _links(one)]
