"""FHIR references: `Type/id`, with a version or without, relative or below the server's base."""

import re

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def local_id(reference: str, kind: str, base: str) -> str | None:
    """Return the id of a literal reference to `kind` on the server at `base`; None for others."""
    relative = reference.removeprefix(f"{base}/")
    head, _, rest = relative.partition("/")
    name = rest.partition("/_history/")[0]
    return name if head == kind and _ID.fullmatch(name) else None
