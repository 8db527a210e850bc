"""The alternative forms of a query, since servers of some vendors refuse the usual form.

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
    """The form of the queries for a type.

    Attributes:
        has_code: whether the query has the codes; else abate filters the codes itself.
        categories: the requested categories, if the query itself has none.
    """

    has_code: bool = True
    categories: tuple[str, ...] = ()

    def of(self, query: Query) -> Query:
        """Return the query in this form."""
        if self.categories and not query.is_by_category:
            query = query.of(extra={**query.extra, CATEGORY: ",".join(self.categories)})
        return query if self.has_code else query.without_code()

    def __str__(self) -> str:
        """Describe the form."""
        code = "by code" if self.has_code else "without a code, and abate filters the codes itself"
        return f"{code}, {with_categories(self.categories)}" if self.categories else code


def with_categories(categories: Sequence[str]) -> str:
    """Describe a search by category: it is complete only for resources of these categories."""
    words = (
        f"with the categories {', '.join(categories)}: it finds no resources without one of these"
    )
    if tuple(categories) != CATEGORIES:
        return words
    return (
        f"{words}. They are the categories of FHIR's own code system. If the site uses a category "
        "of its own, add it to [source.query.observation] category"
    )


USUAL = Form()
WITHOUT_CODE = Form(has_code=False)


def other_forms(query: Query) -> Iterator[Form]:
    """Yield the forms to try if a server refuses the usual form.

    Forms with categories come last: they do not find resources without a category.
    """
    if query.tokens:
        yield WITHOUT_CODE
    if query.type == "Observation" and not query.is_by_category:
        if query.tokens:
            yield Form(categories=CATEGORIES)
        yield Form(has_code=False, categories=CATEGORIES)
