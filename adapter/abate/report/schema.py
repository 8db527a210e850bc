"""The JSON Schema of `results.json`, made from the types that it is written by."""

from typing import Any

import msgspec

from abate.identity import CANONICAL
from abate.results import FORMAT, Results

ID = f"{CANONICAL}/results-{FORMAT}.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    described = msgspec.json.schema(Results)
    del described["$defs"]["Units"], described["$defs"]["Result"]["properties"]["units"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": f"Results of abate, format {FORMAT}",
        **described,
    }


def text() -> str:
    """The published file: `docs/reference/results.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"
