"""Small cells: what leaves the house shows no count from 1 to a minimum less 1, nor lets it follow.

Local files are whole; `make_release` makes what may be seen by others: `cells` lists the cells of
the results by their units, `suppression` chooses which to hide, `release` leaves them out, and
`audit` tries to work them out again from what is left.
"""

from dataclasses import replace

from abate.analysis.results import Results, has_units, without_units
from abate.disclosure.rule import Rule, rule_of
from abate.errors import PublishRefused

__all__ = ["Rule", "make_release", "needs_units", "refuse_without_units", "rule_of"]

OPEN = "no small cell is hidden: every count may be seen"


def make_release(results: Results, rule: Rule) -> Results:
    """The results as they may leave the house.

    Raises:
        PublishRefused: the rule cannot be held.
    """
    if not rule.hides_some:
        return without_units(replace(results, release=OPEN, rule=rule.name))
    from abate.disclosure.audit import audit
    from abate.disclosure.cells import sheet
    from abate.disclosure.release import without
    from abate.disclosure.suppression import hide

    cells = sheet(results)
    shown = without(results, cells, hide(cells, rule), rule)
    audit(results, shown, rule)
    return shown


def needs_units(results: Results, rule: Rule) -> bool:
    """Whether an estimate without units must not be released."""
    return rule.hides_some and not results.synthetic


def refuse_without_units(results: Results, rule: Rule) -> None:
    """Stop if the units of a run are missing, or are those of another run.

    Raises:
        PublishRefused: says what to do.
    """
    if needs_units(results, rule) and not has_units(results):
        raise PublishRefused(
            "units.json beside results.json is missing, or belongs to another run. Without it "
            "nobody can tell which patients two figures differ by, so nothing is published. Run "
            "the study again: abate run"
        )
