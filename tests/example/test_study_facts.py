"""The Bundle against the paper: read from the Bundle alone, held against the two tables."""

import re
from collections import Counter
from datetime import date


def age_at(bundle, patient, day):
    birthday = date.fromisoformat(bundle.resources[f"Patient/{patient}"]["birthDate"])
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))


def test_there_are_the_papers_patients_procedures_and_facts(bundle):
    assert len(bundle.of_type("Patient")) == 12
    names = Counter(re.sub(".*-", "", one["id"]) for one in bundle.of_type("Procedure"))
    assert names == {"cementoplasty": 13, "rfa": 3, "radiotherapy": 10}
    primaries = Counter(
        one["code"]["text"] for one in bundle.of_type("Condition") if one["id"].endswith("-primary")
    )
    assert primaries == {
        "lung": 3 + 1,  # the made-up patients have one of each
        "rectum": 2 + 1,
        "renal cell carcinoma": 2,
        "multiple myeloma": 1,
        "pancreas": 1,
        "soft tissue sarcoma": 1,
    }


def test_each_score_of_table_2_is_there_once_on_its_day(bundle, visit_days):
    expected = {
        (int(row["lesion"]), visit_days[visit]): int(text)
        for row in bundle.table("table2_pain_scores.csv")
        for visit, text in row.items()
        if visit != "lesion" and text
    }
    found = {}
    for score in bundle.of_type("Observation"):
        treated_on = bundle.start(bundle.index_procedure(score)).date()
        day = (bundle.local(score["effectiveDateTime"]).date() - treated_on).days
        found[bundle.lesion_number(score), day] = score["valueQuantity"]["value"]
    assert found.pop((13, 0)) == 6
    assert found == expected
    assert len(bundle.of_type("Observation")) == len(expected) + 1


def test_each_score_is_of_its_lesions_patient_and_says_its_scale(bundle):
    for score in bundle.of_type("Observation"):
        assert score["subject"] == bundle.index_procedure(score)["subject"]
        assert bundle.coded(score["code"]) == {("http://loinc.org", "38214-3")}
        [scale] = score["referenceRange"]
        assert (scale["low"]["value"], scale["high"]["value"]) == (0, 10)
        assert score["valueQuantity"]["code"] == "{score}"


def test_table_1_can_be_read_back_from_the_bundle(bundle):
    for row in bundle.table("table1_lesions.csv"):
        treated = bundle.cementoplasty(row["lesion"])
        patient = bundle.resources[treated["subject"]["reference"]]
        assert patient["id"] == row["patient"]
        assert patient["gender"] == {"F": "female", "M": "male"}[row["sex"]]
        assert f"{bundle.start(treated):%Y-%m}" == row["procedure_month"]
        ablated = f"Procedure/lesion-{int(row['lesion']):02}-rfa" in bundle.resources
        assert ablated == (row["rfa_before_cementoplasty"] == "yes")


def test_the_site_groups_of_the_code_lists_are_those_of_table_1(bundle, lists):
    groups = {(code.system, code.code): code.group for code in lists["sites"]}
    for row in bundle.table("table1_lesions.csv"):
        [place] = bundle.cementoplasty(row["lesion"])["bodySite"]
        assert {groups[code] for code in bundle.coded(place)} == {row["lesion_site_group"]}


def test_the_age_at_the_first_procedure_is_the_papers(bundle):
    first = {}
    for row in bundle.table("table1_lesions.csv"):
        day = bundle.start(bundle.cementoplasty(row["lesion"])).date()
        if first.setdefault(row["patient"], day) == day:
            assert age_at(bundle, row["patient"], day) == int(row["age_years"])
    assert len(first) == 10


def test_p02_is_a_year_older_at_the_second_lesion(bundle):
    days = [bundle.start(bundle.cementoplasty(number)).date() for number in (2, 8)]
    assert [age_at(bundle, "P02", day) for day in days] == [49, 50]


def test_the_lesions_are_treated_in_the_papers_order_each_on_a_day_of_its_own(bundle):
    days = [bundle.start(one).date() for one in bundle.cementoplasties()]
    assert len(days) == 13
    assert days == sorted(set(days))


def test_of_the_excluded_patients_one_has_no_score_and_one_only_a_score_before(bundle):
    scores = Counter(score["subject"]["reference"] for score in bundle.of_type("Observation"))
    assert scores["Patient/P11"] == 0
    assert scores["Patient/P12"] == 1
    before = bundle.resources["Observation/lesion-13-D0"]
    assert bundle.local(before["effectiveDateTime"]) < bundle.start(bundle.index_procedure(before))


def test_every_procedure_is_for_the_lesion_at_its_own_site(bundle):
    for one in bundle.of_type("Procedure"):
        [reason] = bundle.references(one["reasonReference"])
        assert bundle.resources[reason]["bodySite"] == one["bodySite"]
        assert bundle.resources[reason]["subject"] == one["subject"]


def test_the_paralysis_is_the_complication_of_lesion_5_alone(bundle):
    [one] = [one for one in bundle.of_type("Procedure") if "complicationDetail" in one]
    assert one == bundle.cementoplasty(5)
    [paralysis] = bundle.references(one["complicationDetail"])
    assert bundle.resources[paralysis]["code"]["text"] == "left leg paralysis"


def test_radiotherapy_comes_before_the_first_procedure_of_its_patient(bundle):
    done = [one for one in bundle.of_type("Procedure") if one["id"].endswith("-radiotherapy")]
    assert len({one["subject"]["reference"] for one in done}) == 10
    for one in done:
        first = min(
            bundle.start(other)
            for other in bundle.cementoplasties()
            if other["subject"] == one["subject"]
        )
        assert one["performedDateTime"] < f"{first:%Y-%m}"
