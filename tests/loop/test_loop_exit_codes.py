"""Each exit code, produced by what it stands for."""

import json
import os
import signal

import pytest
from filelock import FileLock
from werkzeug import Response

from abate.errors import EXIT_CODES
from abate_analyses import Profile


def away(loop):
    loop.base = "http://127.0.0.1:9/fhir"
    return loop("sync")


def misspelt(loop):
    return loop("sync", "--set", "scores.per_vist=worst")


def one_row_short(loop):
    def front(request):
        if request.path != "/fhir/Observation":
            return None
        page = json.loads(loop.front.answer(request).get_data())
        page["entry"].pop()
        return Response(json.dumps(page), content_type="application/fhir+json")

    loop.front.instead = front
    return loop("sync")


def failing(loop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Profile, "run", lambda *_: int("x"))
        return loop("sync")


def real_patients_elsewhere(loop):
    return loop(
        "sync", "--set", "study.synthetic=false", "--set", "target.url=https://192.0.2.1/r4"
    )


def taken(loop):
    loop.output.mkdir()
    with FileLock(loop.output / "lock"):
        return loop("sync")


def terminated(loop):
    loop.front.instead = lambda request: (
        os.kill(os.getpid(), signal.SIGTERM) if request.args else None
    )
    return loop("sync")


CAUSES = {
    0: lambda loop: loop("sync"),
    1: away,
    2: misspelt,
    3: one_row_short,
    4: failing,
    5: real_patients_elsewhere,
    75: taken,
    130: terminated,
}


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_exit_code_comes_from_its_cause(loop, code):
    ran = CAUSES[code](loop)
    loop.base, loop.front.instead = loop.home, None
    assert ran.exit_code == code, ran.err
    last = ran.err.splitlines()[-1]
    assert last.startswith("abate: ") == (code != 0)
    if code not in (2, 75):  # These do not work in the folder.
        assert loop("status", "--json").json["exit_code"] == code
        [run] = loop("status", "--runs", "--json").json["runs"]
        assert run["exit_code"] == code
