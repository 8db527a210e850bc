"""Random days and nights: after each night the store equals a fresh pull, row for row."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Response
from werkzeug.test import Client

import made
from abate.sandbox import Sandbox

PATIENTS = ("a", "b", "c", "d")
OTHER = {p: PATIENTS[(i + 1) % 4] for i, p in enumerate(PATIENTS)}

patients = st.sampled_from(PATIENTS)
codes = st.sampled_from(("72514-3", "72514-3", "72514-3", "8867-4"))
statuses = st.sampled_from(("final", "final", "entered-in-error"))
edits = st.one_of(
    st.tuples(st.just("score"), st.integers(0, 5), patients, st.integers(0, 10), codes, statuses),
    st.tuples(st.just("no score"), st.integers(0, 5)),
    st.tuples(
        st.just("procedure"), st.integers(0, 3), patients,
        st.sampled_from(("treat", "treat", "earlier", "other")),
        st.sampled_from(("completed", "entered-in-error")),
    ),
    st.tuples(st.just("no procedure"), st.integers(0, 3)),
    st.tuples(st.just("condition"), st.integers(0, 2), patients, st.sampled_from(("tumour", "x"))),
    st.tuples(st.just("no condition"), st.integers(0, 2)),
    st.tuples(st.just("patient"), patients),
    st.tuples(st.just("merge"), patients),
    st.tuples(st.just("no patient"), patients),
)  # fmt: skip
days = st.lists(st.lists(edits, min_size=1, max_size=5), min_size=1, max_size=4)


def edit(server, what, *how):
    """Do one edit on the server; what is not there cannot be deleted, and that is no matter."""
    if what == "score":
        number, patient, value, code, status = how
        server.put(made.score(f"score-{number}", patient, value, code, status=status))
    elif what == "procedure":
        number, patient, code, status = how
        server.put(made.procedure(f"procedure-{number}", patient, code, status=status))
    elif what == "condition":
        number, patient, code = how
        server.put(made.condition(f"condition-{number}", patient, code))
    elif what == "patient":
        server.put(made.patient(*how))
    elif what == "merge":
        server.put(made.patient(how[0], replaced_by=OTHER[how[0]]))
    else:
        kind = what.removeprefix("no ")
        name = how[0] if kind == "patient" else f"{kind}-{how[0]}"
        resource = {"score": "Observation"}.get(kind, kind.title())
        server.delete(resource, name)


def without_history(request):
    """The server's statement says nothing of a history."""
    if not request.path.endswith("/metadata"):
        return None
    statement = json.loads(Client(Sandbox()).get("/fhir/metadata").data)
    for one in statement["rest"][0]["resource"]:
        one["interaction"] = [i for i in one["interaction"] if "history" not in i["code"]]
    return Response(json.dumps(statement), content_type="application/fhir+json")


# By each: what stands in front of the server, the strategy, and how the later nights are asked for.
WAYS = {
    "population": (lambda _: None, "population", {}),
    "population without history, reconciled": (
        without_history,
        "population",
        {"is_compared": True},
    ),
    "patient": (lambda _: None, "patient", {}),
}


@pytest.mark.parametrize("way", WAYS)
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(days=days)
def test_any_days_and_nights_leave_what_a_fresh_pull_makes(hospital, days, way):
    hospital.begin(Path(tempfile.mkdtemp(dir=hospital.folder)))
    server = hospital.server
    server.instead, strategy, asked_for = WAYS[way]
    asked = f"source.strategy='{strategy}'"
    for one in PATIENTS:
        server.put(made.patient(one))
    server.put(made.procedure("always", "d"))
    server.put(made.score("always", "d"))
    hospital.night(asked)
    for day in days:
        for what, *how in day:
            edit(server, what, *how)
        assert hospital.night(asked, **asked_for) == hospital.fresh(asked)
