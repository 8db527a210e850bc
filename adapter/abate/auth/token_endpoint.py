"""The token endpoint: send one request, check its answer, and report errors without secrets."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from abate.auth.client_assertion import Client
from abate.auth.discovery import Discovery
from abate.auth.scopes import Scopes, missing
from abate.auth.tokens import Token, token
from abate.errors import LoginRefused, SourceError
from abate.fhir.client import Answer, FhirServer
from abate.http.display import address
from abate.http.failures import TRANSIENT, Unanswered
from abate.http.response import shown_type
from abate.http.retry import Attempts

TRIES = 4
# RFC 6749, section 5.2; RFC 6749, section 4.1.2.1; RFC 8707; RFC 9449.
CODES = {
    "invalid_request": "",
    "invalid_client": "check client_id, the secret, and that the public key is registered",
    "invalid_grant": "check client_id, and that the clocks of both machines are right",
    "unauthorized_client": "ask its operator to allow the client_credentials grant for this client",
    "unsupported_grant_type": "it does not support the client_credentials grant",
    "invalid_scope": "check scopes, and the scopes that the client is registered for",
    "access_denied": "",
    "server_error": "",
    "temporarily_unavailable": "try later",
    "invalid_target": "",
    "use_dpop_nonce": "it requires DPoP, which abate does not support",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Requests tokens.

    Attributes:
        find: finds the token endpoint.
        enter: opens a session to a URL, without a login.
        client: the client.
        scopes: the requested scopes.
    """

    find: Callable[[], Discovery]
    enter: Callable[[str], AbstractContextManager[FhirServer]]
    client: Client
    scopes: Scopes

    def ask(self) -> Token:
        """Request a token.

        Raises:
            LoginRefused: the request is refused, or the token lacks requested scopes.
            SourceError: there is no answer, or an invalid one.
        """
        discovery = self.find()
        asked_at = time.monotonic()
        scopes = [*self.scopes.needed, *self.scopes.besides]
        answer = self._answer(discovery, scopes)
        if self.scopes.besides and _error(answer) == "invalid_scope":
            answer = self._answer(discovery, self.scopes.needed)
        content = _read_grant(answer)
        granted = content.get("scope")
        # Without `scope` in the answer, all requested scopes were granted: RFC 6749, section 5.1.
        if isinstance(granted, str) and (lacking := missing(self.scopes.needed, granted)):
            raise LoginRefused(
                f"{address(discovery.token_url)} does not grant all requested scopes: "
                f"{', '.join(lacking)} is missing. Ask its operator to grant it to this client, or "
                "set scopes in the study file to those that the client has"
            )
        return token(_value(content, discovery.token_url), asked_at, _seconds(content))

    def _answer(self, discovery: Discovery, scopes: Sequence[str]) -> Answer:
        """Return the answer; if the server fails, retry with a new assertion."""
        with self.enter(discovery.token_url) as server:
            attempts = Attempts(TRIES)
            while not attempts.is_last:
                answer = self._try(server, discovery, scopes)
                if answer is not None and _is_final(answer):
                    return answer
                attempts.wait(answer)
            return self._post(server, discovery, scopes)

    def _try(
        self, server: FhirServer, discovery: Discovery, scopes: Sequence[str]
    ) -> Answer | None:
        """Return the answer; None if the connection broke."""
        try:
            return self._post(server, discovery, scopes)
        except Unanswered:
            return None

    def _post(self, server: FhirServer, discovery: Discovery, scopes: Sequence[str]) -> Answer:
        shown = self.client.show(discovery)
        form = {"grant_type": "client_credentials", **shown.form}
        if scopes:
            form["scope"] = " ".join(scopes)
        return server.post_form(discovery.token_url, form, shown.headers)


def _is_final(answer: Answer) -> bool:
    """Return whether the endpoint itself answered: a gateway may report a failure with 200."""
    if answer.status != HTTPStatus.OK:
        return answer.status not in TRANSIENT
    content = _json(answer)
    return content is None or not {"access_token", "error"}.isdisjoint(content)


def _read_grant(answer: Answer) -> Mapping[str, Any]:
    if answer.status in TRANSIENT:
        raise SourceError(f"{answer.place} answered {answer.status} after repeated attempts")
    content = _json(answer)
    if answer.status == HTTPStatus.OK and content is not None:
        return content
    code = _error(answer)
    if not isinstance(code, str) or code not in CODES:
        kind = shown_type(answer.headers)
        raise LoginRefused(
            f"{answer.place} answered {answer.status} with {kind}, not like a token endpoint: "
            "check token_url, or the token endpoint that the server declares"
        )
    advice = f": {CODES[code]}" if CODES[code] else ""
    raise LoginRefused(f"{answer.place} refuses the login ({answer.status}, {code}){advice}")


def _error(answer: Answer) -> object:
    """Return the error code (RFC 6749, section 5.2); None if there is none."""
    return None if answer.status == HTTPStatus.OK else (_json(answer) or {}).get("error")


def _json(answer: Answer) -> Mapping[str, Any] | None:
    try:
        content = answer.json()
    except SourceError:
        return None
    return content if isinstance(content, dict) else None


def _value(content: Mapping[str, Any], url: str) -> str:
    """Return the token; a value that is invalid in a header counts as missing."""
    value, kind = content.get("access_token"), content.get("token_type", "bearer")
    is_bearer = isinstance(kind, str) and kind.lower() == "bearer"
    fits = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    if not (is_bearer and fits and value):
        raise LoginRefused(f"{address(url)} answered without a bearer token")
    return str(value)


def _seconds(content: Mapping[str, Any]) -> float | None:
    """Return the lifetime of the token; some servers send the number as text."""
    lifetime = content.get("expires_in")
    try:
        seconds = float(lifetime) if isinstance(lifetime, (int, float, str)) else 0.0
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None
