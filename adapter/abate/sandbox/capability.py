"""The CapabilityStatement, made from the tables that drive the search."""

from datetime import datetime
from importlib.metadata import version
from typing import Any

from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.store import instant

_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)


def capability_statement(base_url: str, started: datetime) -> dict[str, Any]:
    """Return the CapabilityStatement of this server."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(started),
        "kind": "instance",
        "software": {"name": "abate sandbox", "version": version("abate")},
        "implementation": {
            "description": "An embedded server for demos and tests, not for production",
            "url": base_url,
        },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(resource_type) for resource_type in PARAMETERS],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(resource_type: str) -> dict[str, Any]:
    return {
        "type": resource_type,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "conditionalDelete": "not-supported",
        "searchParam": [
            {"name": name, "type": parameter.kind}
            for name, parameter in PARAMETERS[resource_type].items()
        ],
    }
