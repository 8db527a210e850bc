"""Read secrets from the environment only: from `NAME`, or from the file at `NAME_FILE`.

They are kept in memory, in objects that never show their value. No message contains a secret, or
the path in `NAME_FILE`, which may be a secret in the wrong variable.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from abate.errors import AbateError

# The suffix of each kind of login's variable, as in ABATE_SOURCE_TOKEN.
VARIABLES = {
    "basic": "PASSWORD",
    "bearer": "TOKEN",
    "client-secret": "CLIENT_SECRET",
    "smart": "PRIVATE_KEY",
}


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and the name of its variable; only the name is ever shown."""

    name: str
    value: str = field(repr=False)

    @property
    def header(self) -> str:
        """Return the value for an HTTP header.

        Raises:
            AbateError: it has a character that is invalid in a token, usually a line break.
        """
        if not self.value.isascii() or not self.value.isprintable() or " " in self.value:
            raise AbateError(
                f"{self.name} contains a character that is invalid in a token (a space, a line "
                "break, or a non-ASCII character). Check that it contains only the token"
            )
        return self.value


def variable(table: str, kind: str) -> str:
    """Return a secret's variable: `variable("source", "bearer")` is ABATE_SOURCE_TOKEN."""
    return f"ABATE_{table.upper()}_{VARIABLES[kind]}"


def secret(table: str, kind: str, environment: Mapping[str, str] | None = None) -> Secret:
    """Read the secret of a kind of login.

    Args:
        table: `source` or `target`.
        kind: the kind of login, as in the study file.
        environment: the environment; that of the process by default.

    Raises:
        AbateError: the secret is missing or empty, is set twice, or its file cannot be read; names
            the variable and the kind.
    """
    environment = os.environ if environment is None else environment
    name = variable(table, kind)
    given, path = environment.get(name), environment.get(f"{name}_FILE")
    if given is not None and path is not None:
        raise AbateError(f"{name} and {name}_FILE are both set. Unset one of them.")
    if path is not None:
        return _keep(f"the file of {name}_FILE", _content(f"{name}_FILE", Path(path)))
    if given is None:
        raise AbateError(
            f"a login of kind {kind!r} ([{table}.auth]) needs a secret in the environment: set "
            f"{name}, or {name}_FILE to the path of a file that contains it"
        )
    return _keep(name, given)


def _keep(name: str, value: str) -> Secret:
    if not value.strip():
        raise AbateError(f"{name} is empty")
    return Secret(name, value.strip())


def _content(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise AbateError(f"the file of {name} cannot be read: {error.strerror}") from None
    except ValueError:  # Not UTF-8, or not a valid path.
        raise AbateError(f"the file of {name} is not UTF-8 text") from None
