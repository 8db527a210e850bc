"""The endpoint of a change: one visit, or the last score of several visits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LastOf:
    """An endpoint: the last score documented in any of these visits."""

    last_of: tuple[str, ...]

    def __str__(self) -> str:
        return f"the last score in {', '.join(self.last_of)}"


Endpoint = str | LastOf
