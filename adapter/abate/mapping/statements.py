"""The SQL of the mapping: one statement a file of `abate_mappings`."""

import hashlib
from functools import cache

from abate.store.database import MAPPINGS


@cache
def sql(name: str) -> str:
    """A statement of `abate_mappings`."""
    return (MAPPINGS / f"{name}.sql").read_text("utf-8")


def fingerprint() -> str:
    """A digest of all that the mapping is: what another one has read is read anew."""
    found = hashlib.sha256()
    for file in sorted(MAPPINGS.iterdir(), key=lambda one: one.name):
        found.update(file.read_bytes())
    return found.hexdigest()
