"""Bulk Data export, and the login that it usually needs: as the server declares, or tried.

An export is work for a server, so it is started only with `--write`: of Patients that changed
after a date in the far future, and cancelled at once.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from abate.auth.discovery import WELL_KNOWN
from abate.errors import SourceError
from abate.http.failures import ABSENT
from abate.source.bulk.job import ExportJob, NotKnown
from abate.survey.budgeted_client import Spent
from abate.survey.context import Context, Probe, Verdict

FAR_OFF = "2999-01-01T00:00:00.000Z"
# The level at which `_since` is honoured more often comes first: HAPI 8.8 does not honour it for
# Patients (2026-11).
PATHS = {"system": "$export", "Patient": "Patient/$export"}
_CANCELLED = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, *ABSENT)


def _declare(context: Context) -> Verdict:
    if not context.capability.exports:
        return "says no", "a pull searches"
    levels = ", ".join(context.capability.exports)
    return "says yes", f'of {levels}: [source] strategy = "bulk" uses it'


def _ask_export(context: Context) -> Verdict:
    """Start an export and cancel it, if the survey may write; note it if it cannot be cancelled."""
    path = next((PATHS[level] for level in PATHS if level in context.capability.exports), None)
    if path is None or not context.write:
        return _declare(context)
    context.client.refuse_spent()
    job = ExportJob(context.client.server, context.log)
    try:
        job.begin(path, {"_type": "Patient", "_since": FAR_OFF}, [])
    except SourceError as error:
        if isinstance(error, NotKnown):
            context.left.append(f"perhaps an export, requested by {path}")
        return "NO", f"{error}. Without an export, a pull searches"
    finally:
        if job.location and not _cancel(context, job.location):
            context.left.append(f"an export that was started by {path}")
    return "yes", f'started ({path}) and cancelled: [source] strategy = "bulk" uses it'


def _cancel(context: Context, location: str) -> bool:
    try:
        return context.client.server.delete(location).status in _CANCELLED
    except SourceError:
        return False


def _read_login(context: Context) -> Verdict:
    """Read from the SMART configuration how a program logs in without a person."""
    try:
        answer = context.client.ask(lambda: context.client.server.get_json(WELL_KNOWN))
        content = answer.json() if answer.status == HTTPStatus.OK else None
    except Spent:
        raise
    except SourceError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("token_endpoint"), str):
        return "says no", "no login is needed, or another kind: see --auth"
    if _offers_keys(content):
        return "says yes", "--auth smart: with a key, without a person"
    return "says no", "it declares tokens, but no login with a key: perhaps --auth client-secret"


def _offers_keys(content: Mapping[str, Any]) -> bool:
    """Whether it declares them: https://hl7.org/fhir/smart-app-launch/conformance.html#capability-sets."""
    methods = content.get("token_endpoint_auth_methods_supported")
    capabilities = content.get("capabilities")
    by_method = isinstance(methods, list) and "private_key_jwt" in methods
    return by_method or (
        isinstance(capabilities, list) and "client-confidential-asymmetric" in capabilities
    )


EXPORT = Probe(what="bulk export", group="pull", ask=_ask_export)
SMART_LOGIN = Probe(what="SMART login", group="pull", ask=_read_login)
