"""Bulk Data export, and the login that it usually wants: by the server's words, or tried.

An export is work for a server, so that one is begun only where we may write: of Patients that
changed after a day that is far off, cancelled at once.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from abate.errors import SourceError
from abate.log import Log
from abate.source.export_job import ExportJob, NotKnown
from abate.source.login.discovery import WELL_KNOWN
from abate.survey.asking import Asker, Spent
from abate.survey.found import Probe, Server

WHAT, LOGIN = "bulk export", "SMART login"
FAR_OFF = "2999-01-01T00:00:00.000Z"
# Where `_since` is heeded more often comes first: HAPI 8.8 does not heed it for Patients (2026-11).
PATHS = {"system": "$export", "Patient": "Patient/$export"}
_CANCELLED = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, *(404, 410))


def said(server: Server) -> Probe:
    """What the CapabilityStatement says."""
    if not server.exports:
        return _made("says no", "a pull searches")
    levels = ", ".join(server.exports)
    return _made("says yes", f'of {levels}: [source] strategy = "bulk" takes it')


def tried(asker: Asker, server: Server, log: Log, left: list[str]) -> Probe:
    """Begin an export and cancel it; one that cannot be cancelled goes to `left`."""
    path = next((PATHS[level] for level in PATHS if level in server.exports), None)
    if path is None:
        return said(server)
    job = ExportJob(asker.server, log)
    try:
        job.begin(path, {"_type": "Patient", "_since": FAR_OFF}, [])
    except SourceError as error:
        if isinstance(error, NotKnown):
            left.append(f"perhaps an export, asked for by {path}")
        return _made("NO", f"{error}. Without an export, a pull searches")
    finally:
        if job.location and not _is_cancelled(asker, job):
            left.append(f"an export that was begun by {path}")
    return _made("yes", f'begun ({path}) and cancelled: [source] strategy = "bulk" takes it')


def login(asker: Asker) -> Probe:
    """What the SMART configuration says of a login without a person."""
    try:
        answer = asker.ask(lambda: asker.server.get_json(WELL_KNOWN))
        told = answer.json() if answer.status == HTTPStatus.OK else None
    except Spent:
        raise
    except SourceError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("token_endpoint"), str):
        return Probe(
            what=LOGIN, found="says no", then="none is needed, or another kind: see --auth"
        )
    if _offers_keys(told):
        return Probe(what=LOGIN, found="says yes", then="--auth smart: with a key, by itself")
    then = "it names tokens, and no login with a key: perhaps --auth client-secret"
    return Probe(what=LOGIN, found="says no", then=then)


def _offers_keys(told: Mapping[str, Any]) -> bool:
    """By https://hl7.org/fhir/smart-app-launch/conformance.html#capability-sets."""
    methods = told.get("token_endpoint_auth_methods_supported")
    capabilities = told.get("capabilities")
    by_method = isinstance(methods, list) and "private_key_jwt" in methods
    return by_method or (
        isinstance(capabilities, list) and "client-confidential-asymmetric" in capabilities
    )


def _is_cancelled(asker: Asker, job: ExportJob) -> bool:
    try:
        return asker.server.delete(job.location).status in _CANCELLED
    except SourceError:
        return False


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
