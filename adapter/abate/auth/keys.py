"""The key pairs of SMART Backend Services: read, create, and sign.

Clients sign with RS384 or ES384, depending on the type of key:
https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from abate.auth.secrets import Secret
from abate.errors import AbateError

Algorithm = Literal["ES384", "RS384"]

CURVE = "P-384"
RSA_BITS = 3072
LEAST_RSA_BITS = 2048
_WANTED = f"an RSA key of {LEAST_RSA_BITS} bits or more (RS384), or an EC key on {CURVE} (ES384)"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; its values are never shown."""

    key: ECKey | RSAKey = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """The signing algorithm of this type of key."""
        return "ES384" if isinstance(self.key, ECKey) else "RS384"

    @property
    def kid(self) -> str:
        """The id in the JWK, or its thumbprint (RFC 7638)."""
        return str(self.key.get("kid") or self.key.thumbprint())

    def public_set(self) -> dict[str, Any]:
        """The JWKS to register at a server: the public key only."""
        public = self.key.as_dict(private=False)
        attributes = {"kid": self.kid, "use": "sig", "alg": self.algorithm, "key_ops": ["verify"]}
        return {"keys": [{**public, **attributes}]}

    def private_pem(self) -> bytes:
        """The private key as PEM (PKCS #8), without a password."""
        return self.key.as_pem(private=True)

    def sign(self, header: Mapping[str, str], claims: Mapping[str, Any]) -> str:
        """Return a signed JWT."""
        whole = {"alg": self.algorithm, **header}
        return jwt.encode(whole, dict(claims), self.key, algorithms=[self.algorithm])


def make(algorithm: Algorithm) -> SigningKey:
    """Create a key."""
    if algorithm == "ES384":
        return SigningKey(ECKey.generate_key(CURVE))
    return SigningKey(RSAKey.generate_key(RSA_BITS))


def read(secret: Secret) -> SigningKey:
    """Read the private key in a secret, a PEM or a JWK.

    Raises:
        AbateError: the key cannot be used; names the variable and the supported keys.
    """
    try:
        key = _import(secret.value)
        usable = key.is_private and _is_strong(key)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        # The text of the error may quote the key.
        raise _unusable(
            secret.name, "no private key in PEM or JWK format, or a key with a password"
        ) from None
    if not usable:
        raise _unusable(secret.name, "a key that SMART does not support")
    return SigningKey(key)


def _import(text: str) -> ECKey | RSAKey:
    if text.startswith("{"):
        content = json.loads(text)
        kind = RSAKey if content.get("kty") == "RSA" else ECKey
        return kind.import_key(content)
    try:
        return ECKey.import_key(text)
    except JoseError:
        return RSAKey.import_key(text)


def _is_strong(key: ECKey | RSAKey) -> bool:
    if isinstance(key, ECKey):
        return key.curve_name == CURVE
    return key.raw_value.key_size >= LEAST_RSA_BITS


def _unusable(name: str, fault: str) -> AbateError:
    return AbateError(f"{name} holds {fault}; expected {_WANTED}. To create a key: abate keygen")
