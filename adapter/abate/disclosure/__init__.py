"""Small cells: a release shows no count from 1 to the minimum less 1, and none can be worked out.

Local files are complete; `make_release` makes the results that others may see. `cells` lists the
cells of the results by their units, `suppression` chooses which ones to hide, `release` removes
them, and `audit` tries to work them out again.
"""

from dataclasses import replace

from abate.analysis.results import Results, has_units, without_units
from abate.disclosure.rule import Rule, rule_of
from abate.errors import PublishRefused

__all__ = ["Rule", "make_release", "needs_units", "refuse_without_units", "rule_of"]

OPEN = "no small cell is hidden: every count may be seen"


def make_release(results: Results, rule: Rule) -> Results:
    """Return the results that others may see.

    Raises:
        PublishRefused: the rule cannot be applied.
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
            "the patients by which two figures differ are unknown, so nothing is published. Run "
            "the study again: abate run"
        )
