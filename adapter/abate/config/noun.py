"""`noun` of `[study]`: what the study calls its unit of analysis."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Word = Annotated[str, Field(pattern=r"^[^\W\d_][^\W\d_ '-]*([ '-][^\W\d_]+)*$", max_length=40)]

_UNIT = re.compile(r"\b(?:([Aa]) )?([Ll])esion(s?)\b")


class Noun(BaseModel):
    """A lesion in the study's word, for people; tables, columns, keys and codes keep `lesion`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    one: Word = "lesion"
    many: Word = "lesions"

    @model_validator(mode="after")
    def _both(self) -> Self:
        if self.model_fields_set and self.model_fields_set != {"one", "many"}:
            raise ValueError('give both: noun = { one = "knee", many = "knees" }')
        return self

    def count(self, n: int | None) -> str:
        """Return a number with the noun, as `1 knee`; an unknown number is withheld."""
        return f"{'[withheld]' if n is None else f'{n:,}'} {self.one if n == 1 else self.many}"

    def reword(self, text: str) -> str:
        """Return a text with the noun in place of `lesion`."""
        return text if self == LESION else _UNIT.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        article, first, plural = match.groups()
        word = self.many if plural else self.one
        if first == "L":
            word = word[0].upper() + word[1:]
        if article is None:
            return word
        return f"{article}{'n' if word[0].lower() in 'aeiou' else ''} {word}"


LESION = Noun()
