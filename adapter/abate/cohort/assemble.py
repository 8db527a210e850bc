"""The cohort's tables from the store, by the statements of `sql/` in the order of their names."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from abate.cohort.inputs import Inputs, Members
from abate.cohort.tables import Cohort, Window
from abate.config.settings import Settings
from abate.config.visits import BASELINE
from abate.errors import AbateError
from abate.fhir.types import ALWAYS, read_type
from abate.store import pull_remarks
from abate.store.database import COHORT, Store
from abate.store.evidence import OPEN

TABLES = ("lesions", "scores", "adjuncts", "characteristics", "events")
_TIMES = ("index_start", "index_end", "at", "follow_up_end")


def assemble(store: Store, settings: Settings, run_id: str) -> Cohort:
    """Assemble the cohort of a study, and store its attrition.

    The data cut-off is the one of the study file, or else today in the study's zone.

    Raises:
        AbateError: `[scores] ambiguous` is `fail`, and a score is ambiguous.
    """
    steps = sorted(file.name for file in COHORT.iterdir() if file.name[:2].isdigit())
    for step in steps:
        store.script((COHORT / step).read_text("utf-8"))
        if step == steps[0]:
            _lay_out(store, settings)
    _refuse_ambiguous(store, settings)
    frames = {table: _frame(store, table) for table in TABLES}
    not_assessable = _not_assessable(store, settings)
    return Cohort(
        **frames,
        attrition=_attrition(store, run_id),
        visits=(BASELINE, *settings.visits.after),
        windows={name: Window(v.from_, v.day, v.to) for name, v in settings.visits.after.items()},
        cutoff=settings.study.cutoff or datetime.now(settings.study.zone).date(),
        event_kinds=tuple(kind for kind in settings.event if f"event.{kind}" not in not_assessable),
        not_assessable=not_assessable,
    )


def _not_assessable(store: Store, settings: Settings) -> dict[str, str]:
    """Return what the study looks for and the server cannot be searched for, with the reason."""
    sql = "select type from search where server = $server and state = $open order by type"
    rows = store.rows(sql, {"server": settings.source.url, "open": OPEN})
    return {
        f"{section}.{kind}": f"the source has no {name} that can be found"
        for (name,) in rows
        for section in read_type(name).sections
        if section not in ALWAYS
        for kind in getattr(settings, section)
    }


def members(store: Store) -> Members:
    """Return the source's ids of the treated patients and of the analysed index procedures."""
    rows = store.rows((COHORT / "members.sql").read_text("utf-8"))
    return Members(
        patients=sorted({patient for patient, _, _ in rows}),
        procedures=[procedure for _, procedure, is_analysed in rows if is_analysed],
    )


def inputs(store: Store, server: str, unconfirmed: Sequence[str] = ()) -> Inputs:
    """Return the number of mapped resources of each type, and one digest of their versions.

    Args:
        store: the store.
        server: the source.
        unconfirmed: the queries of the pull that nothing confirms to be complete.
    """
    rows = store.rows((COHORT / "inputs.sql").read_text("utf-8"), {"server": server})
    digest = hashlib.sha256()
    counts: dict[str, int] = {}
    for kind, identifier, version in rows:
        counts[kind] = counts.get(kind, 0) + 1
        digest.update(f"{kind}/{identifier}/{version}\n".encode())
    return Inputs(
        server=server,
        counts=counts,
        digest=digest.hexdigest(),
        withheld=pull_remarks.withheld(store, server),
        unconfirmed=tuple(unconfirmed),
    )


def _lay_out(store: Store, settings: Settings) -> None:
    scores, baseline, visits = settings.scores, settings.visits.baseline, settings.visits.after
    store.insert(
        "setting",
        [
            (
                settings.source.url,
                settings.source.timezone,
                settings.study.timezone,
                settings.index.repeat,
                baseline.from_,
                baseline.to,
                baseline.same_day,
                scores.per_visit,
                scores.minimum_after,
                scores.require_baseline,
                scores.ambiguous,
                scores.instruments,
                scores.context,
                max((visit.to for visit in visits.values()), default=0),
                settings.study.cutoff,
            )
        ],
    )
    store.insert("visit", [(name, v.day, v.from_, v.to) for name, v in visits.items()])
    store.insert(
        "adjunct_rule", [(kind, rule.within_hours) for kind, rule in settings.adjunct.items()]
    )


def _refuse_ambiguous(store: Store, settings: Settings) -> None:
    if settings.scores.ambiguous != "fail":
        return
    [(count,)] = store.rows("select count(*) from link where starts_with(fault, 'ambiguous')")
    if count:
        raise AbateError(
            f"{count} pain scores could belong to more than one lesion of their patient, and "
            "[scores] ambiguous is 'fail'. Set it to 'exclude' to leave them out, counted."
        )


def _frame(store: Store, table: str) -> pl.DataFrame:
    frame = store.frame((COHORT / f"{table}.sql").read_text("utf-8"))
    times = [name for name in _TIMES if isinstance(frame.schema.get(name), pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.convert_time_zone("UTC"))


def _attrition(store: Store, run_id: str) -> pl.DataFrame:
    rows = store.rows((COHORT / "attrition.sql").read_text("utf-8"), {"run_id": run_id})
    store.insert(
        "attrition", [(run_id, position, *row) for position, row in enumerate(rows, start=1)]
    )
    schema = {"stage": pl.String, "reason": pl.String, "unit": pl.String, "n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
