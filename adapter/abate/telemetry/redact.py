"""Remove whatever looks like patient data or a secret from a log line.

Sentences and fields are written without patient data in the first place. This is a second line of
defence, in case one is not.
"""

import re
from collections.abc import Mapping
from typing import Any

from abate.errors import StoreError
from abate.telemetry.pseudonyms import Naming, Pseudonym

HIDDEN = "[hidden]"
# Types whose resources belong to a patient.
_PERSONAL = (
    "Patient|Person|RelatedPerson|Procedure|Condition|Observation|Encounter|EpisodeOfCare|"
    "BodyStructure|Specimen|ServiceRequest|MedicationRequest|QuestionnaireResponse"
)
_REFERENCE = re.compile(rf"\b({_PERSONAL})/([A-Za-z0-9](?:[\w.-]*\w)?)")
_URL_QUERY = re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s?#]+)[?#][^\s'\"]+", re.IGNORECASE)
_QUERY = re.compile(r"\?[\w.:-]+=[^\s'\"]*|\b[\w.:-]+=[^\s&'\"]*(?:&[\w.:-]+=[^\s&'\"]*)+")
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
# A field with one of these names holds an id, whatever its form.
_NAMING = ("id", "patient", "procedure", "lesion", "score", "observation", "condition", "subject",
           "reference", "resource", "encounter", "identifier")  # fmt: skip


def sentence(text: str, named: Naming) -> str:
    """Remove queries and logins of URLs, ids of patients' resources, and control characters."""
    text = _LOGIN.sub("", _CONTROL.sub("?", text))
    text = _QUERY.sub(f"?{HIDDEN}", _URL_QUERY.sub(rf"\1?{HIDDEN}", text))
    return _REFERENCE.sub(lambda match: _name(named, match[1], match[2]), text)


def field(name: str, value: Any, named: Naming) -> Any:
    """Return a field as it may be logged: a plain value; an id becomes its pseudonym."""
    if value is None or isinstance(value, bool | Pseudonym):
        return value
    if not isinstance(value, str | int | float):
        return HIDDEN
    if name in _NAMING:
        return _name(named, name.capitalize(), str(value))
    return sentence(value, named) if isinstance(value, str) else value


def fields(given: Mapping[str, Any], named: Naming) -> dict[str, Any]:
    """Return all fields of a line as they may be logged."""
    return {name: field(name, value, named) for name, value in given.items()}


def _name(named: Naming, kind: str, identifier: str) -> str:
    try:
        return named(kind, identifier)
    except StoreError:  # If the key cannot be stored, the command goes on.
        return f"{kind}~{HIDDEN}"
