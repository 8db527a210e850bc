"""The rules of small cells: which counts are hidden, and how the others are rounded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which counts may be seen.

    Attributes:
        name: as the study file says it: a preset, or the number.
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
        """Whether any count is hidden at all."""
        return self.minimum > 1

    def hides(self, count: int) -> bool:
        """Whether a count may not be seen."""
        return (0 if self.hides_zero else 1) <= count < self.minimum

    def round(self, count: int) -> int:
        """A count that may be seen, as it is shown."""
        return (count + self.rounding // 2) // self.rounding * self.rounding

    def known(self, count: int) -> tuple[int, int]:
        """The least and the most that a count can be, for who sees it shown."""
        if count < self.minimum:
            return count, count
        shown, half = self.round(count), self.rounding // 2
        return max(shown - half, self.minimum), shown + half

    @property
    def words(self) -> str:
        """What stands where a number is withheld."""
        first = 0 if self.hides_zero else 1
        return (
            f"by the rule of small cells {self.name!r}, counts from {first} to "
            f"{self.minimum - 1} are hidden, and what they would follow from"
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
    """The rule of `[report] minimum_cell`: a number, or a preset's name."""
    if isinstance(setting, int):
        return Rule(name=str(setting), minimum=setting)
    return PRESETS[setting]
