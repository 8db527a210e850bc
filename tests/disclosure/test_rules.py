"""The presets say what their sources say."""

import pytest

from abate.disclosure import rule_of


@pytest.mark.parametrize(
    ("setting", "hidden", "open_"),
    [
        ("cms", range(1, 11), (0, 11)),
        ("nhs", range(1, 8), (0, 8)),
        ("opensafely", range(8), (8,)),
        ("ohdsi", range(1, 5), (0, 5)),
        ("none", (), range(20)),
        (1, (), range(20)),
        (5, range(1, 5), (0, 5)),
    ],
)
def test_a_rule_hides_what_its_source_says(setting, hidden, open_):
    rule = rule_of(setting)
    assert all(rule.hides(count) for count in hidden)
    assert not any(rule.hides(count) for count in open_)


@pytest.mark.parametrize("preset", ["nhs", "opensafely"])
def test_counts_are_rounded_to_the_nearest_five(preset):
    assert [rule_of(preset).round(count) for count in (8, 12, 13, 17, 18)] == [10, 10, 15, 15, 20]


@pytest.mark.parametrize("count", range(8, 60))
def test_a_rounded_count_is_known_within_two(count):
    low, high = rule_of("nhs").known(count)
    assert low <= count <= high
    assert high - low <= 4
    assert low >= 8


def test_a_hidden_zero_is_not_shown_as_zero():
    assert "from 0 to 7" in rule_of("opensafely").words


def test_a_rule_is_called_as_the_study_file_says_it():
    assert (rule_of("cms").name, rule_of(7).name) == ("cms", "7")
