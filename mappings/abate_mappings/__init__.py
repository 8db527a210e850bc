"""The mappings that come with abate: SQL from FHIR to tables, and code lists.

It enters by the same door as any plugin's mappings.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable

from abate import hookimpl


@hookimpl
def register_mappings() -> list[Traversable]:
    """The shipped code lists."""
    return [files(__name__) / "codes"]
