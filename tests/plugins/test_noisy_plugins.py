"""What a plugin prints, warns of or logs is not shown: it may hold a patient's data."""

import sys
import warnings

import pytest

CANARY = "CANARY-4711-XYZ"
NOISE = f"""
import logging, sys, warnings
print("{CANARY}")
print("\\udcff {CANARY}", file=sys.stderr)
sys.stdout.buffer.write(b"{CANARY}")
warnings.warn("{CANARY}")
logging.getLogger("theirs").warning("{CANARY}")
"""
RESULT = 'return Result(estimates=[Estimate(name="x", value=1, **ONE)])'
ODD = '[[analysis]]\nuse = "odd"'


def test_the_noise_of_an_analysis_leaves_our_json_alone(abate, offer, study):
    offer(NOISE + RESULT)
    ran = abate("run", study(ODD), "--json", "--quiet")
    assert ran.exit_code == 0
    assert ran.json["outcomes"][0]["result"]["estimates"][0]["value"] == 1
    assert ran.err == ""
    assert CANARY not in ran.out


def test_the_noise_of_a_module_at_import_leaves_our_json_alone(abate, install):
    install("theirs", NOISE + "@hookimpl\ndef report_written():\n    pass\n")
    ran = abate("plugins", "--json")
    assert {one["name"]: one["state"] for one in ran.json["plugins"]}["theirs"] == "loaded"
    assert CANARY not in ran.out + ran.err


def test_a_log_handler_made_at_import_stays_silent(abate, install, offer, study):
    install(
        "logger",
        """
        import logging, sys
        LOGGER = logging.getLogger("of the plugin")
        LOGGER.addHandler(logging.StreamHandler(sys.stderr))

        @hookimpl(wrapper=True)
        def run_analysis():
            LOGGER.warning("CANARY-4711-XYZ")
            return (yield)
        """,
    )
    offer(RESULT)
    ran = abate("run", study(ODD), "--quiet", "--json")
    assert (ran.exit_code, ran.err) == (0, "")


@pytest.mark.parametrize("end", [RESULT, 'raise ValueError("no")'])
def test_stdout_stderr_and_warnings_are_ours_again_afterwards(offer, outcome, end):
    before = sys.stdout, sys.stderr
    offer(f"import sys\nsys.stdout = None\n{end}")
    outcome("odd")
    assert (sys.stdout, sys.stderr) == before
    with pytest.warns(UserWarning, match="of ours"):
        warnings.warn("of ours", stacklevel=1)
