"""The forms in which one question is asked: servers of some vendors refuse the usual one.

Oracle Health searches Procedures by patient and date only; Epic and Oracle Health refuse
Observations without a category (jwilleke/yourphr#755, 2025; both vendors' documentation, 2026).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from abate.source.query import CATEGORY, Query

# All codes of http://terminology.hl7.org/CodeSystem/observation-category, version 4.0.1.
CATEGORIES = (
    "vital-signs",
    "survey",
    "exam",
    "social-history",
    "activity",
    "therapy",
    "procedure",
    "laboratory",
    "imaging",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the resources of a type are asked for.

    Attributes:
        has_code: whether the server is asked by code; else the codes are looked for here.
        categories: the categories that are asked for, where the query itself names none.
    """

    has_code: bool = True
    categories: tuple[str, ...] = ()

    def of(self, query: Query) -> Query:
        """The same question in this form."""
        if self.categories and not query.is_by_category:
            query = query.of(extra={**query.extra, CATEGORY: ",".join(self.categories)})
        return query if self.has_code else query.without_code()

    def __str__(self) -> str:
        """The form in words."""
        code = "by code" if self.has_code else "without a code, and the codes are looked for here"
        return f"{code}, {with_categories(self.categories)}" if self.categories else code


def with_categories(categories: Sequence[str]) -> str:
    """A search by category in words: it is complete only for resources of these categories."""
    words = f"with the categories {', '.join(categories)}: what has none of these is not found"
    if tuple(categories) != CATEGORIES:
        return words
    return (
        f"{words}. They are those of FHIR's own code system: where the site files some under a "
        "category of its own alone, name it too in [source.query.observation] category"
    )


USUAL = Form()
WITHOUT_CODE = Form(has_code=False)


def other_forms(query: Query) -> Iterator[Form]:
    """The forms to try, where a server refuses the usual one.

    Those with categories come last: they do not find what has no category.
    """
    if query.tokens:
        yield WITHOUT_CODE
    if query.type == "Observation" and not query.is_by_category:
        if query.tokens:
            yield Form(categories=CATEGORIES)
        yield Form(has_code=False, categories=CATEGORIES)
