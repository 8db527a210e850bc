"""The kinds of login, as auth objects of requests that add a header to a request."""

import base64
from dataclasses import replace
from functools import cache

from requests import PreparedRequest
from requests.auth import AuthBase

from abate.auth import discovery
from abate.auth.client_assertion import Client, KeyClient, SecretClient
from abate.auth.discovery import Discovery
from abate.auth.scopes import Scopes
from abate.auth.secrets import Secret, secret
from abate.auth.token_endpoint import Endpoint
from abate.auth.tokens import Tokens
from abate.config.server import Auth
from abate.fhir.client import FhirServer
from abate.http.access import Access, Login
from abate.http.urls import origin


class Fixed(AuthBase):
    """A constant header: a password (RFC 7617) or a fixed token (RFC 6750)."""

    def __init__(self, header: str) -> None:
        """Send `header` as Authorization."""
        self._header = header

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Log in."""
        request.headers["Authorization"] = self._header
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Return False: the header is constant."""
        del refused
        return False


class TokenLogin(AuthBase):
    """A requested token, which is requested again when it expires or is refused."""

    def __init__(self, tokens: Tokens) -> None:
        """Use the current token of `tokens`."""
        self._tokens = tokens

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Log in."""
        request.headers["Authorization"] = f"Bearer {self._tokens.current()}"
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Drop the refused token, so that a new one is requested."""
        shown = str(refused.headers.get("Authorization", ""))
        self._tokens.drop(shown.removeprefix("Bearer "))
        return True


def make(
    auth: Auth, base: str, access: Access, timeout_seconds: float, scopes: Scopes
) -> Login | None:
    """Make the login of a table of the study file, or None; nothing is sent yet.

    Args:
        auth: the table.
        base: the base URL of the server.
        access: the access without a login; its table determines the names of the secrets.
        timeout_seconds: how long to wait for a token.
        scopes: the scopes that a SMART login requests, unless the table sets them.

    Raises:
        AbateError: a secret is missing or invalid.
    """
    if auth.kind == "none":
        return None
    kept = secret(access.table, auth.kind)
    if auth.kind == "basic":
        return Fixed(_basic(str(auth.username), kept))
    if auth.kind == "bearer":
        return Fixed(f"Bearer {kept.header}")
    is_ours = auth.scopes is None and auth.kind == "smart"
    asked = scopes if is_ours else Scopes(needed=auth.scopes or ())
    return TokenLogin(Tokens(_endpoint(auth, base, access, timeout_seconds, (kept, asked)).ask))


def _basic(username: str, password: Secret) -> str:
    pair = f"{username}:{password.value}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _endpoint(
    auth: Auth,
    base: str,
    access: Access,
    timeout_seconds: float,
    asking: tuple[Secret, Scopes],
) -> Endpoint:
    kept, scopes = asking

    def enter(url: str) -> FhirServer:
        """Open a session; the client certificate is sent to the server itself only."""
        if origin(url) == origin(base):
            return FhirServer(url, timeout_seconds, access)
        return FhirServer(url, timeout_seconds, replace(access, certificate=None))

    def find() -> Discovery:
        if auth.token_url:
            return Discovery(token_url=auth.token_url)
        with FhirServer(base, timeout_seconds, access) as server:
            return discovery.find(server, access.table)

    return Endpoint(find=cache(find), enter=enter, client=_client(auth, kept), scopes=scopes)


def _client(auth: Auth, kept: Secret) -> Client:
    name = str(auth.client_id)
    if auth.kind == "client-secret":
        return SecretClient(client_id=name, secret=kept)
    from abate.auth import keys

    return KeyClient(client_id=name, key=keys.read(kept), kid=auth.kid, jku=auth.jku)
