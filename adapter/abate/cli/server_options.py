"""The keys of [source] as options, for `check` and `init`, which have no study file."""

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
    click.option("--auth", type=click.Choice(_KINDS), help="The kind of login; default: none."),
    click.option("--username", help="The user name, with --auth basic."),
    click.option("--client-id", help="The client id, with --auth client-secret or smart."),
    click.option("--token-url", help="The token endpoint, if the server does not declare it."),
    click.option("--scope", multiple=True, help="A scope to request. May be repeated."),
    click.option("--kid", help="The id of the key, if it is not its thumbprint."),
    click.option("--ca", help="A PEM file with the certificates to trust."),
    click.option("--certificate", help="A PEM file with our client certificate, for mutual TLS."),
    click.option("--certificate-key", help="The key of the certificate, if in a separate file."),
    click.option("--insecure-http", is_flag=True, help="Allow plain http over a network."),
)


@dataclass(frozen=True, slots=True)
class ServerArguments:
    """A server and its login, as given on the command line."""

    server: "Server"

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return self.server.url

    def access(self, *, write: bool = False) -> "Access":
        """Return the access to the server: to read, or with `write` also for `check --write`.

        The secrets come from the environment variables ABATE_SOURCE_...

        Raises:
            AbateError: a secret is missing, a TLS file cannot be used, or plain http is forbidden.
        """
        from abate.auth.scopes import CHECK, CHECK_BESIDES, PROBE
        from abate.auth.servers import access_to
        from abate.survey.survey import TIMEOUT_SECONDS

        scopes = (*CHECK, *PROBE) if write else CHECK
        return access_to(
            self.server, "source", Path(), scopes, TIMEOUT_SECONDS, besides=CHECK_BESIDES
        )

    def toml(self, more: Mapping[str, Any] | None = None) -> str:
        """Return the keys of [source] except `url`, and [source.auth], as in a study file.

        Args:
            more: other keys of [source].
        """
        settings = self.server.model_dump(exclude_unset=True, exclude={"url"}) | dict(more or {})
        auth = settings.pop("auth", {})
        # Paths in a study file are relative to its folder; on the command line, to the current one.
        settings |= {key: str(Path(settings[key]).resolve()) for key in _PATHS if key in settings}
        table = f"\n[source.auth]\n{_lines(auth)}" if auth else ""
        return _lines(settings) + table


def with_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument URL and the options of a login; the command gets both as `entry`."""

    @wraps(command)
    def run(url: str, **given: Any) -> Any:
        options = {name: given.pop(name) for name in (*_AUTH_NAMES, *_SERVER)}
        return command(entry=ServerArguments(_server(url, options)), **given)

    wrapped: Callable[..., Any] = run
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return click.argument("url")(wrapped)


def _server(url: str, options: Mapping[str, Any]) -> "Server":
    from pydantic import ValidationError

    from abate.config.messages import locate, words
    from abate.config.server import Server

    auth = {_AUTH.get(name, name): options[name] for name in _AUTH_NAMES if options[name]}
    if "scopes" in auth:
        auth["scopes"] = list(auth["scopes"])
    content = {name: options[name] for name in _SERVER if options[name]}
    try:
        return Server.model_validate({"url": url, **content, **({"auth": auth} if auth else {})})
    except ValidationError as error:
        [fault, *_] = error.errors(include_input=False, include_url=False)
        raise click.UsageError(f"{_option(locate(fault))}: {words(fault)}.") from None


def _option(location: Sequence[str | int]) -> str:
    """Return the option for a key of [source]."""
    names = [str(part) for part in location if isinstance(part, str)]
    back = {key: name for name, key in _AUTH.items()}
    name = back.get(names[-1], names[-1])
    return "URL" if name == "url" else f"--{name.replace('_', '-')}"


def _lines(table: Mapping[str, Any]) -> str:
    """Return a table as TOML. JSON of texts, lists of texts and booleans is also valid TOML."""
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items()
    )
