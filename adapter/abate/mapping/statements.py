"""The SQL of the mapping: each file of `abate_mappings` has one statement."""

import hashlib
from functools import cache

from abate.store.database import MAPPINGS


@cache
def sql(name: str) -> str:
    """Return a statement of `abate_mappings`."""
    return (MAPPINGS / f"{name}.sql").read_text("utf-8")


def fingerprint() -> str:
    """Return a digest of the mapping: a store that another mapping has read is read again."""
    digest = hashlib.sha256()
    for file in sorted(MAPPINGS.iterdir(), key=lambda path: path.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()
