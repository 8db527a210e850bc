"""Parameters that name visits are checked before anything is pulled."""

import pytest


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("analysis.4.endpoint=Wk99", "analysis.4.endpoint"),
        ('analysis.3.endpoint={last_of=["D1","Wk11"]}', "analysis.3.endpoint"),
        ("analysis.4.reference=baselin", "analysis.4.reference"),
    ],
)
def test_an_unknown_visit_is_an_error_of_the_study_file(abate, study_file, override, key):
    ran = abate("run", study_file, "--set", override)
    assert ran.exit_code == 2
    assert f"{key}: there is no visit" in ran.err
    assert "Did you mean" in ran.err


def test_the_first_documented_score_is_a_reference(abate, study_file, serve, study_resources):
    url = serve(study_resources)
    ran = abate(
        "run", study_file, "--set", f"source.url={url}", "--set", "analysis.4.reference=first"
    )
    assert ran.exit_code == 0
