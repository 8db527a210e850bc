"""Names of estimates from free text."""

import hashlib
import re


def slug(text: str) -> str:
    """A name for an estimate: where the text is not kept whole, a digest keeps two values apart."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if found == text.replace(" ", "-"):
        return found
    return f"{found}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")
