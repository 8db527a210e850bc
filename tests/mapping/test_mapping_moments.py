"""Dates and times: what is kept, what is refused, and the one place that makes instants."""

import pytest

from abate.store.database import open_store

GIVEN = {
    "an instant": ("2020-01-02T10:00:00+08:00", "instant"),
    "an instant in UTC": ("2020-01-02T02:00:00Z", "instant"),
    "an instant with seven digits": ("2020-01-02T02:00:00.1234567Z", "instant"),
    "an instant without seconds": ("2020-01-02T02:00Z", "instant"),
    "a leap day": ("2020-02-29", "day"),
    "a month": ("2020-02", "month"),
    "a year": ("2020", "year"),
}
MALFORMED = {
    "30 February": "2020-02-30",
    "29 February of a common year": "2021-02-29",
    "30 February at noon": "2020-02-30T12:00:00Z",
    "month 13": "2020-13",
    "an offset without colon": "2020-01-02T10:00:00+0200",
    "an offset of 15 hours": "2020-01-02T10:00:00+15:00",
    "24 o'clock": "2020-01-02T24:00:00Z",
    "a space for the T": "2020-01-02 10:00:00Z",
    "a German date": "02.01.2020",
    "the year 0": "0000-01-01",
    "infinity": "infinity",
    "nothing": "",
    "a number": 20200102,
    "a list": ["2020-01-02"],
}
LOCAL = "2020-01-02T10:00:00"


@pytest.fixture(scope="module")
def mapped(shared_workshop, observation):
    def at(name, **changes):
        return observation(name, "72514-3", valueInteger=7, **changes)

    dates = {name: text for name, (text, _) in GIVEN.items()} | MALFORMED
    return shared_workshop.map(
        *(at(name, effectiveDateTime=text) for name, text in dates.items()),
        at("local", effectiveDateTime=LOCAL),
        at("none", effectiveDateTime=None),
        at("instant", effectiveDateTime=None, effectiveInstant="2020-01-02T02:00:00Z"),
        at("both", effectiveInstant="2020-01-02T02:00:00Z"),
        at("period", effectiveDateTime=None, effectivePeriod={"start": "2020-01-02"}),
    )


@pytest.mark.parametrize("name", GIVEN)
def test_a_date_stays_the_text_that_was_sent(mapped, name):
    row = mapped.observations[name]
    assert (row["state"], row["effective"]) == ("mapped", GIVEN[name][0])


@pytest.mark.parametrize("name", MALFORMED)
def test_a_date_that_does_not_exist_is_rejected(mapped, name):
    assert mapped.verdict(name) == ("rejected", "effective-malformed")


def test_a_time_without_offset_is_rejected_unless_the_source_has_a_zone(
    mapped, workshop, observation
):
    assert mapped.verdict("local") == ("rejected", "time-without-zone")
    zoned = observation("local", "72514-3", valueInteger=7, effectiveDateTime=LOCAL)
    found = workshop.map(zoned, settings=["source.timezone=Asia/Hong_Kong"])
    assert found.observations["local"]["effective"] == LOCAL
    assert found.verdict("local") == ("mapped", None)


def test_a_score_needs_one_time(mapped):
    assert mapped.verdict("none") == ("rejected", "no-effective-time")
    assert mapped.verdict("both") == ("rejected", "several-effective-times")
    assert mapped.verdict("period") == ("rejected", "effective-no-instant")
    assert mapped.observations["instant"]["effective"] == "2020-01-02T02:00:00Z"


@pytest.mark.parametrize("name", GIVEN)
def test_the_precision_of_a_date_is_what_its_text_gives(shared_workshop, mapped, name):
    assert mapped
    text, precision = GIVEN[name]
    with open_store(shared_workshop.store) as store:
        assert store.rows("select precision_of($text)", {"text": text}) == [(precision,)]


@pytest.mark.parametrize(
    ("text", "instant", "day"),
    [
        ("2020-01-02T23:30:00Z", "2020-01-02 23:30:00", "2020-01-03"),  # 07:30 in Hong Kong
        ("2020-01-02T01:00:00+09:00", "2020-01-01 16:00:00", "2020-01-02"),
        ("2020-07-02T23:30:00", "2020-07-02 21:30:00", "2020-07-03"),  # Vienna's summer: +02:00
        ("2020-01-02T23:30:00", "2020-01-02 22:30:00", "2020-01-03"),  # Vienna's winter: +01:00
        ("2020-01-02", None, "2020-01-02"),
        ("2020-01", None, None),
    ],
)
def test_an_instant_becomes_a_day_of_the_study_and_a_date_is_never_shifted(
    workshop, text, instant, day
):
    sql = (
        "select cast(instant_of($text, 'Europe/Vienna') at time zone 'UTC' as varchar), "
        "cast(day_of($text, 'Europe/Vienna', 'Asia/Hong_Kong') as varchar)"
    )
    with open_store(workshop.store) as store:
        assert store.rows(sql, {"text": text}) == [(instant, day)]
