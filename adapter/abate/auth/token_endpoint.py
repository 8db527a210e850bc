"""The token endpoint: one request, its answer, and what may be told of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from abate.auth.client_assertion import Client
from abate.auth.discovery import Found
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
    "invalid_client": "check client_id, the secret, and that the public key is registered there",
    "invalid_grant": "check client_id, and that the clocks of both machines are right",
    "unauthorized_client": "let its operator allow this client the client_credentials grant",
    "unsupported_grant_type": "it does not know the client_credentials grant",
    "invalid_scope": "check scopes, and what the client is registered for",
    "access_denied": "",
    "server_error": "",
    "temporarily_unavailable": "try later",
    "invalid_target": "",
    "use_dpop_nonce": "it wants DPoP, which abate has not",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Asks for tokens.

    Attributes:
        find: where they are asked for.
        enter: a session to an address, without a login.
        client: who asks.
        scopes: what is asked for.
    """

    find: Callable[[], Found]
    enter: Callable[[str], AbstractContextManager[FhirServer]]
    client: Client
    scopes: Scopes

    def ask(self) -> Token:
        """Ask for a token.

        Raises:
            LoginRefused: there is none for us, or one that may do less than was asked for.
            SourceError: nobody answers, or not in a way that is understood.
        """
        found = self.find()
        asked_at = time.monotonic()
        scopes = [*self.scopes.needed, *self.scopes.besides]
        answer = self._answer(found, scopes)
        if self.scopes.besides and _error(answer) == "invalid_scope":
            answer = self._answer(found, self.scopes.needed)
        content = _read_grant(answer)
        granted = content.get("scope")
        # Without a scope, what was asked for was granted: RFC 6749, section 5.1.
        if isinstance(granted, str) and (lacking := missing(self.scopes.needed, granted)):
            raise LoginRefused(
                f"{address(found.token_url)} grants less than was asked for: "
                f"{', '.join(lacking)} is missing. Let its operator grant it to this client; or "
                "ask for what you have: scopes in the study file"
            )
        return token(_value(content, found.token_url), asked_at, _seconds(content))

    def _answer(self, found: Found, scopes: Sequence[str]) -> Answer:
        """What was answered; a server in trouble is asked again, with an assertion of its own."""
        with self.enter(found.token_url) as server:
            attempts = Attempts(TRIES)
            while not attempts.is_last:
                answer = self._try(server, found, scopes)
                if answer is not None and _is_final(answer):
                    return answer
                attempts.wait(answer)
            return self._post(server, found, scopes)

    def _try(self, server: FhirServer, found: Found, scopes: Sequence[str]) -> Answer | None:
        """What was answered; None if the connection broke on the way."""
        try:
            return self._post(server, found, scopes)
        except Unanswered:
            return None

    def _post(self, server: FhirServer, found: Found, scopes: Sequence[str]) -> Answer:
        shown = self.client.show(found)
        form = {"grant_type": "client_credentials", **shown.form}
        if scopes:
            form["scope"] = " ".join(scopes)
        return server.post_form(found.token_url, form, shown.headers)


def _is_final(answer: Answer) -> bool:
    """Whether the endpoint itself has answered: a gateway may say of its trouble with 200 too."""
    if answer.status != HTTPStatus.OK:
        return answer.status not in TRANSIENT
    content = _json(answer)
    return content is None or not {"access_token", "error"}.isdisjoint(content)


def _read_grant(answer: Answer) -> Mapping[str, Any]:
    if answer.status in TRANSIENT:
        raise SourceError(f"{answer.place} answered {answer.status}, also when asked again")
    content = _json(answer)
    if answer.status == HTTPStatus.OK and content is not None:
        return content
    code = _error(answer)
    if not isinstance(code, str) or code not in CODES:
        kind = shown_type(answer.headers)
        raise LoginRefused(
            f"{answer.place} answered {answer.status} with {kind}, not as a token endpoint does: "
            "check token_url, or where the server says that tokens come from"
        )
    advice = f": {CODES[code]}" if CODES[code] else ""
    raise LoginRefused(f"{answer.place} refuses the login ({answer.status}, {code}){advice}")


def _error(answer: Answer) -> object:
    """The code of an error (RFC 6749, section 5.2); None where there is none."""
    return None if answer.status == HTTPStatus.OK else (_json(answer) or {}).get("error")


def _json(answer: Answer) -> Mapping[str, Any] | None:
    try:
        found = answer.json()
    except SourceError:
        return None
    return found if isinstance(found, dict) else None


def _value(content: Mapping[str, Any], url: str) -> str:
    """The token; one that cannot stand in a header is none."""
    value, kind = content.get("access_token"), content.get("token_type", "bearer")
    is_bearer = isinstance(kind, str) and kind.lower() == "bearer"
    fits = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    if not (is_bearer and fits and value):
        raise LoginRefused(f"{address(url)} answered without a bearer token")
    return str(value)


def _seconds(content: Mapping[str, Any]) -> float | None:
    """How long the token lasts; some write the number as text."""
    said = content.get("expires_in")
    try:
        seconds = float(said) if isinstance(said, (int, float, str)) else 0.0
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None
