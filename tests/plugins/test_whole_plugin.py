"""A whole plugin, as the documentation shows it, on the published study."""

import math

import pytest

from abate.analysis import loader

WHOLE = '''"""Change in pain by sex."""
from dataclasses import dataclass
from typing import ClassVar

from scipy.stats import mannwhitneyu

from abate import Analysis, Cohort, Estimate, Result, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBySex:
    """Mann-Whitney U of the change from baseline at `endpoint`."""

    name: ClassVar[str] = "change-by-sex"
    endpoint: str = "Wk1"

    def run(self, cohort: Cohort) -> Result:
        pairs = cohort.pairs(endpoint=self.endpoint)
        women, men = pairs.split("sex", "female", "male")
        if not (len(women) and len(men)):
            return Result.not_estimable("one group is empty")
        test = mannwhitneyu(women, men)
        return Result(estimates=[Estimate(name="U", value=test.statistic, p=test.pvalue,
                                          n=len(women) + len(men), method="Mann-Whitney U",
                                          population=pairs.population)])


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    return [ChangeBySex]
'''
USED = '[[analysis]]\nuse = "change-by-sex"'


@pytest.fixture
def change_by_sex(install):
    install("change_by_sex", WHOLE, head="")


@pytest.mark.usefixtures("change_by_sex")
def test_its_figures_are_those_of_the_published_table(abate, study):
    # Table 2, D0 to Wk1. Women: lesions 5 (7 to 4) and 10 (5 to 3). Men: 1 (6 to 1), 4 (5 to 0),
    # 6 (2 to 1), 8 (2 to 4), 11 (5 to 4). A woman's change is the greater one in 4 of 10 pairs.
    women, men = [-3, -2], [-5, -5, -1, 2, -1]
    u = sum(woman > man for woman in women for man in men)
    # Normal approximation with correction for continuity and for the two ties of two.
    deviation = math.sqrt(2 * 5 / 12 * (8 - 2 * (2**3 - 2) / (7 * 6)))
    p = math.erfc((abs(u - 5) - 0.5) / deviation / math.sqrt(2))
    [outcome] = abate("run", study(USED), "--json").json["outcomes"]
    [estimate] = outcome["result"]["estimates"]
    assert (estimate["value"], estimate["n"]) == (u, 7)
    assert estimate["p"] == pytest.approx(p, rel=1e-12)


@pytest.mark.usefixtures("change_by_sex")
def test_its_result_is_published_and_names_plugin_and_version(abate, study):
    path = study(USED)
    assert abate("run", path).exit_code == 0
    changes = abate("publish", path, "--json").json["changes"]
    kinds = [change["reference"].partition("/")[0] for change in changes]
    ours = ["Group", "List", "Observation", "DiagnosticReport", "Provenance"]
    assert kinds == ["CodeSystem"] * 3 + ours
    [outcome] = abate("run", path, "--json").json["outcomes"]
    assert (outcome["plugin"], outcome["plugin_version"]) == ("change_by_sex", "1.2")


@pytest.mark.usefixtures("change_by_sex")
def test_not_estimable_is_a_result(abate, study, study_resources):
    for resource in study_resources:
        if resource["resourceType"] == "Patient":
            resource["gender"] = "male"
    ran = abate("run", study(USED), "--json")
    assert ran.exit_code == 0
    assert ran.json["outcomes"][0]["result"]["reason"] == "one group is empty"


@pytest.mark.usefixtures("change_by_sex")
def test_its_parameter_comes_from_the_study_file(abate, study):
    # At D1 the only woman with a score, lesion 10, stays at 5; and lesion 5 goes from 7 to 4.
    [outcome] = abate("run", study(f'{USED}\nendpoint = "D1"'), "--json").json["outcomes"]
    [estimate] = outcome["result"]["estimates"]
    # D0 to D1: women -3 (5), 0 (9), 0 (10); men 5 (2), -5 (3), -3 (4), 0 (6), 1 (8).
    assert estimate["n"] == 8
    assert outcome["parameters"] == {"endpoint": "D1"}


@pytest.mark.usefixtures("change_by_sex")
def test_it_is_listed_with_its_package_and_what_it_offers(abate):
    listed = {one["name"]: one for one in abate("plugins", "--json").json["plugins"]}
    assert listed["change_by_sex"] == {
        "name": "change_by_sex",
        "package": "change_by_sex",
        "version": "1.2",
        "state": "loaded",
        "problem": "",
        "analyses": ["change-by-sex"],
    }


@pytest.mark.usefixtures("change_by_sex")
def test_a_blocked_plugin_is_not_loaded(abate, study):
    blocking = '[plugins]\nblock = ["change_by_sex"]\n'
    ran = abate("run", study(USED, more=blocking))
    assert ran.exit_code == 2
    assert "no plugin offers the analysis 'change-by-sex'" in ran.err


def test_with_an_allow_list_only_ours_and_the_listed_ones_load(install):
    install("one", "")
    install("two", "@hookimpl\ndef read_score():\n    return None")
    allowing = loader.Plugins(allow=["two"])
    states = {known.name: known.state for known in loader.load(allowing).known}
    assert states == {
        "abate_analyses": "loaded",
        "abate_mappings": "loaded",
        "one": "not allowed",
        "two": "loaded",
    }


def test_a_blocked_plugin_is_not_even_imported(install):
    install("theirs", 'raise RuntimeError("imported")')
    [theirs] = [
        known
        for known in loader.load(loader.Plugins(block=["theirs"])).known
        if known.name == "theirs"
    ]
    assert theirs.state == "blocked"


def test_our_own_plugins_can_be_blocked(abate, study):
    path = study('[[analysis]]\nuse = "profile"', more='[plugins]\nblock = ["abate_analyses"]\n')
    ran = abate("run", path)
    assert ran.exit_code == 2
    assert "no plugin offers the analysis 'profile'" in ran.err
