"""A server that refuses the usual question is asked in the form that it takes."""

import pytest
from werkzeug import Response

from abate.errors import IncompletePull
from abate.source.query import Query
from abate.source.query_forms import CATEGORIES, USUAL, WITHOUT_CODE, Form, other_forms

ASKED = Query(name="pain scores", type="Observation", tokens=("urn:s|pain",), patients=("p1",))


def asked(script, kind):
    """The parameters of all searches of a type by POST that ask for pages, in their order."""
    return [
        form
        for method, url, form in script.requests
        if method == "POST" and f"/{kind}/" in url and "_summary" not in form
    ]


def refusing(script, parameter, *found):
    """What answers a search without this parameter, and refuses one with it."""

    def page(request):
        if parameter in request.form:
            return Response("no", 400)
        return script.bundle(*found, total=len(found))

    return page


def wanting(script, parameter, *found):
    """What refuses a search without this parameter."""

    def page(request):
        if parameter not in request.form:
            return Response("no", 400)
        return script.bundle(*found, total=len(found))

    return page


def test_the_forms_with_categories_come_last_since_they_find_less():
    assert list(other_forms(ASKED)) == [
        WITHOUT_CODE,
        Form(categories=CATEGORIES),
        Form(has_code=False, categories=CATEGORIES),
    ]


def test_a_category_of_the_study_file_is_the_only_one_that_is_asked_for():
    with_category = ASKED.of(extra={"category": "survey"})
    assert list(other_forms(with_category)) == [WITHOUT_CODE]
    assert dict(WITHOUT_CODE.of(with_category).pairs) == {"patient": "p1", "category": "survey"}


def test_the_usual_form_changes_nothing():
    assert USUAL.of(ASKED) == ASKED


def test_what_is_refused_by_code_is_asked_without_and_filtered_here(script, pull, resource):
    other = resource["Observation"]("o1") | {"code": {"coding": [{"code": "other"}]}}
    mine = resource["Observation"]("s1")
    script.pages["Observation"] = [refusing(script, "code", mine, other)]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1"]
    [line] = [one for one in pulled.ledger.lines if one.type == "Observation"]
    assert (line.expected, line.received, line.left_out) == (2, 2, 1)
    assert "1 of them have none of the study's codes and are left out" in str(line)


def test_the_form_that_is_taken_holds_for_all_patients_that_follow(script, pull, resource):
    owners = [f"p{number}" for number in range(1, 6)]
    procedures = [resource["Procedure"](f"pr-{one}", one) for one in owners]
    patients = [{"resourceType": "Patient", "id": one} for one in owners]
    script.pages["Procedure"] = [
        lambda request: script.bundle(
            *(one for one in procedures if request.form.get("patient", "p") in str(one["subject"]))
        )
    ]
    script.pages["Patient"] = [script.bundle(*patients, total=5)]

    def scores(request):
        if "code" in request.form:
            return Response("no", 400)
        owner = request.form["patient"]
        return script.bundle(resource["Observation"](f"s-{owner}", owner), total=1)

    script.pages["Observation"] = [scores]
    pulled = pull(patients_a_query=1)
    assert pulled.ids("Observation") == [f"s-{one}" for one in owners]
    refused = [form for form in asked(script, "Observation") if "code" in form]
    # Each question is asked without _total too, before it is taken for refused.
    assert {form["patient"] for form in refused} == {"p1"}


def test_a_server_that_wants_a_category_gets_all_and_says_what_that_leaves_out(
    script, pull, resource
):
    script.pages["Observation"] = [wanting(script, "category", resource["Observation"]("s1"))]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1"]
    assert asked(script, "Observation")[-1]["category"] == ",".join(CATEGORIES)
    said = "\n".join(pulled.said)
    assert "without one of these. They are the categories of FHIR's own code system" in said
    assert "add it to [source.query.observation] category" in said


def test_a_server_that_takes_no_form_fails_the_pull(script, pull):
    script.pages["Observation"] = [Response("no", 400)]
    with pytest.raises(IncompletePull, match="answered 400"):
        pull()


def test_a_category_of_the_study_file_is_asked_for_as_it_stands_and_what_it_leaves_out_is_said(
    script, pull, resource
):
    script.pages["Observation"] = [wanting(script, "category", resource["Observation"]("s1"))]
    pulled = pull(query={"observation": {"category": ["urn:w|pain", "survey"]}})
    forms = asked(script, "Observation")
    assert {form["category"] for form in forms} == {"urn:w|pain,survey"}
    words = "with the categories urn:w|pain, survey: it finds no resources without one of these"
    assert [one for one in pulled.said if words in one] == [
        f"the search of Observation is made {words}"
    ]


@pytest.mark.parametrize("strategy", ["patient", "population"])
@pytest.mark.parametrize("query", [{"observation": {"category": ["survey"]}}, {}])
def test_nothing_confirms_a_search_by_category(script, pull, resource, strategy, query):
    script.pages["Observation"] = [wanting(script, "category", resource["Observation"]("s1"))]
    script.counts["Observation"] = script.bundle(total=1)
    pulled = pull(strategy=strategy, query=query)
    assert pulled.ids("Observation") == ["s1"]
    assert pulled.ledger.unconfirmed == ["pain scores"]
    assert "or is asked for some categories only" in "\n".join(pulled.said)
