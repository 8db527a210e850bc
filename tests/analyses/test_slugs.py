"""Names of estimates from free text."""

import re

import pytest

from abate_analyses.shared.slugs import slug


@pytest.mark.parametrize(("text", "name"), [("rfa", "rfa"), ("renal cell", "renal-cell")])
def test_a_text_of_small_letters_is_its_own_name(text, name):
    assert slug(text) == name


@pytest.mark.parametrize(("one", "other"), [("Severe", "severe"), ("L1", "l1"), ("a+b", "a b")])
def test_two_texts_that_differ_by_a_letter_do_not_share_a_name(one, other):
    assert slug(one) != slug(other)


def test_a_digest_stands_where_letters_are_lost():
    assert re.fullmatch("l1-[0-9a-f]{8}", slug("L1"))
