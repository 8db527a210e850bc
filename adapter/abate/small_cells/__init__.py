"""Small cells: what leaves the house shows no count from 1 to a minimum less 1, nor lets it follow.

Local files are whole; `released` makes what may be seen by others: `sheet` lists the cells of the
results, `hiding` chooses which to hide, `release` leaves them out, and `audit` tries to work them
out again from what is left.
"""

from dataclasses import replace

from abate.results import Results, without_units
from abate.small_cells.rule import Rule, rule_of

__all__ = ["Rule", "released", "rule_of"]

OPEN = "no small cell is hidden: every count may be seen"


def released(results: Results, rule: Rule) -> Results:
    """The results as they may leave the house.

    Raises:
        PublishRefused: the rule cannot be held.
    """
    if not rule.hides_some:
        return without_units(replace(results, release=OPEN, rule=rule.name))
    from abate.small_cells.audit import audit
    from abate.small_cells.hiding import hidden_cells
    from abate.small_cells.release import without
    from abate.small_cells.sheet import sheet

    cells = sheet(results, rule)
    shown = without(results, cells, hidden_cells(cells.system), rule)
    audit(results, shown, rule)
    return shown
