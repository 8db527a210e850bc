"""Decode and encode JSON with its numbers as they were written: 6.50 stays 6.50.

In FHIR the precision of a decimal is significant
(https://hl7.org/fhir/R4/datatypes.html#decimal), so a number is kept as text, in a `msgspec.Raw`.
"""

import json
from typing import Any, NoReturn

import msgspec


def decode(text: str | bytes) -> Any:
    """Parse `text`.

    Raises:
        ValueError: it is not JSON or UTF-8, or nested too deeply. The message may quote content.
    """
    try:
        return json.loads(
            text, parse_float=msgspec.Raw, parse_int=msgspec.Raw, parse_constant=_refuse
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(tree: Any) -> bytes:
    """Encode `tree`, with the numbers that `decode` kept.

    Raises:
        ValueError: a string cannot be written as UTF-8, or it is nested too deeply.
    """
    try:
        return msgspec.json.encode(tree)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
