"""The codes of abate, published with the reports that use them; the same for every study.

A server that has them can show their names, and a validator does not warn of an unknown system.
"""

from collections.abc import Mapping
from importlib.metadata import version

from abate.fhir.canonical import COMPONENT, REPORT, STATISTIC, stable_id
from abate.report.fhir.elements import Resource
from abate.report.fhir.narrative import narrative

# Each code with its display and its definition.
Codes = Mapping[str, tuple[str, str]]

STATISTICS: Codes = {
    "count": ("count", "The number of units."),
    "proportion": ("proportion", "A part of the units, as a number from 0 to 1."),
    "mean": ("mean", "The sum of the values, divided by their number."),
    "median": ("median", "The middle value, or the mean of the two middle ones."),
    "difference": ("difference", "A change within units, or a difference between groups."),
    "test": ("test", "What a statistical test is of; its p-value is a component."),
    "cumulative-incidence": (
        "cumulative incidence",
        "The probability of an event by a time, with competing events taken into account.",
    ),
    "duration": ("duration", "A length of time."),
    "other": ("other statistic", "Another kind of number, which its text names."),
}

COMPONENTS: Codes = {
    "n": ("number of units", "The number of units that the value was computed from."),
    "population": ("population", "The units that the value was computed from, in words."),
    "p": ("p-value", "A two-sided p-value."),
    "count": ("count", "A part of the n units that the value was computed from, named by text."),
    "interval-low": ("low end", "The low end of the interval that the text names."),
    "interval-high": ("high end", "The high end of the interval that the text names."),
}

REPORTS: Codes = {
    "pain-outcomes": ("pain outcomes", "The report of a study of pain before and after."),
    "index-procedures": (
        "index procedures",
        "The procedures that start the clocks of the analysed lesions.",
    ),
    "adjunct": ("adjunct", "Strata by adjunct procedures at the lesion."),
    "site-group": ("site group", "Strata by the site of the lesion."),
}

_SYSTEMS = (
    ("Statistic", STATISTIC, "kinds of statistics", STATISTICS),
    ("StatisticComponent", COMPONENT, "parts of a statistic", COMPONENTS),
    ("Report", REPORT, "reports, their lists and their strata", REPORTS),
)


def code_systems() -> list[Resource]:
    """Return a CodeSystem for each of our systems."""
    return [_code_system(name, url, title, codes) for name, url, title, codes in _SYSTEMS]


def _code_system(name: str, url: str, title: str, codes: Codes) -> Resource:
    concepts = [
        {"code": code, "display": display, "definition": definition}
        for code, (display, definition) in codes.items()
    ]
    return {
        "resourceType": "CodeSystem",
        "id": stable_id("code-system", name),
        "text": narrative(f"<p>The codes of abate for {title}: {', '.join(codes)}.</p>"),
        "url": url,
        "version": version("abate"),
        "name": f"Abate{name}",
        "title": f"abate: {title}",
        "status": "active",
        "experimental": False,
        "publisher": "abate",
        "description": f"The codes of abate for {title}.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
