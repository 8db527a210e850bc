"""What the results of a run were computed from, and whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the results were computed from: counts and one digest, and no resource's name.

    `withheld` are the codes by which the server said that it withholds rows, which are not in it.
    `unconfirmed` names the queries of which nothing shows that all that the server has arrived.
    """

    server: str
    counts: Mapping[str, int]
    digest: str
    withheld: Sequence[str] = ()
    unconfirmed: Sequence[str] = ()

    @property
    def doubt(self) -> str:
        """A sentence on what nothing confirms; empty if all is confirmed."""
        if not self.unconfirmed:
            return ""
        return (
            f"Nothing confirms that all {', '.join(self.unconfirmed)} arrived: the source gives no "
            "total and no count, or is asked for some categories only."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The source's ids of the treated patients and of the analysed index procedures."""

    patients: Sequence[str]
    procedures: Sequence[str]
