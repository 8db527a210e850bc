"""The patients of the study, by the store: of other patients no content is kept."""

from abate.fhir.types import MAPPED_NAMES
from abate.mapping.statements import sql
from abate.store.database import Store


def find_studied(store: Store, server: str) -> set[str]:
    """Return the ids of the patients of the study; they are also in a temporary table."""
    store.script(sql("gone"))
    store.run(sql("studied"), {"server": server})
    return {patient for (patient,) in store.rows("from studied")}


def prune(store: Store, server: str) -> None:
    """Delete what the store has of patients who are not, or no longer, in the study.

    The ids and versions of their resources stay. Patients who left the Group are counted.
    """
    whose = {"server": server}
    find_studied(store, server)
    store.run(
        "delete from patient where server = $server and id not in (select id from studied) "
        "and reason is distinct from 'left-group'",
        whose,
    )
    for table in (kind.lower() for kind in MAPPED_NAMES if kind != "Patient"):
        store.run(sql("leavers").replace("TABLE", table), whose)
        if store.rows("select 1 from leaver limit 1"):
            store.run(
                f"delete from {table} where server = $server and id in (select id from leaver)",  # noqa: S608 - a name of ours
                whose,
            )
            store.run(f"insert into {table} by name from leaver")
