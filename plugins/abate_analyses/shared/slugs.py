"""Names of estimates from free text."""

import hashlib
import re


def slug(text: str) -> str:
    """Return a name for an estimate; if the text is shortened, a digest keeps names distinct."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if name == text.replace(" ", "-"):
        return name
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")
