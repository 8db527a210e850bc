"""The client of a token request: a client with a secret, or with a private key."""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote_plus

from abate.auth.discovery import Discovery
from abate.auth.secrets import Secret
from abate.errors import LoginRefused

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The limit is 300; a smaller value allows for a server whose clock is behind.
ASSERTION_SECONDS = 240


@dataclass(frozen=True, slots=True)
class ClientParameters:
    """The client's part of a token request: form fields and headers."""

    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Client(Protocol):
    """A registered client."""

    def show(self, discovery: Discovery) -> ClientParameters:
        """Return the client's parameters for a token endpoint, new for each request.

        Raises:
            LoginRefused: the endpoint supports no method of this client.
        """


class Signer(Protocol):
    """A private key: see `abate.auth.keys`, which loads the library that signs."""

    @property
    def algorithm(self) -> str:
        """The algorithm, as in the header of a JWT."""

    @property
    def kid(self) -> str:
        """The key's id."""

    def sign(self, header: Mapping[str, str], claims: Mapping[str, Any]) -> str:
        """Return a signed JWT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretClient:
    """A client with a secret: in the header, or in the body if the header is not supported."""

    client_id: str
    secret: Secret

    def show(self, discovery: Discovery) -> ClientParameters:
        """Return id and secret, form-encoded before they are joined (RFC 6749, section 2.3.1)."""
        methods = discovery.methods or ()
        if "client_secret_post" in methods and "client_secret_basic" not in methods:
            return ClientParameters(
                form={"client_id": self.client_id, "client_secret": self.secret.value}
            )
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.value)}"
        encoded = base64.b64encode(pair.encode()).decode()
        return ClientParameters(headers={"Authorization": f"Basic {encoded}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClient:
    """A client with a private key, which authenticates by a signed JWT (RFC 7523)."""

    client_id: str
    key: Signer
    kid: str | None = None
    jku: str | None = None

    def show(self, discovery: Discovery) -> ClientParameters:
        """Return a new assertion for each request: a server refuses a `jti` that was used."""
        self._refuse_algorithm(discovery)
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": discovery.token_url,
            "exp": int(time.time()) + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        header = {"kid": self.kid or self.key.kid, **({"jku": self.jku} if self.jku else {})}
        assertion = self.key.sign(header, claims)
        return ClientParameters(
            form={"client_assertion_type": ASSERTION, "client_assertion": assertion}
        )

    def _refuse_algorithm(self, discovery: Discovery) -> None:
        algorithm = self.key.algorithm
        if discovery.algorithms is not None and algorithm not in discovery.algorithms:
            taken = [name for name in ("ES384", "RS384") if name in discovery.algorithms]
            raise LoginRefused(
                f"the server accepts no assertions signed with {algorithm}, the algorithm of "
                f"our key; it takes {' and '.join(taken) or 'neither RS384 nor ES384'}"
            )
