"""How a server is entered: the login, whom its TLS trusts, and no plain http over a network."""

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
    """What shows a server who we are."""

    def __call__(self, request: Prepared) -> Prepared:
        """Put the login on a request.

        Raises:
            LoginRefused: no token is to be had.
        """

    def renew(self, refused: Prepared) -> bool:
        """After a 401: whether another try has something new to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one server is entered.

    Attributes:
        login: who we are; None where nobody asks.
        ca: the certificates of those whom we trust, in one PEM file; None for those of certifi.
        certificate: our own, for mutual TLS, as a PEM file, which may hold the key too.
        certificate_key: the key, where it is a file of its own.
        insecure_http: plain http may go over a network.
        table: the table of the study file that all this comes from, for messages.
    """

    login: Login | None = None
    ca: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    insecure_http: bool = False
    table: str = "source"

    @property
    def verify(self) -> str | None:
        """What requests takes; None leaves it to requests and REQUESTS_CA_BUNDLE."""
        return str(self.ca) if self.ca else None

    @property
    def cert(self) -> str | tuple[str, str] | None:
        """What requests takes as our certificate."""
        if self.certificate is None or self.certificate_key is None:
            return str(self.certificate) if self.certificate else None
        return str(self.certificate), str(self.certificate_key)

    def refuse_clear(self, base: str) -> None:
        """Refuse plain http to another machine.

        Raises:
            SourceError: anybody on the way could read patients' data.
        """
        if not (self.insecure_http or is_private(base)):
            raise SourceError(
                f"{base} is plain http to another machine: whoever is on the way reads patients' "
                "data and logins. Use its https address; or, where the network itself is safe, "
                f"set insecure_http = true in [{self.table}] (--insecure-http without a study file)"
            )

    def refuse_unreadable(self) -> None:
        """Refuse TLS files that cannot be used, before the first request.

        Raises:
            StudyFileError: names the key of the study file.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            _tried("ca", self.table, lambda: context.load_verify_locations(cafile=self.ca))
        if self.certificate is not None:
            certificate, key = self.certificate, self.certificate_key
            # With a password to offer, OpenSSL does not ask for one where nobody sits.
            _tried(
                "certificate",
                self.table,
                lambda: context.load_cert_chain(certificate, key, password=""),
            )

    def login_wanted(self, base: str, status: int) -> SourceError:
        """The error where the server answers 401, or 403 to what we need."""
        if self.login is None:
            return SourceError(
                f"{base} wants a login (it answered {status}), and none is set. Add "
                f'[{self.table}.auth] with its kind to the study file, as kind = "smart", and its '
                "secret to the environment; for abate check and abate init: --auth"
            )
        return LoginRefused(
            f"{base} knows our login, and does not let it do this (it answered {status}): ask its "
            "operator for the rights or scopes that are missing"
        )


def login_refused(where: str) -> LoginRefused:
    """The error where a server answers 401 to a login, also to a fresh one."""
    return LoginRefused(
        f"login refused: {where} answered 401 to our login. Check that the secret in the "
        "environment is that of this server, and is still valid"
    )


class OwnOrigin(AuthBase):
    """Puts the login on requests to one origin, and on no other."""

    def __init__(self, base: str, login: Login | None) -> None:
        """Keep `login` for the origin of `base`; None sends none."""
        self._origin, self._login = origin(base), login

    def __call__(self, request: Prepared) -> Prepared:
        """Log in; without this, requests would send what it finds in a .netrc file."""
        if self._login is None or origin(str(request.url)) != self._origin:
            return request
        request.hooks["response"].append(self._send_again)
        return self._login(request)

    def _send_again(self, refused: requests.Response, **options: Any) -> requests.Response:
        """After a 401, send the request once more if there is a new token to show.

        requests calls this with the options of the first sending; its own login for Digest does
        the same.
        """
        login = self._login
        is_refused = refused.status_code == UNAUTHORIZED
        if login is None or not is_refused or not login.renew(refused.request):
            return refused
        refused.close()
        again: requests.Response = refused.connection.send(login(refused.request.copy()), **options)
        again.history.append(refused)
        return again


def _tried(key: str, table: str, load: Callable[[], None]) -> None:
    try:
        load()
    except OSError as error:
        reason = error.strerror
        if isinstance(error, ssl.SSLError):
            reason = "it is no PEM, or its key is another's or locked by a password"
        raise StudyFileError(f"[{table}] {key}: the file cannot be used: {reason}") from None
