"""A refusal, and its OperationOutcome."""

from typing import Any


class RequestRefused(Exception):
    """The server refuses the request.

    Attributes:
        status: the HTTP status.
        code: a code of https://hl7.org/fhir/R4/valueset-issue-type.html
        diagnostics: one sentence, without resource content or search values.
    """

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.code = code
        self.diagnostics = diagnostics

    def within(self, place: str) -> "RequestRefused":
        """Return the same refusal, preceded by the place, such as `entry 3`."""
        return RequestRefused(self.status, self.code, f"{place}: {self.diagnostics}")


def operation_outcome(code: str, diagnostics: str) -> dict[str, Any]:
    """Return an OperationOutcome with one error."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
