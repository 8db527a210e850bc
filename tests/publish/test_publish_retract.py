"""Retract: what the study no longer makes is entered in error, and nothing else is."""

import pytest
from werkzeug import Response

from asked import is_batch, is_read, is_transaction

FELL = "ValueError in theirs_module.py, line 3"


def counts(ran):
    assert ran.exit_code == 0, ran.err
    return tuple(ran.json[one] for one in ("create", "update", "retract", "unchanged"))


def reference(statistic):
    return f"Observation/{statistic['id']}"


def without(resource, *keys):
    return {key: one for key, one in resource.items() if key not in keys}


def retracted(ran):
    changes = ran.json["changes"]
    return {one["reference"]: one["differs"] for one in changes if one["action"] == "retract"}


@pytest.fixture
def published(abate, ran, keep_analyses, around):
    """The study file; `falls` and `ties` of `week` and of `day` stand on the source."""
    keep_analyses(ran, week=["falls", "ties"], day=["falls", "ties"])
    assert counts(abate("publish", ran, "--json")) == (4 + around, 0, 0, 0)
    return ran


def test_the_count_of_men_is_retracted_when_all_of_them_turn_out_to_be_women(abate, study, source):
    text = study.read_text("utf-8")
    start, end = text.index("[[analysis]]"), text.index("[report]")
    profile = '[[analysis]]\nuse = "profile"\n\n'
    study.write_text(text[:start] + profile + text[end:], "utf-8")
    assert counts(abate("sync", study, "--json"))[2] == 0
    before = source.statistic("profile/sex-male")
    assert before["status"] == "preliminary"
    for patient in source.all("Patient").values():
        source.put({**patient, "gender": "female"})
    changes = abate("sync", study, "--json").json["changes"]
    gone = {one["reference"]: one["name"] for one in changes if one["action"] == "retract"}
    assert gone[reference(before)] == "profile/sex-male"
    assert not [name for name in gone.values() if "male" not in name or "female" in name]
    after = source.statistic("profile/sex-male")
    assert after["status"] == "entered-in-error"
    changing = ("status", "meta", "extension")
    assert without(after, *changing) == without(before, *changing)
    assert after["meta"]["security"] == before["meta"]["security"]
    assert source.statistic("profile/sex-female")["status"] == "preliminary"


def test_all_that_is_not_estimable_any_more_is_retracted(
    abate, published, keep_analyses, source, around
):
    keep_analyses(published, week="no pairs", day="no pairs")
    # DiagnosticReport and Provenance differ, the Group does not.
    assert counts(abate("publish", published, "--json")) == (0, 2, 4, around - 2)
    assert {
        source.statistic(f"{a}/{s}")["status"] for a in ("week", "day") for s in ("falls", "ties")
    } == {"entered-in-error"}
    assert source.listed() == []


def test_it_is_no_longer_listed_and_the_next_time_all_is_unchanged(
    abate, published, keep_analyses, source, around
):
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    abate("publish", published)
    gone = reference(source.statistic("week/ties"))
    assert gone not in source.listed()
    assert len(source.listed()) == 3
    before = source.ours()
    assert counts(abate("publish", published, "--json")) == (0, 0, 0, 3 + around)
    assert source.ours() == before


def test_an_analysis_that_is_no_longer_in_the_study_is_retracted(
    abate, published, keep_analyses, source
):
    keep_analyses(published, day=["falls", "ties"])
    assert counts(abate("publish", published, "--json"))[2] == 2
    assert source.statistic("week/falls")["status"] == "entered-in-error"
    assert source.statistic("day/falls")["status"] == "preliminary"


def test_an_analysis_that_failed_keeps_its_statistics_and_no_other_does(
    abate, published, keep_analyses, source, around
):
    before = source.ours()
    keep_analyses(published, error=FELL, week=["falls"], day=None)
    assert counts(abate("publish", published, "--json"))[2] == 1
    after = source.ours()
    day = {reference(source.statistic(f"day/{one}")) for one in ("falls", "ties")}
    assert {name: after[name] for name in day} == {name: before[name] for name in day}
    assert source.statistic("week/ties")["status"] == "entered-in-error"
    assert set(source.listed()) == {reference(source.statistic("week/falls")), *day}
    # Failing again, nothing is written.
    assert counts(abate("publish", published, "--json")) == (0, 0, 0, 1 + around)
    assert source.ours() == after


def test_an_analysis_of_a_longer_name_has_not_failed(abate, ran, keep_analyses, source):
    keep_analyses(ran, **{"week": ["falls"], "week-1": ["falls"]})
    abate("publish", ran)
    keep_analyses(ran, error=FELL, **{"week": None, "week-1": "no pairs"})
    assert counts(abate("publish", ran, "--json"))[2] == 1
    assert source.statistic("week-1/falls")["status"] == "entered-in-error"
    assert source.statistic("week/falls")["status"] == "preliminary"


def test_what_comes_back_is_updated(abate, published, keep_analyses, source, around):
    first = source.ours()
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    abate("publish", published)
    keep_analyses(published, week=["falls", "ties"], day=["falls", "ties"])
    # week/ties, the DiagnosticReport and its Provenance.
    assert counts(abate("publish", published, "--json")) == (0, 3, 0, 1 + around)
    ties = source.statistic("week/ties")
    assert without(ties, "meta") == without(first[reference(ties)], "meta")
    assert reference(ties) in source.listed()
    assert counts(abate("publish", published, "--json")) == (0, 0, 0, 4 + around)


def test_a_dry_run_shows_what_it_would_retract_and_writes_nothing(
    abate, published, keep_analyses, source, around
):
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    before = source.ours()
    shown = abate("publish", published, "--dry-run").out.splitlines()
    assert f"retract  {reference(source.statistic('week/ties'))} week/ties (status)" in shown
    assert shown[-1].endswith(f"retract 1, unchanged {1 + around}; dry run, nothing written")
    assert source.ours() == before


def test_what_is_entered_in_error_already_is_left_as_it_is(abate, published, keep_analyses, source):
    source.put({**source.statistic("week/ties"), "status": "entered-in-error"})
    before = source.statistic("week/ties")
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    assert counts(abate("publish", published, "--json"))[2] == 0
    assert source.statistic("week/ties") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("extension"),
        lambda one: one["identifier"][0].update(value="another-study/week/ties"),
        lambda one: one["identifier"][0].update(value="cementoplasty-2010-b/week/ties"),
        lambda one: one["identifier"][0].update(system="http://example.org/theirs"),
        lambda one: one.pop("identifier"),
    ],
    ids=["no mark", "another study", "a longer study", "another system", "no identifier"],
)
def test_what_is_not_a_statistic_of_the_study_is_never_retracted(
    abate, published, keep_analyses, source, change
):
    theirs = source.statistic("week/ties")
    change(theirs)
    source.put(theirs)
    before = source.get(reference(theirs)).json()
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    assert counts(abate("publish", published, "--json"))[2] == 0
    assert source.get(reference(theirs)).json() == before


def test_what_the_report_lists_by_its_whole_address_and_twice_is_retracted_once(
    abate, published, keep_analyses, source
):
    ties = reference(source.statistic("week/ties"))
    [report] = source.all("DiagnosticReport").values()
    others = [one for one in report["result"] if one["reference"] != ties]
    whole = {"reference": f"{source.base}/{ties}"}
    source.put({**report, "result": [*others, whole, whole]})
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    assert retracted(abate("publish", published, "--json")) == {ties: ["status"]}


def test_what_the_report_lists_and_is_no_observation_is_not_even_read(
    abate, published, keep_analyses, source, around
):
    [report] = source.all("DiagnosticReport").values()
    odd = [
        "Observation/../Patient/patient-1",
        "Patient/patient-1",
        "http://127.0.0.1:1/Observation/1",
    ]
    source.put({**report, "result": [{"reference": one} for one in odd] + [{"display": "x"}]})
    keep_analyses(published, week=["falls", "ties"], day=["falls", "ties"])
    assert counts(abate("publish", published, "--json")) == (0, 1, 0, 3 + around)


def test_a_statistic_that_was_deleted_there_is_passed_over(
    abate, published, keep_analyses, source, around
):
    source.delete(reference(source.statistic("week/ties")))
    keep_analyses(published, week=["falls"], day=["falls", "ties"])
    assert counts(abate("publish", published, "--json")) == (0, 2, 0, 1 + around)


class TestTarget:
    """A target that does otherwise than it should."""

    @pytest.fixture
    def target(self, abate, ran, keep_analyses, proxy):
        """Publish through a proxy, then lose `ties`; from then on the proxy does as told."""

        def start(answer):
            begun = []
            behind, url = proxy(
                lambda request, forward: answer(request, forward) if begun else forward(request)
            )
            text = ran.read_text("utf-8")
            ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
            keep_analyses(ran, week=["falls", "ties"])
            assert abate("publish", ran).exit_code == 0
            keep_analyses(ran, week=["falls"])
            begun.append(True)
            return behind

        return start

    def test_what_a_writer_in_between_signed_is_retracted_all_the_same(self, abate, ran, target):
        def answer(request, forward):
            if is_transaction(request):
                behind.put({**behind.statistic("week/ties"), "status": "final"})
            return forward(request)

        behind = target(answer)
        assert counts(abate("publish", ran, "--json"))[2] == 1
        assert behind.statistic("week/ties")["status"] == "entered-in-error"

    def test_a_status_that_did_not_arrive_is_told(self, abate, ran, target):
        def answer(request, forward):
            given = forward(request)
            if is_read(request):
                given.set_data(given.get_data().replace(b'"entered-in-error"', b'"preliminary"'))
            return given

        behind = target(answer)
        told = abate("publish", ran)
        assert told.exit_code == 5
        ties = reference(behind.statistic("week/ties")).replace("/", " ")
        assert f"returns something else for {ties} (1 in all)" in told.err

    def test_a_statistic_that_cannot_be_read_stops_it(self, abate, ran, target):
        gone = []

        def answer(request, forward):
            is_gone = is_batch(request) or request.path.removeprefix("/fhir/") in gone
            return Response("no", 403) if is_gone else forward(request)

        behind = target(answer)
        gone.append(reference(behind.statistic("week/ties")))
        before = behind.ours()
        stopped = abate("publish", ran)
        assert stopped.exit_code == 1
        assert "answered 403" in stopped.err
        assert behind.ours() == before

    def test_another_resource_in_its_place_stops_it(self, abate, ran, target):
        asked = []

        def answer(request, forward):
            if is_batch(request) or request.path.removeprefix("/fhir/") in asked:
                body = behind.get(reference(behind.statistic("week/falls"))).content
                return Response(body, 200, content_type="application/fhir+json")
            return forward(request)

        behind = target(answer)
        asked.append(reference(behind.statistic("week/ties")))
        before = behind.ours()
        stopped = abate("publish", ran)
        assert stopped.exit_code == 1
        assert "answered with another resource" in stopped.err
        assert behind.ours() == before
