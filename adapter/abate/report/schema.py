"""The JSON Schema of `results.json`, made from its types."""

import inspect
import json
from typing import Any

import msgspec

from abate.analysis.results import FORMAT, Results
from abate.fhir.canonical import RESULTS_SCHEMA

ID = f"{RESULTS_SCHEMA}.{FORMAT}"
# Keywords whose keys are our names, and not keywords of JSON Schema.
_NAMED = ("properties", "$defs")


def schema() -> dict[str, Any]:
    """Return the JSON Schema, draft 2020-12; it is the same with each version of msgspec."""
    described = msgspec.json.schema(Results)
    del described["$defs"]["Units"]
    for name, kept in (("Result", "units"), ("Step", "units"), ("Results", "patient_of")):
        del described["$defs"][name]["properties"][kept]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": f"Results of abate, format {FORMAT}",
        **normalise(described),
    }


def text() -> str:
    """Return the text of the published file, `docs/reference/results.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def normalise(made: Any) -> Any:
    """Remove from a schema what depends on the version of msgspec or Python.

    Descriptions lose their common indentation: msgspec 0.23 and Python 3.13 remove it, older
    versions keep it. A default that is an empty array or object is left out: msgspec 0.23 states
    `{}` for a `default_factory`, older versions do not. The alternatives of an `anyOf` are sorted:
    their order is not the same in all versions.
    """
    if isinstance(made, list):
        return [normalise(item) for item in made]
    if not isinstance(made, dict):
        return made
    return {
        keyword: _value(keyword, value)
        for keyword, value in made.items()
        if not (keyword == "default" and value in ([], {}))
    }


def _value(keyword: str, value: Any) -> Any:
    if keyword in _NAMED:
        return {name: normalise(item) for name, item in value.items()}
    if keyword == "anyOf":
        return sorted(map(normalise, value), key=json.dumps)
    return inspect.cleandoc(value) if keyword == "description" else normalise(value)
