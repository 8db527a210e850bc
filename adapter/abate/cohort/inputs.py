"""What the results of a run were computed from, and the patients they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the results were computed from: counts and one digest, without an id of a resource.

    `withheld` are the codes with which the server withholds rows, which are therefore missing.
    `unconfirmed` names the queries that nothing confirms to be complete.
    """

    server: str
    counts: Mapping[str, int]
    digest: str
    withheld: Sequence[str] = ()
    unconfirmed: Sequence[str] = ()

    @property
    def doubt(self) -> str:
        """A sentence on unconfirmed queries; empty if there are none."""
        if not self.unconfirmed:
            return ""
        return (
            f"Nothing confirms that all {', '.join(self.unconfirmed)} were received: the source "
            "gives no total and no count, or is asked for some categories only."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The source's ids of the treated patients and of the analysed index procedures."""

    patients: Sequence[str]
    procedures: Sequence[str]
