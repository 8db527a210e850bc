"""Which categories pain scores have, and which a server wants to be named: row, advice, draft."""

import pytest
from werkzeug import Response

from abate.config.reader import read
from abate.survey.sample import name_categories

POST = "Observation/_search"
ROW = "scores without a category"
KEY = "[source.query.observation] category"
SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
SURVEY, OWN = (SYSTEM, "survey"), ("urn:w", "pain")


@pytest.fixture
def filed(front):
    """File the pain scores of the front, each under categories: `filed([SURVEY], [], ...)`."""

    def file(*all_categories):
        for number, categories in enumerate(all_categories):
            score = front.get(f"Observation/s{number}").json
            front.put(score | {"category": [concept(*one) for one in categories]})

    return file


def concept(system, code):
    return {"coding": [{"system": system, "code": code}]}


def asked_of(request):
    return {**request.args, **request.form}


@pytest.fixture
def strict(front):
    """A server that refuses Observations without a patient or a category, or with some of these."""

    def refuse(is_refused=lambda _: False):
        def instead(request):
            asked = asked_of(request)
            is_search = request.path.rstrip("/").endswith(("Observation", POST))
            lacks = is_search and not {"category", "patient"} <= asked.keys()
            given = asked.get("category", "").split(",")
            return Response("", 400) if lacks or is_refused(given) else None

        front.instead = instead
        return front

    return refuse


@pytest.fixture
def begun(abate, tmp_path):
    def init(front):
        path = tmp_path / "study.toml"
        ran = abate("init", front.base, "--to", path)
        assert ran.exit_code == 0, ran.err
        return path, ran

    return init


def categories_of(path):
    return read(path).settings.source.query.categories


def test_a_server_that_wants_none_is_told_with_what_was_seen_and_nothing_is_written(
    front, filed, checked, begun
):
    filed([SURVEY], [SURVEY, OWN], [OWN])
    found = checked(front)
    [row] = [one for one in found["probes"] if one["what"] == ROW]
    seen = "no category (2), survey (2), urn:w|pain (2)"
    assert (row["found"], row["then"]) == ("yes", f"a pull needs no category; seen: {seen}")
    assert found["category"]["write"] == []
    assert not [one for one in found["advice"]["write"] if "category" in one]
    path, _ = begun(front)
    assert categories_of(path) == {}
    assert "category" not in path.read_text("utf-8")


def test_a_server_that_refuses_without_one_gets_those_of_the_scores(strict, filed, checked, begun):
    filed(*[[SURVEY]] * 5)
    found = checked(strict())
    [row] = [one for one in found["probes"] if one["what"] == ROW]
    assert row["found"] == "NO"
    assert "5 pain scores were found: survey (5)" in row["then"]
    assert f'{KEY} = ["survey"]' in row["then"]
    assert "does not see scores with only a local category" in row["then"]
    assert f'{KEY} = ["survey"]' in found["advice"]["write"]
    path, ran = begun(strict())
    assert categories_of(path) == {"Observation": ["survey"]}
    assert "of 5 sampled pain scores" in path.read_text("utf-8")
    assert "refused without a category" in ran.err


def test_a_category_of_the_site_beside_one_of_fhirs_is_written_too(strict, filed, checked):
    filed([SURVEY, OWN], [SURVEY], [OWN])
    found = checked(strict())
    assert found["category"]["seen"] == [{"what": "survey", "n": 2}, {"what": "urn:w|pain", "n": 1}]
    assert found["category"]["write"] == ["survey", "urn:w|pain"]


def test_a_category_that_the_server_does_not_take_is_not_written(strict, filed, checked):
    filed([SURVEY, OWN], [SURVEY])
    assert checked(strict(lambda given: "urn:w|pain" in given))["category"]["write"] == ["survey"]


def test_categories_that_do_not_bring_the_same_scores_are_not_written(strict, filed, checked):
    filed([SURVEY])
    found = checked(strict(lambda given: given == ["survey"]))
    assert found["category"] == {
        "is_wanted": True,
        "n": 1,
        "seen": [{"what": "survey", "n": 1}],
        "write": [],
    }


def test_at_most_two_searches_more_are_made(strict, filed, checked):
    filed([SURVEY, OWN])
    front = strict(lambda given: "urn:w|pain" in given)
    front.requests.clear()
    checked(front)
    usual = 1 + 1  # the search both ways, and by patient
    forms = 2  # without a code, and with FHIR's categories
    assert front.requests.count(("POST", POST)) <= usual + forms + 2


def test_where_no_score_is_found_the_row_says_that_the_site_may_have_its_own(
    strict, filed, checked, begun
):
    filed(*[[OWN]] * 5)
    found = checked(strict())
    [row] = [one for one in found["probes"] if one["what"] == ROW]
    assert (row["found"], "no pain scores were found" in row["then"]) == ("NO", True)
    assert f"{KEY} = [...]" in row["then"]
    assert any("only a local category" in one for one in found["advice"]["missing"])
    text = begun(strict())[0].read_text("utf-8")
    assert "# [source.query.observation]" in text
    assert "# category = []  # FILL IN" in text


def test_a_patient_is_known_where_only_patients_can_be_searched(front, filed, rows):
    filed(*[[SURVEY]] * 5)

    def instead(request):
        asked = asked_of(request)
        is_record = any(one in request.path for one in ("Procedure", "Observation", "Condition"))
        lacks = "Observation" in request.path and "category" not in asked
        return Response("", 400) if is_record and ("patient" not in asked or lacks) else None

    front.instead = instead
    found = rows(front)
    assert found["search by patient"]["found"] == "yes"
    assert f'{KEY} = ["survey"]' in found[ROW]["then"]


def test_where_no_search_is_taken_nothing_is_said(odd, rows):
    assert rows(odd(resources=[]))[ROW]["found"] == "not tried"


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ([concept(SYSTEM, "survey")], {"survey"}),
        ([concept(SYSTEM, "pain")], {f"{SYSTEM}|pain"}),
        ([concept("urn:w", "survey")], {"urn:w|survey"}),
        ([concept(None, "pain")], {"pain"}),
        ([concept("urn:w", "a,b")], {"a category that a search cannot name"}),
        ([concept("urn:w", "a b")], {"a category that a search cannot name"}),
        ([{"text": "CANARY"}], {"a category that a search cannot name"}),
        ([concept("urn:w", "x\u202ey")], {"a category that a search cannot name"}),
        (
            [concept(SYSTEM, "survey"), {"text": "CANARY"}],
            {"survey", "a category that a search cannot name"},
        ),
        ([], {"no category"}),
        ("survey", {"no category"}),
        ([7, {"coding": [7]}], {"a category that a search cannot name"}),
    ],
)
def test_a_category_is_named_as_a_study_file_names_it(category, name):
    assert name_categories({"category": category}) == name
    assert not any("CANARY" in one for one in name)
