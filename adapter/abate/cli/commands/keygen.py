"""`abate keygen`: a key pair for a login by SMART Backend Services."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import options

if TYPE_CHECKING:
    from abate.auth.keys import Algorithm

PRIVATE = "abate-private-key.pem"
PUBLIC = "abate-jwks.json"
EPILOG = """\b
Examples:
  abate keygen
  abate keygen --algorithm RS384 --out keys
"""


@click.command("keygen", epilog=EPILOG)
@click.option(
    "--algorithm",
    type=click.Choice(["ES384", "RS384"]),
    default="ES384",
    show_default=True,
    help="The signature algorithm: ES384 with an EC key, RS384 with an RSA key.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder for the files; default: the current folder.",
)
@options.as_json
def command(algorithm: "Algorithm", folder: Path, as_json: bool) -> None:
    """Create a key pair for a login of kind "smart": one file to keep, one for the server.

    Only the owner can read the private key. Existing files are not overwritten.
    """
    from abate.auth import keys

    key = keys.make(algorithm)
    private, public = folder / PRIVATE, folder / PUBLIC
    _write(private, public, key.private_pem(), json.dumps(key.public_set(), indent=2).encode())
    if as_json:
        paths = {"private_key": str(private), "jwks": str(public)}
        options.print_json({**paths, "kid": key.kid, "algorithm": algorithm})
        return
    options.show(f"Wrote {private}, the private key. Only its owner can read it: keep it that way.")
    options.show(f"Wrote {public}, the public key, as a JWKS with kid {key.kid}")
    options.show(
        "Next: register the JWKS at the server, which gives you a client_id; put kind = "
        '"smart" and client_id into [source.auth] of the study file; and set '
        f"ABATE_SOURCE_PRIVATE_KEY_FILE={private.resolve()}"
    )


def _write(private: Path, public: Path, pem: bytes, jwks: bytes) -> None:
    """Write both files; fail if one of them exists."""
    from abate.errors import AbateError, StudyFileError

    for path in (private, public):
        if path.exists():
            raise StudyFileError(
                f"{path} already exists and is not overwritten: the key may be registered at a "
                "server. Choose another folder, as --out keys"
            )
    try:
        private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(private, pem)
        _create(public, jwks)
    except OSError as error:
        raise AbateError(f"cannot write to {private.parent}: {error.strerror}") from None


def _create(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read; O_EXCL never overwrites an existing one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
