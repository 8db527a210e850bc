"""The mappings that come with abate: SQL from FHIR to tables, and code lists.

They are registered like those of any plugin.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable

from abate import hookimpl


@hookimpl
def register_mappings() -> list[Traversable]:
    """Return the shipped code lists."""
    return [files(__name__) / "codes"]
