"""How a stage speaks: a sentence for people, and the same as an event for programs.

    say("asking again")
    say("pulled pain scores: 73 of 73", event="query.done", query="pain scores", received=73)

A sentence names no patient. What names a resource goes through `Progress.pseudonym`.
"""

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

Field: TypeAlias = str | int | float | bool | None
Level: TypeAlias = Literal["info", "warning", "error"]

NOTE = "note"
WARNING = "warning: "
# These come often, while something long is going on: they are shown now and then only.
PROGRESS = ("query.begin", "query.page", "patients.done")


class Say(Protocol):
    """What a stage is given to speak with."""

    def __call__(
        self, text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field
    ) -> None:
        """Say something.

        Args:
            text: a sentence for people; an empty one is for programs only.
            event: a short name that stays the same; each stands in docs/reference/logs.md.
            level: where it is not given, a text that begins with `warning: ` is a warning.
            fields: what the sentence says, by name: texts, numbers, yes or no; nothing nested.
        """


def level_of(text: str, level: Level | None = None) -> Level:
    """The level that was given, or that the sentence has."""
    return level or ("warning" if text.startswith(WARNING) else "info")


def silent(text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field) -> None:
    """Say nothing."""
    del text, event, level, fields


def sentences(listen: Callable[[str], object]) -> Say:
    """Let somebody listen to the sentences alone, without those that come often."""

    def say(
        text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field
    ) -> None:
        del level, fields
        if text and event not in PROGRESS:
            listen(text)

    return say
