"""`[study] noun`: the study's word for a lesion."""

import pytest

from abate.config.noun import LESION, Noun

KNEE, ANKLE = Noun(one="knee", many="knees"), Noun(one="ankle", many="ankles")


@pytest.mark.parametrize(
    ("noun", "text", "expected"),
    [
        (KNEE, "analysed lesions with a baseline score", "analysed knees with a baseline score"),
        (KNEE, "Lesions analysed: lesion 7", "Knees analysed: knee 7"),
        (ANKLE, "a lesion without a score", "an ankle without a score"),
        (ANKLE, "A lesion that was treated", "An ankle that was treated"),
        (KNEE, "metalesional and lesionectomy", "metalesional and lesionectomy"),
        (LESION, "a lesion", "a lesion"),
    ],
)
def test_words(noun, text, expected):
    assert noun.reword(text) == expected


def test_counts():
    assert [KNEE.count(n) for n in (0, 1, 1200, None)] == [
        "0 knees", "1 knee", "1,200 knees", "[withheld] knees"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "noun",
    ['{ one = "knee" }', '{ one = "<b>", many = "x" }', '{ one = "", many = "x" }', '"knee"'],
)
def test_what_is_no_noun_is_refused(abate, study_file, noun):
    text = study_file.read_text("utf-8").replace("[study]", f"[study]\nnoun = {noun}", 1)
    study_file.write_text(text, "utf-8")
    ran = abate("run", study_file)
    assert ran.exit_code == 2
    assert "noun" in ran.err
