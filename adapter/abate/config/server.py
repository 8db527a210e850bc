"""The settings of a server in the study file: its URL, its TLS certificates, and the login.

The secrets of a login come from the environment: see `auth.secrets`.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abate.config.types import BaseUrl, KeySetUrl, Scope, TokenUrl, UserName, fault_at

AuthKind = Literal["none", "basic", "bearer", "client-secret", "smart"]

_TAKEN: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "basic": frozenset({"username"}),
    "bearer": frozenset(),
    "client-secret": frozenset({"client_id", "token_url", "scopes"}),
    "smart": frozenset({"client_id", "token_url", "scopes", "kid", "jku"}),
}
_NEEDED = {"basic": "username", "client-secret": "client_id", "smart": "client_id"}


_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)


class Auth(BaseModel):
    """`[source.auth]`, `[target.auth]`: the login, without its secret."""

    model_config = _STRICT

    kind: AuthKind = "none"
    username: UserName | None = None
    client_id: Annotated[str, Field(min_length=1)] | None = None
    token_url: TokenUrl | None = None
    scopes: list[Scope] | None = None
    kid: str | None = None
    jku: KeySetUrl | None = None

    @model_validator(mode="after")
    def _as_the_kind_wants(self) -> Self:
        needed = _NEEDED.get(self.kind)
        if needed and getattr(self, needed) is None:
            raise fault_at(f"kind = {self.kind!r} requires this key", needed)
        for key in sorted(self.model_fields_set - {"kind"} - _TAKEN[self.kind]):
            raise fault_at(f"kind = {self.kind!r} does not use this key", key)
        return self


class Server(BaseModel):
    """The settings that `[source]` and `[target]` share.

    `ca`, `certificate` and `certificate_key` are paths relative to the study file's folder.
    """

    model_config = _STRICT

    url: BaseUrl
    auth: Auth = Auth()
    ca: str | None = None
    certificate: str | None = None
    certificate_key: str | None = None
    insecure_http: bool = False

    @model_validator(mode="after")
    def _key_with_certificate(self) -> Self:
        if self.certificate_key is not None and self.certificate is None:
            raise fault_at("this key needs a certificate, but none is set", "certificate_key")
        return self
