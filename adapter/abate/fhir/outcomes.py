"""What a server says beside the rows: that it withheld some, or that its answer was cut short.

An OperationOutcome in a searchset, among the errors of an export, or in a file says it by its
codes; its texts are never read, since they may name a patient. Codes are judged by their kind:

- withheld: rights or privacy; the same is missing tomorrow. `[source] withheld` decides.
- cut short: load, time or cost; the next run may have it. The pull is incomplete.
- all others are warnings, or errors by their severity.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from abate.errors import IncompletePull
from abate.http.display import ISSUES, SEVERITIES
from abate.http.json_values import as_object, as_objects

# https://hl7.org/fhir/R4/valueset-issue-type.html: a search that leaves rows out for privacy says
# `suppressed`, in FHIR's own example with severity information.
_SUPPRESSED = "suppressed"
_NO_RIGHTS = frozenset({"forbidden", "security"})
_CUT_SHORT = frozenset({"incomplete", "timeout", "throttled", "too-costly"})
# Epic's codes; each of its customers has a system of its own below this root (2026-08). 59204: the
# client may not see a part of what it searches. 4134: the glass must be broken for the patient.
# 4127: more than 100 patients are found. 4135: the queries of the day are used up. Not 4119, which
# stands in each answer to a patient's own login.
_EPIC = "urn:oid:1.2.840.114350."
_EPIC_WITHHELD = frozenset({"59204", "4134"})
_EPIC_CUT_SHORT = frozenset({"4127", "4135"})
_ERRORS = ("error", "fatal")

# Judges the `issue` of an outcome; the text says of what it speaks.
Judge = Callable[[Any, str], None]


class Issue(NamedTuple):
    """One issue of an outcome: severity and code as they may be shown, and what it means."""

    severity: str
    code: str
    is_withheld: bool = False
    is_cut_short: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it tells of an error, and not of rows that are withheld."""
        return self.severity in _ERRORS and not self.is_withheld


def issues(told: Any) -> Iterator[Issue]:
    """What the `issue` of an outcome holds; where that cannot be read, it counts as an error."""
    for issue in told if isinstance(told, list) and told else [None]:
        yield _issue(issue) if isinstance(issue, dict) else Issue("error", "unreadable")


def refuse(told: Any, of: str) -> None:
    """Stop at an outcome that says that rows are withheld, or that an answer was cut short.

    Args:
        told: the `issue` of an outcome.
        of: what it says it of, as `pain scores`.

    Raises:
        IncompletePull: names the code.
    """
    refuse_cut_short(told, of)
    for issue in issues(told):
        if issue.is_withheld:
            raise IncompletePull(
                f"the server withholds rows of {of} ({issue.code}): what arrived is incomplete. "
                "Nothing was stored. Ask its operator for the rights that are missing; if the "
                'study can do without these rows, set [source] withheld = "accept"'
            )


def refuse_cut_short(told: Any, of: str) -> None:
    """Stop at an outcome that says that an answer was cut short.

    Raises:
        IncompletePull: names the code.
    """
    for issue in issues(told):
        if issue.is_cut_short:
            raise IncompletePull(
                f"the server says that its answer on {of} is not complete ({issue.code}). "
                "Nothing was stored; run again."
            )


def _issue(issue: dict[str, Any]) -> Issue:
    severity, code = str(issue.get("severity")), str(issue.get("code"))
    is_error = severity in _ERRORS
    epic = _epic_codes(issue)
    of_epic = sorted(epic & _EPIC_WITHHELD) or sorted(epic & _EPIC_CUT_SHORT)
    is_withheld = code == _SUPPRESSED or (code in _NO_RIGHTS and not is_error)
    is_cut_short = code in _CUT_SHORT and not is_error
    return Issue(
        severity=severity if severity in SEVERITIES else "no severity",
        code=of_epic[0] if of_epic else code if code in ISSUES else "no code",
        is_withheld=is_withheld or bool(epic & _EPIC_WITHHELD),
        is_cut_short=is_cut_short or bool(epic & _EPIC_CUT_SHORT and not is_error),
    )


def _epic_codes(issue: dict[str, Any]) -> set[str]:
    codings = as_objects(as_object(issue.get("details")).get("coding"))
    return {
        str(coding.get("code")) for coding in codings if str(coding.get("system")).startswith(_EPIC)
    }
