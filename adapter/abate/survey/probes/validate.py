"""`$validate`: whether the server tells valid from invalid resources. It writes nothing."""

from http import HTTPStatus

from abate.http.failures import LOGIN_WANTED, REFUSED_CONTENT
from abate.http.json_values import as_objects
from abate.report.fhir.elements import Resource
from abate.survey.context import Context, Probe, Verdict
from abate.survey.probes.probe_list import TYPE, probe_list

WHAT = "$validate"
# For an invalid resource, some servers answer 200 (HAPI), and others one of these (2026).
_JUDGED = (HTTPStatus.OK, *REFUSED_CONTENT)
_INSTEAD = "abate itself checks a report against FHIR's rules"


def _ask(context: Context) -> Verdict:
    """Validate a List, and the same List with a status that FHIR does not have."""
    good = probe_list("first")
    status, has_errors = _judge(context, good)
    if status in LOGIN_WANTED:
        return f"NO ({status})", f"not with these rights; {_INSTEAD}"
    if has_errors is None:
        return f"NO ({status})", _INSTEAD
    if not _judge(context, {**good, "status": "abate-no-such-status"})[1]:
        return "NO", f"it accepts an invalid List; {_INSTEAD}"
    if has_errors:
        return (
            "yes",
            "it refuses a List that is valid in FHIR: validate a report before you publish it",
        )
    return "yes", "a report can also be checked against the server's own rules"


def _judge(context: Context, resource: Resource) -> tuple[int, bool | None]:
    """Return the status, and whether errors were found; None if the server did not judge."""
    answer = context.client.post(f"{TYPE}/{WHAT}", resource)
    if answer.status not in _JUDGED:
        return answer.status, None
    outcome = answer.json()
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return answer.status, None
    severities = [issue.get("severity") for issue in as_objects(outcome.get("issue"))]
    return answer.status, "error" in severities or "fatal" in severities


VALIDATE = Probe(what=WHAT, group="report", ask=_ask, unreadable=f"unreadable answer; {_INSTEAD}")
