"""`$validate`: whether the server tells a good resource from a bad one. It writes nothing."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import SourceError
from abate.survey.asking import SHUT, Asker, Spent
from abate.survey.found import Probe
from abate.survey.probe_list import TYPE, probe_list

WHAT = "$validate"
# With errors, some servers answer 200 (HAPI), and others one of these (2026).
_JUDGED = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_INSTEAD = "abate holds a report against FHIR's rules by itself"


def probe(asker: Asker) -> Probe:
    """Let it judge a List, and the same with a status that FHIR does not have."""
    good = probe_list("first")
    try:
        status, errors = _judged(asker, good)
        if status in SHUT:
            return _made(f"NO ({status})", f"not with these rights; {_INSTEAD}")
        if errors is None:
            return _made(f"NO ({status})", _INSTEAD)
        _, faults = _judged(asker, {**good, "status": "abate-no-such-status"})
    except Spent:
        raise
    except SourceError:
        return _made("NO", f"no answer that can be read; {_INSTEAD}")
    if not faults:
        return _made("NO", f"it finds no fault where there is one; {_INSTEAD}")
    if errors:
        return _made("yes", "it wants more of a List than FHIR does: validate a report before")
    return _made("yes", "a report can be held against the server's own rules as well")


def _judged(asker: Asker, resource: Mapping[str, Any]) -> tuple[int, bool | None]:
    """The status, and whether errors were found; None where it did not judge."""
    answer = asker.post(f"{TYPE}/{WHAT}", msgspec.json.encode(resource))
    if answer.status not in _JUDGED:
        return answer.status, None
    outcome = answer.json()
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return answer.status, None
    issues = outcome.get("issue")
    listed = [one for one in issues if isinstance(one, dict)] if isinstance(issues, list) else []
    severities = {one.get("severity") for one in listed}
    return answer.status, not severities.isdisjoint({"error", "fatal"})


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
