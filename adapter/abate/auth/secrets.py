"""Secrets, from the environment only: `NAME`, or a file that `NAME_FILE` leads to.

They are kept in memory, in values that show themselves to nobody. No message holds one, nor the
path in `NAME_FILE`, which may be a secret that was put into the wrong variable.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from abate.errors import AbateError

# The last part of the variable that each kind of login reads, as in ABATE_SOURCE_TOKEN.
VARIABLES = {
    "basic": "PASSWORD",
    "bearer": "TOKEN",
    "client-secret": "CLIENT_SECRET",
    "smart": "PRIVATE_KEY",
}


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and the variable that it came from; only the variable is ever shown."""

    name: str
    value: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value, where it goes into an HTTP header as it is.

        Raises:
            AbateError: it has a character that no token has; a line break, mostly.
        """
        if not self.value.isascii() or not self.value.isprintable() or " " in self.value:
            raise AbateError(
                f"{self.name} holds a character that no token has (a space, a line break, or none "
                "of ASCII): is it the token alone?"
            )
        return self.value


def variable(table: str, kind: str) -> str:
    """Where a secret is looked for: `variable("source", "bearer")` is ABATE_SOURCE_TOKEN."""
    return f"ABATE_{table.upper()}_{VARIABLES[kind]}"


def secret(table: str, kind: str, environment: Mapping[str, str] | None = None) -> Secret:
    """The secret that a kind of login needs.

    Args:
        table: `source` or `target`.
        kind: the kind of login, as in the study file.
        environment: where to look; that of the process, unless told.

    Raises:
        AbateError: names the variable and the kind: there is none, there are two, it is empty, or
            its file cannot be read.
    """
    environment = os.environ if environment is None else environment
    name = variable(table, kind)
    given, path = environment.get(name), environment.get(f"{name}_FILE")
    if given is not None and path is not None:
        raise AbateError(f"{name} and {name}_FILE are both set: which one counts? Unset one.")
    if path is not None:
        return _kept(f"the file of {name}_FILE", _content(f"{name}_FILE", Path(path)))
    if given is None:
        raise AbateError(
            f"a login of kind {kind!r} ([{table}.auth]) needs a secret from the environment: set "
            f"{name}, or {name}_FILE to the path of a file that holds it"
        )
    return _kept(name, given)


def _kept(name: str, value: str) -> Secret:
    if not value.strip():
        raise AbateError(f"{name} is empty")
    return Secret(name, value.strip())


def _content(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise AbateError(f"the file of {name} cannot be read: {error.strerror}") from None
    except ValueError:  # No UTF-8, or no path at all.
        raise AbateError(f"the file of {name} holds no text in UTF-8") from None
