"""What the codes of a study mean to it."""

from dataclasses import dataclass

from abate.mapping.code_lists import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a code is to the study: `index`, `scores`, or an `adjunct`, `condition`, ... by name."""

    role: str
    kind: str
    code: Code
