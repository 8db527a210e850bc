"""Faults while a report is written: each resource once, in one version, or a named end."""

import pytest

from cases import THEMES
from desk import Desk, Target
from judge import cells

TIMED = ("meta", "recorded", "date", "issued", "extension")
OWN_IDS = "write-own-ids"


@pytest.fixture(scope="session")
def target():
    with Target() as server:
        yield server
        server.shutdown()


@pytest.fixture
def desk(tmp_path, target, case, way, results_of):
    """A desk on which the fault has not come yet."""
    found = Desk(tmp_path, target, case, way, results_of)
    found.begin()
    return found


@cells(THEMES["Writing"])
def test_a_fault_of_writing_ends_as_its_case_says(desk, note, case, way):
    before = desk.server.all()
    error = desk.faulty()
    is_complete = way not in case.fails
    if is_complete:
        assert error is None, error
        assert {one.action for one in desk.changes} - {"unchanged"} == ACTIONS[way]
    else:
        assert error is not None, "the report may not stand there, and nobody was told"
        assert case.fails[way] in str(error)
        assert "CANARY" not in str(error)
        if " written there" in str(error) or "does not offer" in str(error):
            assert desk.server.all() == before
    if case.id == OWN_IDS:
        counts = refused_until_it_is_tidy(desk)
    else:
        counts = made_up_for(desk, is_complete=is_complete)
    note({
        "theme": "Writing", "id": case.id, "says": case.says, "seen": case.seen, "way": way,
        "end": "complete" if is_complete else "failed closed", **counts,
    })  # fmt: skip


ACTIONS = {
    "create": {"create"},
    "update": {"update", "retract"},
    "retract": {"retract", "create"},
}


def made_up_for(desk, *, is_complete):
    """Without the fault it stands there as if there had been none, and in as few versions."""
    standing = desk.server.all()
    desk.act()
    after = desk.server.all()
    if is_complete:
        assert after == standing, "a second time something was written"
    desk.begin()
    desk.act()
    truth = desk.server.all()
    false = [name for name in after.keys() & truth.keys()
             if plain(after[name]) != plain(truth[name])]  # fmt: skip
    assert not false
    lost = truth.keys() - after.keys()
    doubled = [
        name
        for name, one in after.items()
        if name not in truth or version(one) > version(truth[name])
    ]
    assert not lost
    assert not doubled
    return {"lost": len(lost), "doubled": len(doubled), "false": len(false)}


def refused_until_it_is_tidy(desk):
    """What the server wrote under its own ids is not written beside."""
    standing = desk.server.all()
    with pytest.raises(Exception, match="a second report would be a duplicate"):
        desk.act()
    assert desk.server.all() == standing
    for name in standing:
        desk.server.delete(*name.split("/"))
    return made_up_for(desk, is_complete=False)


def version(resource):
    return int(resource["meta"]["versionId"])


def plain(resource):
    """Without times and versions."""
    return {name: one for name, one in resource.items() if name not in TIMED}
