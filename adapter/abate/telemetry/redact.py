"""The last line of defence before a log: what looks like a patient's, or like a secret, goes.

Sentences and fields are written without patients' data in the first place. This is for the day
on which one is not.
"""

import re
from collections.abc import Mapping
from typing import Any

from abate.errors import StoreError
from abate.telemetry.pseudonyms import Naming, Pseudonym

HIDDEN = "[hidden]"
# Types whose resources are a patient's.
_PERSONAL = (
    "Patient|Person|RelatedPerson|Procedure|Condition|Observation|Encounter|EpisodeOfCare|"
    "BodyStructure|Specimen|ServiceRequest|MedicationRequest|QuestionnaireResponse"
)
_REFERENCE = re.compile(rf"\b({_PERSONAL})/([A-Za-z0-9](?:[\w.-]*\w)?)")
_URL_QUERY = re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s?#]+)[?#][^\s'\"]+", re.IGNORECASE)
_QUERY = re.compile(r"\?[\w.:-]+=[^\s'\"]*|\b[\w.:-]+=[^\s&'\"]*(?:&[\w.:-]+=[^\s&'\"]*)+")
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
# Fields of these names hold an id, whatever it looks like.
_NAMING = ("id", "patient", "procedure", "lesion", "score", "observation", "condition", "subject",
           "reference", "resource", "encounter", "identifier")  # fmt: skip


def sentence(text: str, named: Naming) -> str:
    """A text without queries and logins of URLs, ids of patients' resources, control characters."""
    text = _LOGIN.sub("", _CONTROL.sub("?", text))
    text = _QUERY.sub(f"?{HIDDEN}", _URL_QUERY.sub(rf"\1?{HIDDEN}", text))
    return _REFERENCE.sub(lambda found: _name(named, found[1], found[2]), text)


def field(name: str, value: Any, named: Naming) -> Any:
    """A field as it may be logged: plain values only, and what names a resource as its hash."""
    if value is None or isinstance(value, bool | Pseudonym):
        return value
    if not isinstance(value, str | int | float):
        return HIDDEN
    if name in _NAMING:
        return _name(named, name.capitalize(), str(value))
    return sentence(value, named) if isinstance(value, str) else value


def fields(given: Mapping[str, Any], named: Naming) -> dict[str, Any]:
    """All fields of a line, as they may be logged."""
    return {name: field(name, value, named) for name, value in given.items()}


def _name(named: Naming, kind: str, identifier: str) -> str:
    try:
        return named(kind, identifier)
    except StoreError:  # A key that cannot be kept stops no work.
        return f"{kind}~{HIDDEN}"
