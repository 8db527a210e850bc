"""The DiagnosticReport, which refers to all resources of a study's report."""

from base64 import b64encode
from collections.abc import Sequence

from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.fhir.canonical import REPORT, stable_id
from abate.report.fhir.elements import (
    Resource,
    concept,
    group_reference,
    identifier,
    now,
    period,
    reference_to,
    software,
)
from abate.report.fhir.narrative import conclusion, narrative, tables


def report_id(study: str) -> str:
    """Return the id of a study's DiagnosticReport."""
    return stable_id(study, "report")


def diagnostic_report(
    results: Results, done: Sequence[Outcome], statistics: Sequence[Resource], page: str
) -> Resource:
    """Return the DiagnosticReport: statistics, conclusion, and the page if there is one."""
    title = f"Pain outcomes: {results.title}"
    resource: Resource = {
        "resourceType": "DiagnosticReport",
        "id": report_id(results.study),
        "text": narrative(tables(results.title, done)),
        "identifier": [identifier(results.study, "report")],
        "status": "preliminary",
        "code": concept(REPORT, "pain-outcomes", title),
        "subject": group_reference(results),
        "effectivePeriod": period(results),
        "issued": now(),
        "performer": [software(results)],
    }
    if statistics:  # FHIR forbids empty lists.
        resource["result"] = [{"reference": reference_to(statistic)} for statistic in statistics]
    resource["conclusion"] = conclusion(results)
    if page:
        content = b64encode(page.encode()).decode("ascii")
        form = {"contentType": "text/html", "language": "en", "data": content, "title": title}
        resource["presentedForm"] = [form]
    return resource
