"""The people of the study, by what the store has: of others, no content is kept."""

from abate.fhir.types import MAPPED_NAMES
from abate.mapping.statements import sql
from abate.store.database import Store


def studied(store: Store, server: str) -> set[str]:
    """The ids of the people of the study, by what the store has; laid out for the SQL too."""
    store.script(sql("gone"))
    store.run(sql("studied"), {"server": server})
    return {one for (one,) in store.rows("from studied")}


def prune(store: Store, server: str) -> None:
    """Delete what is known of people who are not, or no longer, of the study.

    Of their resources ids and versions stay. That a patient has left the Group is counted.
    """
    whose = {"server": server}
    studied(store, server)
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
