"""How long a FHIR date is."""

from datetime import UTC, datetime, timedelta

import pytest

from abate.sandbox.search.dates import period, stretch


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=365)),
        ("2024-02", datetime(2024, 2, 1, tzinfo=UTC), timedelta(days=29)),
        ("2026-12", datetime(2026, 12, 1, tzinfo=UTC), timedelta(days=31)),
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC), timedelta(days=1)),
        ("2026-03-01T10:00", datetime(2026, 3, 1, 10, tzinfo=UTC), timedelta(minutes=1)),
        ("2026-03-01T10:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC), timedelta(minutes=1)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC), timedelta(seconds=1)),
        (
            "2026-03-01T10:00:00.5-03:30",
            datetime(2026, 3, 1, 13, 30, 0, 500_000, UTC),
            timedelta(milliseconds=100),
        ),
        (
            "2026-03-01T10:00:00.123456789Z",
            datetime(2026, 3, 1, 10, 0, 0, 123_456, UTC),
            timedelta(microseconds=1),
        ),
    ],
)
def test_a_date_is_as_long_as_its_precision(text, start, length):
    found = stretch(text)
    assert found.start == start
    assert found.end - found.start == length


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-02-30", "2026-3-1", "2026-03-01T10", "2026-03-01 10:00"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own words differ.
        stretch(text)


def test_the_last_day_that_python_knows_ends():
    assert stretch("9999-12-31").end == datetime.max.replace(tzinfo=UTC)
    assert stretch("9999").end == datetime.max.replace(tzinfo=UTC)


def test_a_period_may_be_open():
    assert period("2026", None).end == datetime.max.replace(tzinfo=UTC)
    assert period(None, "2026-03").end == datetime(2026, 4, 1, tzinfo=UTC)
