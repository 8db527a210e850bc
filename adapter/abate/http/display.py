"""Show texts from a server in messages and logs: known words only.

A server, or a machine that answers in its place, can write a patient's name or a token into any
text: the path of a redirect, a media type, a version, a code. Messages and logs show such texts
only through the functions of this module.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from abate.http.json_values import as_object, as_objects

# fmt: off
# https://hl7.org/fhir/R4/valueset-issue-type.html, and the two codes that R5 added.
ISSUES = frozenset({
    "business-rule", "code-invalid", "conflict", "deleted", "duplicate", "exception", "expired",
    "extension", "forbidden", "incomplete", "informational", "invalid", "invariant",
    "limited-filter", "lock-error", "login", "multiple-matches", "no-store", "not-found",
    "not-supported", "processing", "required", "security", "structure", "success", "suppressed",
    "throttled", "timeout", "too-costly", "too-long", "transient", "unknown", "value",
})
# https://hl7.org/fhir/R4/valueset-issue-severity.html, and the code that R5 added.
SEVERITIES = frozenset({"fatal", "error", "warning", "information", "success"})
_MEDIA_TYPES = frozenset({
    "application/fhir+json", "application/fhir+ndjson", "application/fhir+xml", "application/gzip",
    "application/json", "application/json+fhir", "application/ndjson", "application/octet-stream",
    "application/pdf", "application/problem+json", "application/x-ndjson",
    "application/x-www-form-urlencoded", "application/xhtml+xml", "application/xml",
    "application/zip", "multipart/form-data", "text/csv", "text/html", "text/json", "text/plain",
    "text/xml",
})
_TYPES = frozenset({
    "AllergyIntolerance", "Basic", "Binary", "BodyStructure", "Bundle", "CapabilityStatement",
    "CarePlan", "CareTeam", "Claim", "CodeSystem", "Composition", "ConceptMap", "Condition",
    "Consent", "Coverage", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
    "EpisodeOfCare", "Evidence", "ExplanationOfBenefit", "Goal", "Group", "ImagingStudy",
    "Immunization", "Library", "List", "Location", "Measure", "MeasureReport", "Media",
    "Medication", "MedicationAdministration", "MedicationRequest", "MedicationStatement",
    "Observation", "OperationOutcome", "Organization", "Parameters", "Patient", "Person",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "Questionnaire",
    "QuestionnaireResponse", "RelatedPerson", "ServiceRequest", "Specimen", "SupplyDelivery",
    "Task", "ValueSet",
})
# fmt: on
# Epic's error codes (2026). They help its support, and identify nobody.
_NUMBER = re.compile(r"41\d\d|59\d\d\d")
_MOST_CODES = 5
# https://hl7.org/fhir/R4/valueset-FHIR-version.html, and later versions.
_VERSION = re.compile(r"[0-6]\.\d{1,2}(\.\d{1,2})?(-(ballot|draft|snapshot|cibuild)\d?)?")
_HOST = re.compile(r"([A-Za-z0-9_.-]{1,100}|\[[0-9a-fA-F:.]{2,40}\])(:\d{1,5})?")
# Common path segments of FHIR base URLs.
_SEGMENT = re.compile(
    r"|fhir|api|open|secure|server|metadata|_search|_history|v\d|(fhir|base)?-?(dstu2|stu3|r4b?|r5)"
    r"|\.well-known|smart-configuration|auth|oauth2?|connect|openid-connect|token",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,2})? ?%")


def media_type(text: str) -> str:
    """Return a known media type in lower case, without parameters."""
    if not text:
        return "no content type"
    return text if text in _MEDIA_TYPES else "an unknown content type"


def is_type(text: Any) -> bool:
    """Return whether a text is a known resource type."""
    return _is_one(text, _TYPES)


def resource_type(text: str) -> str:
    """Return a known resource type."""
    return text if is_type(text) else "an unknown type"


def fhir_version(text: Any) -> str:
    """Return the FHIR version that a server declares, as `FHIR 4.0.1`."""
    is_known = isinstance(text, str) and _VERSION.fullmatch(text)
    return f"FHIR {text}" if is_known else "an unknown version of FHIR"


def address(url: str) -> str:
    """Return a URL's scheme, host, port and known path segments; `…` for unknown ones."""
    segments = urlsplit(url).path.split("/")
    path = "/".join(segment if _is_known(segment) else "…" for segment in segments)
    return f"{origin(url)}{path}"


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, without a login."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if _HOST.fullmatch(host) else "an address without a host"


def issues(outcome: Any) -> list[str]:
    """Return the distinct codes of an OperationOutcome, never its texts."""
    return list(dict.fromkeys(_codes(outcome)))[:_MOST_CODES]


def issue(severity: Any, code: Any) -> str:
    """Return an issue of an OperationOutcome as `warning processing`; empty if unknown."""
    is_known = _is_one(severity, SEVERITIES) and _is_one(code, ISSUES)
    return f"{severity} {code}" if is_known else ""


def one_line(text: Any, longest: int = 80) -> str:
    """Return a server's text as one short line without control characters; empty if not a text.

    Use it only for texts that must be shown unchanged: a code, or the name of the software.
    """
    if not isinstance(text, str):
        return ""
    printed = "".join(
        character if character.isprintable() else " " for character in text[: 4 * longest]
    )
    line = " ".join(printed.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def percent(text: str) -> str:
    """Return the first percentage in a text; empty if there is none."""
    match = _PERCENT.search(text)
    return match[0] if match else ""


def _is_known(segment: str) -> bool:
    return is_type(segment) or _SEGMENT.fullmatch(segment) is not None


def _codes(outcome: Any) -> Iterator[str]:
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return
    for entry in as_objects(outcome.get("issue")):
        if _is_one(entry.get("code"), ISSUES):
            yield entry["code"]
        for coding in as_objects(as_object(entry.get("details")).get("coding")):
            if _NUMBER.fullmatch(str(coding.get("code"))):
                yield str(coding["code"])


def _is_one(word: Any, known: frozenset[str]) -> bool:
    return isinstance(word, str) and word in known
