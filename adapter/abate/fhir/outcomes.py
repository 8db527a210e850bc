"""OperationOutcomes beside the rows: the server withheld rows, or cut its answer short.

They come in a searchset, among the errors of an export, or in a file of NDJSON. Only their codes
are read, since their texts may name a patient. There are three kinds of codes:

- withheld: rights or privacy. The rows will be missing tomorrow too: `[source] withheld` decides.
- cut short: load, time or cost. The next run may get the rows: the pull is incomplete.
- others: warnings, or errors by their severity.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from abate.errors import IncompletePull
from abate.http.display import ISSUES, SEVERITIES
from abate.http.json_values import as_object, as_objects

# https://hl7.org/fhir/R4/valueset-issue-type.html: `suppressed` is the code of a search that leaves
# rows out for privacy; in FHIR's own example its severity is information.
_SUPPRESSED = "suppressed"
_NO_RIGHTS = frozenset({"forbidden", "security"})
_CUT_SHORT = frozenset({"incomplete", "timeout", "throttled", "too-costly"})
# Epic's codes; each of its customers has its own system below this root (2026-08). 59204: the
# client may not see a part of the rows. 4134: the patient's record needs break-the-glass access.
# 4127: the search finds more than 100 patients. 4135: the queries of the day are used up. Not 4119:
# each answer to a patient's own login has it.
_EPIC = "urn:oid:1.2.840.114350."
_EPIC_WITHHELD = frozenset({"59204", "4134"})
_EPIC_CUT_SHORT = frozenset({"4127", "4135"})
_ERRORS = ("error", "fatal")

# A function that judges the `issue` of an outcome; its second argument names the query.
Judge = Callable[[Any, str], None]


class Issue(NamedTuple):
    """One issue of an outcome: severity and code as messages may show them, and its kind."""

    severity: str
    code: str
    is_withheld: bool = False
    is_cut_short: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it is an error other than withheld rows."""
        return self.severity in _ERRORS and not self.is_withheld


def issues(entries: Any) -> Iterator[Issue]:
    """Read the `issue` of an outcome; an entry that cannot be read counts as an error."""
    for issue in entries if isinstance(entries, list) and entries else [None]:
        yield _issue(issue) if isinstance(issue, dict) else Issue("error", "unreadable")


def refuse(entries: Any, of: str) -> None:
    """Stop if an outcome says that rows are withheld, or that an answer was cut short.

    Args:
        entries: the `issue` of an outcome.
        of: the name of the query, such as `pain scores`.

    Raises:
        IncompletePull: names the code.
    """
    refuse_cut_short(entries, of)
    for issue in issues(entries):
        if issue.is_withheld:
            raise IncompletePull(
                f"the server withholds rows of {of} ({issue.code}): the result is incomplete. "
                "Nothing was stored. Ask its operator for the rights that are missing; if the "
                'study can do without these rows, set [source] withheld = "accept"'
            )


def refuse_cut_short(entries: Any, of: str) -> None:
    """Stop if an outcome says that an answer was cut short.

    Raises:
        IncompletePull: names the code.
    """
    for issue in issues(entries):
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
