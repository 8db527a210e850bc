"""The hooks around an analysis: wrappers, reports of a plugin's own, news, odd scores."""

import json
import re

import pytest
import requests

from abate.analysis import loader
from abate.errors import PluginError

ONE_ESTIMATE = 'return Result(estimates=[Estimate(name="x", value=1, **ONE)])'
LIST = '{"resourceType": "List", "id": "theirs-1", "status": "current", "mode": "snapshot"%s}'
RENDERS = """
@hookimpl
def render_report(result):
    return [{resource}]
"""
SEVEN_OF_TEN = """
@hookimpl
def read_score(observation):
    value, _, of = observation.get("valueString", "").partition("/")
    if of == "10":
        return Score(value=float(value), raw=observation["valueString"], scale=10)
"""


def written(path, reference):
    base = path.read_text().partition('url = "')[2].partition('"')[0]
    return requests.get(f"{base}/{reference}", timeout=5)


class TestWrappers:
    def test_a_wrapper_of_run_analysis_may_change_the_result(self, offer, install, outcome):
        offer(ONE_ESTIMATE)
        install(
            "wrapper",
            """
            from dataclasses import replace

            @hookimpl(wrapper=True)
            def run_analysis(analysis):
                result = yield
                return replace(result, notes=[f"seen: {analysis.name}"])
            """,
        )
        assert outcome("odd").result.notes == ["seen: odd"]
        assert outcome("odd").result["x"].value == 1

    def test_a_cache_may_answer_in_place_of_the_analysis(self, offer, install, outcome):
        offer('raise ValueError("not reached")')
        install(
            "cache",
            """
            @hookimpl
            def run_analysis():
                return Result.not_estimable("from the cache")
            """,
        )
        assert outcome("odd").result.reason == "from the cache"

    def test_of_two_that_answer_in_its_place_the_first_by_name_counts(
        self, offer, install, outcome
    ):
        offer('raise ValueError("not reached")')
        answers = "@hookimpl\ndef run_analysis():\n    return Result.not_estimable({!r})"
        install("alpha", answers.format("alpha"))
        install("beta", answers.format("beta"))
        assert outcome("odd").result.reason == "alpha"

    def test_a_wrapper_that_raises_costs_that_result_only(self, offer, install, outcome):
        offer(ONE_ESTIMATE)
        install(
            "wrapper",
            """
            @hookimpl(wrapper=True)
            def run_analysis(analysis):
                yield
                raise ValueError("CANARY-4711-XYZ")
            """,
        )
        assert outcome("odd").error.startswith("ValueError in wrapper_module.py, line 12")


class TestRenderReport:
    def test_resources_of_a_plugin_stand_beside_the_observations(self, abate, ran, install):
        install("theirs", RENDERS.format(resource=LIST % ', "title": "a list of theirs"'))
        path = ran("profile")
        assert abate("publish", path).exit_code == 0
        assert written(path, "List/theirs-1").json()["title"] == "a list of theirs"

    def test_they_are_written_once_and_labelled_as_test_data(self, abate, ran, install):
        install("theirs", RENDERS.format(resource=LIST % ', "title": "a list of theirs"'))
        path = ran("profile")
        abate("publish", path)
        again = abate("publish", path, "--json").json
        assert (again["create"], again["update"]) == (0, 0)
        meta = written(path, "List/theirs-1").json()["meta"]
        assert (meta["versionId"], meta["security"][0]["code"]) == ("1", "HTEST")

    def test_their_own_meta_and_extensions_stay(self, abate, ran, install):
        more = (
            ', "meta": {"profile": ["http://a.test/p"]},'
            ' "extension": [{"url": "http://a.test/e", "valueString": "theirs"}]'
        )
        install("theirs", RENDERS.format(resource=LIST % more))
        path = ran("profile")
        abate("publish", path)
        found = written(path, "List/theirs-1").json()
        assert found["meta"]["profile"] == ["http://a.test/p"]
        assert found["extension"][0] == {"url": "http://a.test/e", "valueString": "theirs"}
        assert abate("publish", path, "--json").json["update"] == 0

    def test_a_change_in_one_is_an_update(self, abate, ran, install, tmp_path):
        title = tmp_path / "title"
        title.write_text("first")
        resource = LIST[:-3] + f', "title": __import__("pathlib").Path(r"{title}").read_text()}}'
        install("theirs", RENDERS.format(resource=resource))
        path = ran("profile")
        abate("publish", path)
        title.write_text("second")
        assert abate("publish", path, "--json").json["update"] == 1
        assert written(path, "List/theirs-1").json()["title"] == "second"

    @pytest.mark.parametrize(
        ("resource", "said"),
        [
            (
                LIST % ', "colour": "red"',
                "List/theirs-1, rendered by the plugin 'theirs', is not valid FHIR R4: List",
            ),
            ('{"resourceType": "List"}', "the plugin 'theirs' renders the result of 'profile' as"),
            ('"List"', "the plugin 'theirs' renders the result of 'profile' as something that is"),
        ],
    )
    def test_a_bad_one_is_refused_with_its_plugin(self, abate, ran, install, resource, said):
        install("theirs", RENDERS.format(resource=resource))
        path = ran("profile")
        refused = abate("publish", path)
        assert refused.exit_code == 5
        assert said in refused.err
        assert written(path, "Group").json()["total"] == 0

    def test_one_id_for_two_results_is_refused(self, abate, ran, install):
        install("theirs", RENDERS.format(resource=LIST % ""))
        path = ran("profile", "course")
        refused = abate("publish", path)
        assert refused.exit_code == 5
        assert "the report would have List/theirs-1 twice" in refused.err

    def test_a_resource_of_somebody_else_is_not_overwritten(self, abate, ran, install):
        patient = '{"resourceType": "Patient", "id": "P01"}'
        install("theirs", RENDERS.format(resource=patient))
        path = ran("profile")
        before = written(path, "Patient/P01").content
        refused = abate("publish", path)
        assert refused.exit_code == 5
        assert re.search("a Patient~[0-9a-f]{12} without abate's mark", refused.err)
        assert "P01" not in refused.err
        assert written(path, "Patient/P01").content == before

    def test_one_that_raises_stops_the_publication_by_name(self, abate, ran, install):
        install("theirs", RENDERS.format(resource="1 / 0"))
        path = ran("profile")
        refused = abate("publish", path)
        assert refused.exit_code == 4
        assert "the plugin 'theirs' is broken: render_report stopped: ZeroDivision" in refused.err
        assert written(path, "Group").json()["total"] == 0


class TestReportWritten:
    TOLD = """
    import json, pathlib

    @hookimpl
    def report_written(result, references):
        with pathlib.Path(r"{told}").open("a") as file:
            file.write(json.dumps([[one.name for one in result.estimates], references]) + "\\n")
    """

    def test_it_is_told_what_stands_where_also_when_nothing_changed(
        self, abate, ran, install, tmp_path
    ):
        told = tmp_path / "told"
        install("listener", self.TOLD.format(told=told))
        path = ran("odd")
        abate("publish", path)
        abate("publish", path)
        first, second = (json.loads(line) for line in told.read_text().splitlines())
        assert first == second
        names, [reference] = first
        assert names == ["x"]
        assert written(path, reference).json()["valueQuantity"]["value"] == 1

    def test_a_dry_run_tells_nobody(self, abate, ran, install, tmp_path):
        told = tmp_path / "told"
        install("listener", self.TOLD.format(told=told))
        path = ran("profile")
        assert abate("publish", path, "--dry-run").exit_code == 0
        assert not told.exists()

    def test_a_listener_that_raises_is_noted_and_the_report_stands(self, abate, ran, install):
        install(
            "listener",
            """
            @hookimpl
            def report_written(result):
                raise ValueError("CANARY-4711-XYZ")
            """,
        )
        path = ran("profile")
        assert abate("publish", path).exit_code == 0
        shown = abate("status", path).out
        assert "the plugin 'listener' is broken: report_written stopped: ValueError in" in shown
        assert "CANARY" not in shown


class TestReadScore:
    @pytest.fixture
    def odd_score(self, study, study_resources):
        """The study, with lesion 1's first-week score written as a text."""
        for resource in study_resources:
            if resource["id"] == "lesion-01-Wk1":
                del resource["valueQuantity"]
                resource["valueString"] = "9/10"
        return study('[[analysis]]\nuse = "pain-course"', resources=study_resources)

    def first_week(self, ran):
        estimates = ran.json["outcomes"][0]["result"]["estimates"]
        [found] = [one for one in estimates if one["name"] == "median-Wk1"]
        return found["value"], found["n"]

    def test_without_a_plugin_it_is_no_score(self, abate, odd_score):
        # Wk1 without lesion 1: 0, 0, 1, 3, 4, 4, 4.
        assert self.first_week(abate("run", odd_score, "--json")) == (3, 7)

    def test_a_plugin_reads_it(self, abate, odd_score, install):
        # Wk1 with lesion 1 at 9: 0, 0, 1, 3, 4, 4, 4, 9.
        install("theirs", SEVEN_OF_TEN)
        assert self.first_week(abate("run", odd_score, "--json")) == (3.5, 8)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ('Score(value=90, raw="90", scale=100)', "did not give a Score"),
            ('Score(value="9", raw="9", scale=10)', "did not give a Score"),
            ('Score(value=float("nan"), raw="", scale=10)', "did not give a Score"),
            ("9", "did not give a Score"),
            ('int("CANARY-4711-XYZ")', "stopped: ValueError in theirs_module.py, line 10"),
        ],
    )
    def test_one_that_is_wrong_stops_the_run_by_name(self, abate, odd_score, install, answer, said):
        install("theirs", f"@hookimpl\ndef read_score(observation):\n    return {answer}")
        ran = abate("run", odd_score)
        assert ran.exit_code == 4
        assert f"the plugin 'theirs' is broken: read_score {said}" in ran.err
        assert "CANARY" not in ran.err

    def test_the_first_answer_counts(self, install):
        install("first", SEVEN_OF_TEN)
        install("second", "@hookimpl\ndef read_score():\n    return None")
        score = loader.load().read_score({"valueString": "4/10"})
        assert (score.value, score.raw, score.scale) == (4, "4/10", 10)

    def test_of_two_that_can_read_it_the_first_by_name_answers(self, install):
        install("beta", SEVEN_OF_TEN.replace("value=float(value)", "value=1"))
        install("alpha", SEVEN_OF_TEN)
        install("gamma", SEVEN_OF_TEN.replace("value=float(value)", "value=2"))
        assert loader.load().read_score({"valueString": "4/10"}).value == 4

    def test_one_that_wants_to_be_first_is_before_the_order_of_names(self, install):
        install("alpha", SEVEN_OF_TEN)
        eager = SEVEN_OF_TEN.replace("value=float(value)", "value=1")
        install("beta", eager.replace("@hookimpl", "@hookimpl(tryfirst=True)"))
        assert loader.load().read_score({"valueString": "4/10"}).value == 1

    def test_the_one_that_stopped_is_named_not_the_one_after_it(self, install):
        install("alpha", "@hookimpl\ndef read_score():\n    raise OSError")
        install("beta", SEVEN_OF_TEN)
        with pytest.raises(PluginError, match="the plugin 'alpha' is broken"):
            loader.load().read_score({"valueString": "4/10"})
