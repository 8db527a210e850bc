"""Run one cell of the grid, and judge how it ended."""

import pytest

from cell import Held

NOT_TOLD = "undetectable"
# A failure must say of what it speaks.
THINGS = (
    "Observation", "Patient", "Procedure", "Condition", "procedure", "pain score",
    "export", "manifest", "deleted", "max_minutes", "token", "login",
    "[source] files", "refers to", "member",
)  # fmt: skip


def cells(cases):
    """Each case in each of its ways, for pytest."""
    return pytest.mark.parametrize(
        ("case", "way"),
        [pytest.param(case, way, id=f"{case.id}-{way}") for case in cases for way in case.ways],
    )


def judged(ward, theme):
    """How a cell ended, for the table; any other end than the case's is an error."""
    case, way = ward.case, ward.way
    is_complete = _completed(ward) if way not in case.fails else _failed_closed(ward)
    after, truth = (one.without(case.outside) for one in (ward.held(), ward.truth()))
    lost, doubled, false = _lost(after, truth), _doubled(after), _false(ward)
    assert not lost
    assert not doubled
    assert not false
    assert after.rows == truth.rows
    assert {one: after.row(one) for one in case.reads} == dict(case.reads)
    end = "complete" if is_complete else "failed closed"
    return {
        "theme": theme, "id": case.id, "says": case.says, "seen": case.seen,
        "way": way, "end": end, "lost": len(lost), "doubled": len(doubled), "false": len(false),
    }  # fmt: skip


def unnoticed(ward, theme):
    """How a cell ended whose fault no client can tell from a server that has less.

    Exactly the rows that the case names are missing, and what it warns of was said.
    """
    case = ward.case
    _completed(ward)
    after, truth = ward.held(), ward.truth()
    lost = _lost(after, truth)
    assert {identifier for _, identifier in lost} == set(case.unseen[ward.way])
    assert not _doubled(after)
    assert _false(ward), "the missing rows count in no figure, so that the case shows nothing"
    return {
        "theme": theme, "id": case.id, "says": case.says, "seen": case.seen, "way": ward.way,
        "end": NOT_TOLD, "lost": len(lost), "doubled": 0, "false": len(_false(ward)),
    }  # fmt: skip


def _completed(ward):
    error = ward.faulty_night()
    assert error is None, error
    assert ward.case.warns in "\n".join(ward.said)
    if ward.case.is_moving:
        ward.night()
    if ward.case.is_followed:
        ward.a_day_and_a_night()
    return True


def _failed_closed(ward):
    """The night says what is missing, and changes nothing; the next one is complete."""
    before, error = ward.held(), ward.faulty_night()
    assert error is not None, "rows may be missing, and nobody was told"
    assert ward.case.fails[ward.way] in str(error)
    assert any(one in str(error) for one in THINGS), error
    assert ward.held() == before
    ward.night()
    return False


def _lost(held: Held, truth: Held) -> set:
    return truth.ids().keys() - held.ids().keys()


def _false(ward) -> set:
    """The estimates that differ from the truth; a figure that is not there differs too."""
    found, truth = ward.figures(), ward.true_figures()
    return {name for name in found.keys() | truth.keys() if found.get(name) != truth.get(name)}


def _doubled(held: Held) -> set:
    return {one for one, count in held.ids().items() if count > 1}
