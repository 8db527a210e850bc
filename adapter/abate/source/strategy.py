"""The strategy `auto`: the whole population by code, or patient by patient."""

# With more pain scores than these, most are of other patients.
SCORES_A_PROCEDURE = 200
FEW_SCORES = 20_000


def fitting(procedures: int | None, scores: int | None) -> tuple[str, str]:
    """The strategy that fits a server, and why.

    Args:
        procedures: index procedures that the server counts; None where it does not.
        scores: pain scores that it counts, of whatever patient.
    """
    if scores is None or procedures is None:
        return "patient", "the server does not count a search over all patients"
    there = f"{procedures} index procedures and {scores} pain scores are there"
    if scores > max(FEW_SCORES, SCORES_A_PROCEDURE * procedures):
        return "patient", there
    return "population", there
