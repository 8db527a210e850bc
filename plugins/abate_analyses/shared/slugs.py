"""Names of estimates from free text."""

import hashlib
import re


def slug(text: str) -> str:
    """A name for an estimate: where the text is not kept whole, a digest keeps two values apart."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if name == text.replace(" ", "-"):
        return name
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")
