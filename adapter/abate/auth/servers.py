"""The servers of a study: make sessions from settings, secrets and TLS files."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from abate.auth import methods
from abate.auth.scopes import WRITE, Scopes, to_read
from abate.config.server import Server
from abate.config.settings import Settings
from abate.config.source import Source
from abate.fhir.client import FhirServer
from abate.fhir.types import CODED_SECTIONS
from abate.http.access import Access
from abate.http.budget import TRIES_OF_A_PULL, Limits
from abate.telemetry.log import SILENT, Log

WRITE_TIMEOUT_SECONDS = 60.0


def source_server(settings: Settings, folder: Path, log: Log = SILENT) -> FhirServer:
    """Return the server to pull from; nothing is sent yet. Long waits are logged.

    Args:
        settings: the settings of the study.
        folder: the base of relative paths.
        log: receives messages about long waits.

    Raises:
        AbateError: a secret is missing; or a TLS file, or plain http, cannot be used.
    """
    source = settings.source
    access = access_to(source, "source", folder, read_scopes(settings), source.timeout_seconds)
    return FhirServer(source.url, source.timeout_seconds, access, limits=limits_of(source), log=log)


def limits_of(source: Source) -> Limits:
    """Return the pull limits of a study file."""
    return Limits(
        tries=TRIES_OF_A_PULL,
        parallel=source.parallel,
        requests_per_second=source.requests_per_second,
        max_requests=source.max_requests,
        max_minutes=source.max_minutes,
    )


def read_scopes(settings: Settings) -> tuple[str, ...]:
    """Return the scopes that the study's pull needs, and no others."""
    named = [name for name in CODED_SECTIONS if getattr(settings, name)]
    return to_read(named, settings.source.read_groups)


def target_server(settings: Settings, folder: Path, log: Log = SILENT) -> FhirServer:
    """Return the server to publish to: by default the source, with its login.

    Raises:
        AbateError: as for the source.
    """
    server = settings.target or settings.source
    table = "target" if settings.target else "source"
    access = access_to(server, table, folder, WRITE, WRITE_TIMEOUT_SECONDS)
    return FhirServer(server.url, WRITE_TIMEOUT_SECONDS, access, log=log)


def refuse_unready(settings: Settings, folder: Path) -> None:
    """Stop before any work if the access settings of either server are incomplete.

    Raises:
        AbateError: as for each.
    """
    with ExitStack() as servers:
        if settings.source.strategy != "files":
            servers.enter_context(source_server(settings, folder))
        servers.enter_context(target_server(settings, folder))


def access_to(  # noqa: PLR0913 - each argument is a part of the access
    server: Server,
    table: str,
    folder: Path,
    scopes: Sequence[str],
    timeout_seconds: float,
    *,
    besides: Sequence[str] = (),
) -> Access:
    """Return the access to a server, from its table.

    Args:
        server: the table.
        table: the name of the table: `source` or `target`.
        folder: the base of relative paths.
        scopes: the scopes that a SMART login requests, unless the table sets them.
        timeout_seconds: how long to wait for a token.
        besides: additional, optional scopes.

    Raises:
        AbateError: as `source_server`.
    """
    open_access = Access(
        ca=_path(folder, server.ca),
        certificate=_path(folder, server.certificate),
        certificate_key=_path(folder, server.certificate_key),
        insecure_http=server.insecure_http,
        table=table,
    )
    open_access.refuse_clear(server.url)
    open_access.refuse_unreadable()
    asked = Scopes(needed=scopes, besides=besides)
    login = methods.make(server.auth, server.url, open_access, timeout_seconds, asked)
    return replace(open_access, login=login)


def _path(folder: Path, name: str | None) -> Path | None:
    return None if name is None else folder / name
