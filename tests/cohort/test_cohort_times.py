"""Time zones, dates only, partial dates."""

from datetime import UTC, date, datetime


def test_days_are_those_of_the_studys_zone_and_not_of_utc(study):
    # 17:00 UTC on the 9th is 01:00 on the 10th in Hong Kong.
    study.procedure("2021-03-09T17:00:00Z", "2021-03-09T18:00:00Z")
    last = study.score(2, "2021-03-20T15:59:00Z")  # 23:59 on day 10
    beyond = study.score(2, "2021-03-20T16:00:00Z")  # 00:00 on day 11
    dated = study.score(3, "2021-03-15")  # day 5, whatever the zone
    cohort = study.cohort()
    assert cohort.visits(last, beyond, dated) == ["Wk1", "between-visits", "Wk1"]
    assert [cohort.scores[one]["day"] for one in (last, beyond, dated)] == [10, 11, 5]
    assert cohort.lesions["procedure-1"]["index_start"] == datetime(2021, 3, 9, 17, tzinfo=UTC)


def test_in_another_zone_the_same_study_counts_other_days(study):
    study.procedure("2021-03-09T17:00:00Z", "2021-03-09T18:00:00Z")
    score = study.score(2, "2021-03-20T15:59:00Z")
    assert study.cohort("study.timezone=Etc/UTC").scores[score]["day"] == 11


def test_days_are_calendar_days_also_when_the_clocks_change(study):
    # In Vienna the night to 28 March 2021 has an hour less.
    study.procedure("2021-03-27T22:30:00Z", "2021-03-27T22:40:00Z")  # 23:30 on the 27th
    score = study.score(2, "2021-03-28T22:00:00Z")  # 00:00 on the 29th
    assert study.cohort("study.timezone=Europe/Vienna").scores[score]["day"] == 2


def test_a_time_without_offset_is_refused_unless_the_sources_zone_is_known(study):
    study.procedure()
    local = study.score(2, "2021-03-17T00:30:00")
    refusing = study.cohort()
    assert refusing.steps["rejected", "Observation time-without-zone"] == 1
    assert refusing.lesions["procedure-1"]["excluded_by"] == "no-score"
    reading = study.cohort("source.timezone=America/New_York")
    # 00:30 in New York is 12:30 on the same day in Hong Kong: UTC-4 there, UTC+8 here.
    assert reading.scores[local]["at"] == datetime(2021, 3, 17, 4, 30, tzinfo=UTC)
    assert (reading.scores[local]["day"], reading.scores[local]["precision"]) == (7, "instant")


def test_a_procedure_without_offset_is_refused_too(study):
    study.procedure("2021-03-10T10:00:00")
    assert study.cohort().steps["rejected", "Procedure time-without-zone"] == 1
    reading = study.cohort("source.timezone=Asia/Hong_Kong")
    assert reading.lesions["procedure-1"]["index_start"] == datetime(2021, 3, 10, 2, tzinfo=UTC)


def test_a_partial_date_starts_no_clock(study):
    study.procedure("2021-03")
    study.procedure("2021")
    study.procedure(study.on(0), "2021-04")
    study.procedure(performedPeriod=None)
    study.score(2, study.at(7))
    cohort = study.cohort()
    assert {name: one["excluded_by"] for name, one in cohort.lesions.items()} == {
        "procedure-1": "index-date-imprecise",
        "procedure-2": "index-date-imprecise",
        "procedure-3": "index-date-imprecise",
        "procedure-4": "index-date-missing",
    }
    assert cohort.steps["excluded", "index-date-imprecise"] == 3
    assert cohort.steps["scores not linked", "no-lesion"] == 1


def test_a_score_of_a_partial_date_is_left_out_and_counted(study):
    study.procedure()
    month, year = study.score(2, "2021-03"), study.score(2, "2021")
    cohort = study.cohort()
    assert cohort.not_linked == {month: "date-imprecise", year: "date-imprecise"}
    assert cohort.steps["scores not linked", "date-imprecise"] == 2


def test_the_age_is_in_whole_years_on_the_day_of_the_procedure(study):
    ages = {
        "1961-03-10": 60, "1961-03-11": 59, "1961-03-09": 60, "1960-02-29": 61, "1961-12-31": 59,
        "1961-03": None, "1961": None, None: None,
    }  # fmt: skip
    for birth in ages:
        study.patient(f"born-{birth}", birthDate=birth, gender="female")
        # 23:00 UTC on the 9th: in the study's zone it is the 10th.
        study.procedure("2021-03-09T23:00:00Z", patient=f"born-{birth}")
    lesions = study.cohort().lesions
    found = [
        (lesions[f"procedure-{n}"]["age"], lesions[f"procedure-{n}"]["sex"]) for n in range(1, 9)
    ]
    assert found == [(age, "female") for age in ages.values()]


def test_facts_of_a_patient_keep_their_day_or_none(study):
    study.condition("dated", code="lung", onsetDateTime="2020-05-06")
    study.condition("vague", code="lung", onsetDateTime="2020")
    study.procedure("2020-11-30T17:00:00Z", code="radiotherapy")
    study.procedure("2020-10-30", code="radiotherapy", status="not-done")
    study.procedure()
    facts = study.cohort().cohort.characteristics.select("kind", "at").rows()
    assert set(facts) == {
        ("primary", date(2020, 5, 6)), ("primary", None), ("radiotherapy", date(2020, 12, 1)),
    }  # fmt: skip
