"""The rules of small cells: the hidden counts, and the rounding of the others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The counts that may be seen.

    Attributes:
        name: the name in the study file: a preset, or the number.
        minimum: counts from 1 to `minimum - 1` are hidden; 1 hides none.
        rounding: the other counts are rounded to the nearest multiple of this, an odd number.
        hides_zero: whether 0 is hidden too.
    """

    name: str
    minimum: int
    rounding: int = 1
    hides_zero: bool = False

    @property
    def hides_some(self) -> bool:
        """Whether any count is hidden."""
        return self.minimum > 1

    def hides(self, count: int) -> bool:
        """Whether a count is hidden."""
        return (0 if self.hides_zero else 1) <= count < self.minimum

    def round(self, count: int) -> int:
        """Return a count as it is shown."""
        return (count + self.rounding // 2) // self.rounding * self.rounding

    def known(self, count: int) -> tuple[int, int]:
        """Return the least and the greatest count that a reader of a shown count can infer."""
        if count < self.minimum:
            return count, count
        shown, half = self.round(count), self.rounding // 2
        return max(shown - half, self.minimum), shown + half

    @property
    def words(self) -> str:
        """The text in the place of a withheld number."""
        first = 0 if self.hides_zero else 1
        return (
            f"by the rule of small cells {self.name!r}, counts from {first} to "
            f"{self.minimum - 1} are hidden, and numbers from which they could be worked out"
        )


# CMS: cell size suppression policy. NHS: SUS and HES analysis guide. OpenSAFELY: its output
# checking. OHDSI: the usual minCellCount. `docs/explanation/small-cells.md` compares them.
PRESETS = {
    "cms": Rule(name="cms", minimum=11),
    "nhs": Rule(name="nhs", minimum=8, rounding=5),
    "opensafely": Rule(name="opensafely", minimum=8, rounding=5, hides_zero=True),
    "ohdsi": Rule(name="ohdsi", minimum=5),
    "none": Rule(name="none", minimum=1),
}


def rule_of(setting: int | str) -> Rule:
    """Return the rule of `[report] minimum_cell`: a number, or a preset's name."""
    if isinstance(setting, int):
        return Rule(name=str(setting), minimum=setting)
    return PRESETS[setting]
