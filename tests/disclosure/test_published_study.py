"""The published study, 11 lesions of 10 patients, under the rules."""

import re
import time

import pytest

from abate.analysis.results import plain
from abate.disclosure import make_release, rule_of

RULES = [5, "cms", "nhs", "opensafely", "ohdsi"]
# Numbers below a minimum that are no counts of units: the form's version, the study file's
# settings, what a chart's axes say, days of a visit, and pain scores (medians, their quartiles).
HARMLESS = re.compile(
    r"format|design/.*|outcomes/\d+/parameters/.*"
    r"|outcomes/\d+/result/charts/\d+/spec/.*"
    r"|outcomes/\d+/result/charts/\d+/data/\w+/\d+/(day|month|visit_day)"
)
SCORES = re.compile(r"(outcomes/\d+/result/estimates/\d+)/(value|interval/(low|high))")


def numbers(given, path=()):
    """All numbers of plain values, each with its path."""
    if isinstance(given, dict):
        for name, value in given.items():
            yield from numbers(value, (*path, name))
    elif isinstance(given, list | tuple):
        for place, value in enumerate(given):
            yield from numbers(value, (*path, str(place)))
    elif isinstance(given, int | float) and not isinstance(given, bool):
        yield "/".join(path), given


def counts_units(plain, path):
    """Whether a number could be one of units: neither harmless, nor a statistic of values."""
    if HARMLESS.fullmatch(path):
        return False
    if not (found := SCORES.fullmatch(path)):
        return True
    place = plain
    for name in found[1].split("/"):
        place = place[int(name)] if name.isdigit() else place[name]
    return place["statistic"] in ("count", "other") and place["unit"].startswith("{")


def test_the_published_study_hides_nothing(published):
    shown = make_release(published, rule_of(1))
    assert plain(shown)["outcomes"] == plain(published)["outcomes"]
    assert plain(shown)["attrition"] == plain(published)["attrition"]


@pytest.mark.parametrize("setting", RULES)
def test_no_small_count_of_the_study_is_left(published_under, setting):
    rule, shown = rule_of(setting), published_under(setting)
    estimates = [one for outcome in shown.outcomes for one in outcome.result.estimates]
    counts = [one.n for one in estimates] + [n for one in estimates for n in one.counts.values()]
    counts += [step.n for step in shown.attrition] + [shown.patients, shown.lesions]
    assert not any(rule.hides(count) for count in counts if count is not None)
    assert not any(one.value is not None and one.withheld for one in estimates)
    assert not any(one.cases for one in estimates)


@pytest.mark.parametrize("setting", RULES)
def test_no_number_of_the_whole_document_is_a_small_count(published_under, setting):
    rule, content = rule_of(setting), plain(published_under(setting))
    small = [
        path
        for path, number in numbers(content)
        if float(number).is_integer() and rule.hides(int(number)) and counts_units(content, path)
    ]
    assert small == []


@pytest.mark.parametrize("setting", ["nhs", "opensafely"])
def test_counts_of_the_study_are_rounded(published_under, setting):
    shown = published_under(setting)
    estimates = [one for outcome in shown.outcomes for one in outcome.result.estimates]
    counts = [one.n for one in estimates] + [n for one in estimates for n in one.counts.values()]
    assert {count % 5 for count in counts if count is not None} == {0}
    assert all(one.p is None for one in estimates)


@pytest.mark.parametrize("setting", RULES)
def test_neither_the_run_nor_the_server_is_named(published_under, setting):
    shown = published_under(setting)
    assert (shown.run_id, shown.inputs.server) == ("", "")
    assert shown.inputs.digest


def test_a_study_of_many_estimates_is_released_in_a_few_seconds(wide_study):
    started = time.process_time()
    shown = make_release(wide_study, rule_of(5))
    assert time.process_time() - started < 10
    estimates = shown.outcomes[0].result.estimates
    assert len(estimates) > 200
    assert 0 < sum(bool(one.withheld) for one in estimates) < len(estimates)
