"""Who asks for a token: a client with a secret, or one with a key."""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote_plus

from abate.auth.discovery import Found
from abate.auth.secrets import Secret
from abate.errors import LoginRefused

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# At most 300; less, since the server's clock may be behind ours.
ASSERTION_SECONDS = 240


@dataclass(frozen=True, slots=True)
class ClientParameters:
    """What a token request says of the client: a part of its form, and headers."""

    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Client(Protocol):
    """A registered client."""

    def show(self, found: Found) -> ClientParameters:
        """What to say at a token endpoint; made anew for each request.

        Raises:
            LoginRefused: the endpoint takes nothing that this client has.
        """


class Signer(Protocol):
    """A private key: see `abate.auth.keys`, which loads the library that signs."""

    @property
    def algorithm(self) -> str:
        """As in the header of a JWT."""

    @property
    def kid(self) -> str:
        """The key's id."""

    def sign(self, header: Mapping[str, str], claims: Mapping[str, Any]) -> str:
        """A signed JWT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretClient:
    """A client with a secret, in the header, or in the body where the header is not taken."""

    client_id: str
    secret: Secret

    def show(self, found: Found) -> ClientParameters:
        """RFC 6749, section 2.3.1: id and secret are encoded as a form before they are joined."""
        methods = found.methods or ()
        if "client_secret_post" in methods and "client_secret_basic" not in methods:
            return ClientParameters(
                form={"client_id": self.client_id, "client_secret": self.secret.value}
            )
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.value)}"
        encoded = base64.b64encode(pair.encode()).decode()
        return ClientParameters(headers={"Authorization": f"Basic {encoded}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClient:
    """A client with a private key: a signed JWT shows who it is (RFC 7523)."""

    client_id: str
    key: Signer
    kid: str | None = None
    jku: str | None = None

    def show(self, found: Found) -> ClientParameters:
        """One assertion for one request: a server refuses a `jti` that it has seen."""
        self._refuse_algorithm(found)
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": found.token_url,
            "exp": int(time.time()) + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        header = {"kid": self.kid or self.key.kid, **({"jku": self.jku} if self.jku else {})}
        assertion = self.key.sign(header, claims)
        return ClientParameters(
            form={"client_assertion_type": ASSERTION, "client_assertion": assertion}
        )

    def _refuse_algorithm(self, found: Found) -> None:
        algorithm = self.key.algorithm
        if found.algorithms is not None and algorithm not in found.algorithms:
            taken = [one for one in ("ES384", "RS384") if one in found.algorithms]
            raise LoginRefused(
                f"the server takes no assertion that is signed with {algorithm}, as our kind of "
                f"key does; it takes {' and '.join(taken) or 'neither RS384 nor ES384'}"
            )
