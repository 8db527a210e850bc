"""An embedded FHIR R4 server for demos, tests and authors of plugins. Not for production.

It serves HTTP on loopback and keeps data only in memory: no login, no encryption, no disk.
`GET metadata` lists its abilities.

    with running(sandbox := Sandbox()) as base_url:
        sandbox.load(Path("patients.ndjson"))
        requests.get(f"{base_url}/Patient", timeout=10)
"""

from abate.sandbox.app import Sandbox
from abate.sandbox.server import running

__all__ = ["Sandbox", "running"]
