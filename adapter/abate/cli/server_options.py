"""How `check` and `init` enter a server without a study file: the keys of [source] as options."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from abate.config.server import Server
    from abate.http.access import Access

_KINDS = ("none", "basic", "bearer", "client-secret", "smart")
_AUTH_NAMES = ("auth", "username", "client_id", "token_url", "scope", "kid")
_AUTH = {"auth": "kind", "scope": "scopes"}
_PATHS = ("ca", "certificate", "certificate_key")
_SERVER = (*_PATHS, "insecure_http")
_OPTIONS = (
    click.option("--auth", type=click.Choice(_KINDS), help="How to log in; none without it."),
    click.option("--username", help="With --auth basic."),
    click.option("--client-id", help="With --auth client-secret or smart."),
    click.option("--token-url", help="Where tokens are asked for, if the server does not say."),
    click.option("--scope", multiple=True, help="A scope to ask for. May be repeated."),
    click.option("--kid", help="The id of the key, if it is not its thumbprint."),
    click.option("--ca", help="Certificates to trust, in one PEM file."),
    click.option("--certificate", help="Our own certificate, for mutual TLS, as PEM."),
    click.option("--certificate-key", help="Its key, if that is a file of its own."),
    click.option("--insecure-http", is_flag=True, help="Let plain http go over a network."),
)


@dataclass(frozen=True, slots=True)
class ServerArguments:
    """A server, and how it is entered, as the command line says it."""

    server: "Server"

    @property
    def url(self) -> str:
        """The base URL."""
        return self.server.url

    def access(self, *, write: bool = False) -> "Access":
        """How it is entered, to read or to `write` what a check tries too.

        The secrets are those of ABATE_SOURCE_...

        Raises:
            AbateError: a secret is missing; or a TLS file, or plain http, cannot be used.
        """
        from abate.auth.scopes import CHECK, CHECK_BESIDES, PROBE
        from abate.auth.servers import access_to
        from abate.survey.survey import TIMEOUT_SECONDS

        scopes = (*CHECK, *PROBE) if write else CHECK
        return access_to(
            self.server, "source", Path(), scopes, TIMEOUT_SECONDS, besides=CHECK_BESIDES
        )

    def toml(self) -> str:
        """The keys of [source] besides `url`, and [source.auth], as a study file says them."""
        said = self.server.model_dump(exclude_unset=True, exclude={"url"})
        auth = said.pop("auth", {})
        # A study file's paths start at its own folder, and those of the command line here.
        said |= {key: str(Path(said[key]).resolve()) for key in _PATHS if key in said}
        table = f"\n[source.auth]\n{_lines(auth)}" if auth else ""
        return _lines(said) + table


def with_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument URL and the options of a login; the command gets both as `entry`."""

    @wraps(command)
    def run(url: str, **given: Any) -> Any:
        said = {name: given.pop(name) for name in (*_AUTH_NAMES, *_SERVER)}
        return command(entry=ServerArguments(_server(url, said)), **given)

    wrapped: Callable[..., Any] = run
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return click.argument("url")(wrapped)


def _server(url: str, said: Mapping[str, Any]) -> "Server":
    from pydantic import ValidationError

    from abate.config.messages import locate, words
    from abate.config.server import Server

    auth = {_AUTH.get(name, name): said[name] for name in _AUTH_NAMES if said[name]}
    if "scopes" in auth:
        auth["scopes"] = list(auth["scopes"])
    content = {name: said[name] for name in _SERVER if said[name]}
    try:
        return Server.model_validate({"url": url, **content, **({"auth": auth} if auth else {})})
    except ValidationError as error:
        [fault, *_] = error.errors(include_input=False, include_url=False)
        raise click.UsageError(f"{_option(locate(fault))}: {words(fault)}.") from None


def _option(location: Sequence[str | int]) -> str:
    """The option that a key of [source] is on the command line."""
    names = [str(one) for one in location if isinstance(one, str)]
    back = {key: name for name, key in _AUTH.items()}
    name = back.get(names[-1], names[-1])
    return "URL" if name == "url" else f"--{name.replace('_', '-')}"


def _lines(table: Mapping[str, Any]) -> str:
    """As TOML: what JSON writes of texts, lists of texts and booleans, TOML reads."""
    return "".join(f"{key} = {json.dumps(one, ensure_ascii=False)}\n" for key, one in table.items())
