"""How a resource is written: the shape is told, and never what stands in it."""

import pytest

from abate.survey import sample

UNITS = {"mm", "/10", "1"}


@pytest.mark.parametrize(
    ("observation", "shape"),
    [
        ({"valueQuantity": {"value": 5, "code": "mm"}}, "valueQuantity in mm"),
        ({"valueQuantity": {"value": 5, "unit": "/10"}}, "valueQuantity in /10"),
        (
            {"valueQuantity": {"value": 5, "unit": "7/10"}},
            "valueQuantity in another unit, with digits",
        ),
        ({"valueQuantity": {"value": 5, "unit": "punkte"}}, "valueQuantity in punkte"),
        ({"valueQuantity": {"value": 5}}, "valueQuantity without a unit"),
        ({"valueQuantity": {"unit": "mm"}}, "valueQuantity without a value"),
        ({"valueQuantity": 5}, "valueQuantity of another shape"),
        ({"valueInteger": 5}, "valueInteger"),
        (
            {"valueInteger": 5, "referenceRange": [{"high": {"value": 10}}]},
            "valueInteger, with a reference range",
        ),
        ({"valueString": "worse since Friday"}, "valueString"),
        ({"valueCodeableConcept": {}}, "valueCodeableConcept"),
        ({"component": []}, "component"),
        ({"dataAbsentReason": {}}, "no value: dataAbsentReason"),
        ({"valueCanary": "x"}, "no value"),
    ],
)
def test_a_value_is_told_by_its_shape_and_unit(observation, shape):
    assert sample.shape_of_value(observation, UNITS) == shape


@pytest.mark.parametrize(
    ("resource", "shape"),
    [
        ({"effectiveDateTime": "2026-01-02T10:00:00Z"}, "effectiveDateTime, with an offset"),
        ({"effectiveDateTime": "2026-01-02T10:00:00+0200"}, "effectiveDateTime, without an offset"),
        ({"effectiveDateTime": "2026-01-02T10:00:00"}, "effectiveDateTime, without an offset"),
        ({"effectiveDateTime": "2026-01"}, "effectiveDateTime, a date without a time"),
        ({"performedPeriod": {"start": "2026-01-02"}}, "performedPeriod, a date without a time"),
        ({"performedPeriod": {"end": "2026-01-02"}}, "performedPeriod without a start"),
        ({"effectiveDateTime": 7}, "effectiveDateTime, of another shape"),
        ({}, "no time"),
    ],
)
def test_a_time_is_told_by_its_element_and_precision(resource, shape):
    assert sample.shape_of_time(resource) == shape
