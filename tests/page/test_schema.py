"""The published schema of results.json."""

import json

import jsonschema
import pytest

from abate.analysis import results
from abate.fhir.canonical import RESULTS_SCHEMA
from abate.report import schema


@pytest.fixture(scope="module")
def published():
    from pathlib import Path

    path = Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json"
    return json.loads(path.read_text("utf-8"))


def test_the_published_schema_is_that_of_the_code(published):
    assert published == json.loads(schema.text()), "run docs/make_schema.py"


def test_the_schema_is_the_same_whatever_version_of_msgspec_makes_it():
    older = {
        "description": "Rows.\n\n    Attributes:\n        default: one.\n            More.\n    ",
        "properties": {"default": {"type": "object"}, "description": {"default": [1]}},
        "anyOf": [{"type": "null"}, {"$ref": "#/$defs/Ref"}],
    }
    newer = {
        "description": "Rows.\n\nAttributes:\n    default: one.\n        More.",
        "properties": {
            "default": {"type": "object", "default": {}},
            "description": {"default": [1]},
        },
        "anyOf": [{"$ref": "#/$defs/Ref"}, {"type": "null"}],
    }
    expected = {**newer, "properties": older["properties"]}
    assert schema.normalise(older) == expected
    assert schema.normalise(newer) == expected


def test_it_has_a_name_of_ours(published):
    assert published["$id"].startswith(f"{RESULTS_SCHEMA}.")
    assert str(results.FORMAT) in published["$id"]


def test_the_studys_results_are_as_the_schema_says(published, study, tmp_path):
    found = json.loads(results.save(study, tmp_path).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)


def test_what_is_released_is_as_the_schema_says(published, shown, tmp_path):
    found = json.loads(results.save(shown, tmp_path).read_text("utf-8"))
    jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)


def test_what_is_none_of_it_is_refused(published, shown, tmp_path):
    found = json.loads(results.save(shown, tmp_path).read_text("utf-8"))
    found["lesions"] = "eleven"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)
