"""A search by code that finds nothing, though there is something: no row is lost or made up."""

from collections import Counter

import pytest
from werkzeug import Response

import made
from abate.cohort.assemble import assemble
from abate.errors import IncompletePull, NothingFound
from abate.mapping import code_lists, mapper
from abate.source import plan
from abate.store.database import open_store

EMPTY = '{"resourceType": "Bundle", "type": "searchset", "total": 0}'
EVENTS = '[event.complication]\ncodes = ["urn:s|leak"]\n'


@pytest.fixture
def ward(hospital):
    """Three patients with an index procedure, a tumour and a score each; no night has passed."""
    for one in "abc":
        hospital.server.put(made.patient(one))
        hospital.server.put(made.procedure(f"treat-{one}", one))
        hospital.server.put(made.condition(f"tumour-{one}", one))
        hospital.server.put(made.score(f"{one}0", one))
    return hospital


def empty(kind, *parameters, unless=None):
    """A front that finds nothing of a type, where it is asked by all of these parameters."""

    def front(request):
        asked = {**request.args, **request.form}
        is_asked = f"/{kind}" in request.path and all(one in asked for one in parameters)
        if not is_asked or (unless and unless in asked):
            return None
        return Response(EMPTY, content_type="application/fhir+json")

    return front


def ids(rows, table="condition"):
    return [row[1] for row in rows[table]]


def searches(ward):
    """What the store knows of the searches: state and parameter by type."""
    with open_store(ward.study("nightly").output / "store.duckdb") as store:
        rows = store.rows("select type, state, parameter from search order by type")
    return {kind: (state, parameter) for kind, state, parameter in rows}


def months_pass(ward, days):
    with open_store(ward.study("nightly").output / "store.duckdb") as store:
        store.run(f"update search set day = day - {days}")


def conditions(ward):
    """How often Conditions were asked for, by method."""
    return Counter(one for one in ward.server.requests if one[1].startswith("Condition"))


@pytest.mark.parametrize("strategy", ["population", "patient"])
def test_conditions_that_no_search_by_code_finds_are_asked_for_by_patient(ward, strategy):
    ward.server.put(made.condition("other-a", "a", "other"))
    ward.server.instead = empty("Condition", "code")
    rows = ward.night(f"source.strategy='{strategy}'")
    assert ids(rows) == ["tumour-a", "tumour-b", "tumour-c"]
    assert "finds no Condition by code, though it has some" in "\n".join(ward.said)
    assert searches(ward)["Condition"][0] == "finds-nothing"


def test_the_books_count_what_came_and_what_was_left_out(ward):
    ward.server.put(made.condition("other-a", "a", "other"))
    ward.server.instead = empty("Condition", "code")
    ward.night()
    with open_store(ward.study("nightly").output / "store.duckdb") as store:
        [books] = store.rows(
            "select expected, received, left_out from ledger where type = 'Condition'"
        )
        [mapped] = store.rows("select received, mapped from accounted where type = 'Condition'")
    assert books == (4, 4, 1)
    assert mapped == (3, 3)


def test_what_is_not_found_by_code_is_not_asked_by_code_the_night_after(ward):
    ward.server.instead = empty("Condition", "code")
    ward.night()
    ward.server.put(made.condition("more-a", "a"))
    rows = ward.night()
    assert ids(rows) == ["more-a", "tumour-a", "tumour-b", "tumour-c"]
    assert ("GET", "Condition") not in conditions(ward)


def test_a_type_that_is_found_by_code_again_is_asked_so_after_a_month(ward):
    ward.server.instead = empty("Condition", "code")
    ward.night()
    ward.server.instead = lambda _: None
    months_pass(ward, 30)
    ward.night()
    assert searches(ward)["Condition"] == ("works", "code")
    ward.night()
    assert conditions(ward) == {("GET", "Condition"): 2}


def test_an_index_that_a_server_loses_buries_no_row(ward):
    """All its Conditions were found by code the night before."""
    before = ward.night()
    ward.server.instead = empty("Condition", "code")
    rows = ward.night()
    assert rows == before
    assert "finds no Condition by code" in "\n".join(ward.said)


def test_conditions_that_are_truly_gone_are_gone(ward):
    """What a server still has of others shows that its search by code works."""
    ward.night()
    for one in "abc":
        ward.server.delete("Condition", f"tumour-{one}")
    ward.server.instead = lambda _: None
    assert ids(ward.night()) == []


def test_scores_that_no_search_by_code_finds_are_asked_for_by_patient(ward):
    ward.server.instead = empty("Observation", "code")
    assert ids(ward.night(), "observation") == ["a0", "b0", "c0"]


def test_index_procedures_that_no_search_by_code_finds_end_the_pull(ward):
    ward.server.instead = empty("Procedure", "code")
    with pytest.raises(IncompletePull) as error:
        ward.night()
    assert "finds none by code" in str(error.value)
    assert "[source] patients" in str(error.value)


def test_index_procedures_of_listed_patients_are_found_without_their_codes(ward):
    ward.server.put(made.procedure("other-a", "a", "other"))
    ward.server.instead = empty("Procedure", "code")
    rows = ward.night("source.strategy='patient'", "source.patients=['a', 'b', 'c']")
    assert ids(rows, "procedure") == ["treat-a", "treat-b", "treat-c"]


def test_no_index_procedure_at_all_is_told_as_before(hospital):
    hospital.server.put(made.patient("a"))
    with pytest.raises(NothingFound):
        hospital.night()


def test_conditions_that_are_found_neither_by_code_nor_by_patient_end_the_pull(ward):
    by_code, by_patient = empty("Condition", "code"), empty("Condition", "patient")
    ward.server.instead = lambda request: by_code(request) or by_patient(request)
    with pytest.raises(IncompletePull) as error:
        ward.night()
    assert "conditions (Condition)" in str(error.value)
    assert "finds none by patient" in str(error.value)


class TestWhereNothingTells:
    """The server has no Condition at all, of whatever code."""

    @pytest.fixture
    def bare(self, ward):
        for one in "abc":
            ward.server.delete("Condition", f"tumour-{one}")
        return ward

    @pytest.mark.parametrize("strategy", ["population", "patient"])
    def test_it_is_not_assessable(self, bare, strategy):
        rows = bare.night(f"source.strategy='{strategy}'")
        assert ids(rows) == []
        assert searches(bare)["Condition"][0] == "open"
        assert "is not known" in "\n".join(bare.said)
        study = bare.study("nightly")
        lists = code_lists.load([])
        with open_store(study.output / "store.duckdb") as store:
            mapper.register(store, plan.make(study.settings, lists).roles, lists)
            cohort = assemble(store, study.settings, "run")
        assert list(cohort.not_assessable) == ["condition.primary"]
        assert "Condition" in cohort.not_assessable["condition.primary"]
        assert cohort.copy().not_assessable == cohort.not_assessable

    def test_a_later_night_asks_once_whether_there_is_any(self, bare):
        bare.night()
        bare.night()
        assert conditions(bare)[("POST", "Condition/_search")] == 0
        assert searches(bare)["Condition"][0] == "open"

    def test_one_of_another_code_and_another_patient_is_enough(self, bare):
        bare.night()
        bare.server.put(made.condition("other", "elsewhere", "other"))
        assert ids(bare.night()) == []
        assert searches(bare)["Condition"] == ("works", "code")

    def test_a_quiet_night_pays_nothing_for_what_is_known(self, bare):
        bare.server.put(made.condition("other", "elsewhere", "other"))
        bare.night()
        bare.night()
        # What changed (two questions: no _lastUpdated, and the code alone), and how many there are.
        quiet = conditions(bare)
        bare.night()
        assert conditions(bare) == quiet
        months_pass(bare, 30)
        bare.night()
        assert conditions(bare).total() == quiet.total() + 2

    def test_where_only_patients_can_be_asked_they_are(self, ward):
        """A search without a patient finds nothing; one of a patient finds another code."""
        for one in "abc":
            ward.server.delete("Condition", f"tumour-{one}")
        ward.server.put(made.condition("other-b", "b", "other"))
        ward.server.instead = empty("Condition", unless="patient")
        ward.night("source.strategy='patient'")
        assert searches(ward)["Condition"] == ("works", "code,patient")


def test_another_capability_statement_asks_anew(ward):
    for one in "abc":
        ward.server.delete("Condition", f"tumour-{one}")
    ward.server.put(made.condition("other", "elsewhere", "other"))
    ward.night()
    with open_store(ward.study("nightly").output / "store.duckdb") as store:
        store.run("update search set capability = 'another'")
    ward.server.instead = empty("Condition", "code")
    ward.night()
    assert searches(ward)["Condition"][0] == "finds-nothing"


def test_a_run_that_was_killed_and_goes_on_knows_what_is_open(ward):
    for one in "abc":
        ward.server.delete("Condition", f"tumour-{one}")
    ward.night()
    ward.server.put(made.patient("d"))
    ward.server.put(made.procedure("treat-d", "d"))
    ward.server.instead = lambda request: (
        Response("no", 404) if "/Patient" in request.path else None
    )
    with pytest.raises(IncompletePull):
        ward.night()
    ward.server.instead = lambda _: None
    ward.night()
    assert searches(ward)["Condition"][0] == "open"
