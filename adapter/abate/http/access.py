"""Access to a server: the login, TLS certificates, and no plain http over a network."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import requests
from requests.auth import AuthBase

from abate.errors import LoginRefused, SourceError, StudyFileError
from abate.http.urls import is_private, origin

Prepared = requests.PreparedRequest
UNAUTHORIZED = HTTPStatus.UNAUTHORIZED


class Login(Protocol):
    """A login to a server."""

    def __call__(self, request: Prepared) -> Prepared:
        """Add the login to a request.

        Raises:
            LoginRefused: no token is available.
        """

    def renew(self, refused: Prepared) -> bool:
        """Return whether another attempt after a 401 has a new token to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The access settings of one server.

    Attributes:
        login: the login; None for a server without a login.
        ca: the trusted certificates, in one PEM file; None for those of certifi.
        certificate: the client certificate for mutual TLS, a PEM file that may contain the key.
        certificate_key: the key, if it is in a separate file.
        insecure_http: whether plain http over a network is allowed.
        table: the table of the study file with these settings, for messages.
    """

    login: Login | None = None
    ca: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    insecure_http: bool = False
    table: str = "source"

    @property
    def verify(self) -> str | None:
        """The `verify` argument of requests; None leaves it to requests and REQUESTS_CA_BUNDLE."""
        return str(self.ca) if self.ca else None

    @property
    def cert(self) -> str | tuple[str, str] | None:
        """The `cert` argument of requests."""
        if self.certificate is None or self.certificate_key is None:
            return str(self.certificate) if self.certificate else None
        return str(self.certificate), str(self.certificate_key)

    def refuse_clear(self, base: str) -> None:
        """Refuse plain http to another machine.

        Raises:
            SourceError: the connection is not encrypted.
        """
        if not (self.insecure_http or is_private(base)):
            raise SourceError(
                f"{base} is plain http to another machine: anyone on the network can read "
                "patients' data and logins. Use its https address; or, if the network is safe, "
                f"set insecure_http = true in [{self.table}] (--insecure-http without a study file)"
            )

    def refuse_unreadable(self) -> None:
        """Stop before the first request if a TLS file cannot be used.

        Raises:
            StudyFileError: names the key of the study file.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            _try_file("ca", self.table, lambda: context.load_verify_locations(cafile=self.ca))
        if self.certificate is not None:
            certificate, key = self.certificate, self.certificate_key
            # Without a password callback, OpenSSL would ask for a password on the terminal.
            _try_file(
                "certificate",
                self.table,
                lambda: context.load_cert_chain(certificate, key, password=""),
            )

    def login_wanted(self, base: str, status: int) -> SourceError:
        """Return the error for an answer of 401 or 403."""
        if self.login is None:
            return SourceError(
                f"{base} requires a login (it answered {status}), but none is set. Add "
                f'[{self.table}.auth] with its kind to the study file, as kind = "smart", and its '
                "secret to the environment; for abate check, init and try: --auth"
            )
        return LoginRefused(
            f"{base} accepted the login but does not permit this (it answered {status}): ask its "
            "operator for the missing rights or scopes"
        )


def login_refused(where: str) -> LoginRefused:
    """Return the error for a 401 to a login, even to a new token."""
    return LoginRefused(
        f"login refused: {where} answered 401 to the login. Check that the secret in the "
        "environment belongs to this server and is still valid"
    )


class OwnOrigin(AuthBase):
    """Adds the login to requests to one origin only."""

    def __init__(self, base: str, login: Login | None) -> None:
        """Use `login` for the origin of `base`; None sends no login."""
        self._origin, self._login = origin(base), login

    def __call__(self, request: Prepared) -> Prepared:
        """Add the login; without an auth object, requests would send a login from a .netrc file."""
        if self._login is None or origin(str(request.url)) != self._origin:
            return request
        request.hooks["response"].append(self._send_again)
        return self._login(request)

    def _send_again(self, refused: requests.Response, **options: Any) -> requests.Response:
        """After a 401, send the request once more if there is a new token.

        requests calls this with the options of the first request, as it does for its own Digest
        login.
        """
        login = self._login
        is_refused = refused.status_code == UNAUTHORIZED
        if login is None or not is_refused or not login.renew(refused.request):
            return refused
        refused.close()
        again: requests.Response = refused.connection.send(login(refused.request.copy()), **options)
        again.history.append(refused)
        return again


def _try_file(key: str, table: str, load: Callable[[], None]) -> None:
    try:
        load()
    except OSError as error:
        reason = error.strerror
        if isinstance(error, ssl.SSLError):
            reason = "it is not a PEM file, or its key does not match or needs a password"
        raise StudyFileError(f"[{table}] {key}: the file cannot be used: {reason}") from None
