"""The ledger of releases in the store: what was published, when, where, and from which data.

An entry is made before a target gets anything, because somebody may read a report as soon as it is
written. It is removed only if nothing was written to the target. It holds pseudonyms of units,
keyed digests of data, and the published counts.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from abate.releases.items import Estimates, Item, Items, Name
from abate.store.database import Store, open_store

_TABLES = """
-- One row is one release of a study to a target.
create table if not exists release (
  release varchar, study varchar, study_key varchar, target varchar, published_at timestamptz,
  fingerprint varchar, is_whole boolean
);
-- One row is one estimate that a release showed, and the data that it was computed from.
create table if not exists release_estimate (
  release varchar, analysis varchar, estimate varchar, data varchar
);
-- One row is one number of units that such an estimate showed.
create table if not exists release_count (
  release varchar, analysis varchar, estimate varchar, name varchar, number bigint
);
-- One row is one analysis of a release, and a digest of what it computes.
create table if not exists release_analysis (release varchar, analysis varchar, digest varchar);
-- One row is one unit of such data, and a keyed digest of the datum; equal data stand once.
create table if not exists release_datum (data varchar, unit varchar, datum varchar);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release to one target.

    Attributes:
        study: the study's id.
        study_key: the study's key.
        target: the base URL.
        fingerprint: a digest of the page that was published.
        estimates: the published estimates.
        is_whole: whether these are all estimates that it showed, so that it can be compared.
        name: its name in the ledger; empty before it is entered.
    """

    study: str
    study_key: str
    target: str
    fingerprint: str
    estimates: Estimates
    is_whole: bool
    name: str = ""


def fingerprint(report: Mapping[str, Any]) -> str:
    """Return a digest of the page in a DiagnosticReport, which a retraction does not change."""
    forms = report.get("presentedForm") or [{}]
    return hashlib.sha256(str(forms[0].get("data", "")).encode()).hexdigest()


class ReleaseLedger:
    """The releases in the store at a path."""

    def __init__(self, path: Path) -> None:
        """Keep the path; the store is opened later."""
        self._path = path

    def key(self) -> str:
        """Return the secret of the digests, which never leaves the store."""
        with open_store(self._path) as store:
            [(key,)] = store.rows("select key from pseudonym_key")
        return f"release/{key}"

    def releases(self) -> list[Release]:
        """Return all releases, the oldest first."""
        with open_store(self._path) as store:
            store.script(_TABLES)
            rows = store.rows("select * from release order by published_at, release")
            estimates, counts, analyses = _estimates(store), _counts(store), _analyses(store)
        return [
            Release(
                name=name,
                study=study,
                study_key=study_key,
                target=target,
                fingerprint=digest,
                estimates=Estimates(
                    items=estimates.get(name, {}),
                    counts=counts.get(name, {}),
                    analyses=analyses.get(name, {}),
                ),
                is_whole=is_whole,
            )
            for name, study, study_key, target, _, digest, is_whole in rows
        ]

    def enter(self, release: Release) -> str:
        """Enter a release, unless the ledger has it already; return its name."""
        for known in self.releases():
            if _same(known, release):
                return ""
        name, now = secrets.token_hex(8), datetime.now(UTC)
        with open_store(self._path) as store, store.transaction():
            store.insert(
                "release",
                [
                    (
                        name,
                        release.study,
                        release.study_key,
                        release.target,
                        now,
                        release.fingerprint,
                        release.is_whole,
                    )
                ],
            )
            _insert_estimates(store, name, release.estimates)
        return name

    def accept(self) -> None:
        """Mark all releases as complete, because the user publishes nevertheless (--replace)."""
        with open_store(self._path) as store:
            store.script(_TABLES)
            store.run("update release set is_whole = true")

    def remove(self, name: str) -> None:
        """Remove the entry of a release of which nothing was written to the target."""
        with open_store(self._path) as store, store.transaction():
            for table in ("release", "release_estimate", "release_count", "release_analysis"):
                store.run(
                    f"delete from {table} where release = $release",  # noqa: S608 - names of ours
                    {"release": name},
                )


def _same(release: Release, other: Release) -> bool:
    return (
        release.study == other.study
        and release.target == other.target
        and release.fingerprint == other.fingerprint
        and release.estimates.items == other.estimates.items
        and release.estimates.analyses == other.estimates.analyses
    )


def _estimates(store: Store) -> dict[str, dict[Name, Items]]:
    """Return the items of each estimate by release; equal items are one object."""
    data = defaultdict[str, set[Item]](set)
    for name, unit, datum in store.rows("select data, unit, datum from release_datum"):
        data[name].add((unit, datum))
    items = {name: frozenset(items) for name, items in data.items()}
    by_release = defaultdict[str, dict[Name, Items]](dict)
    rows = store.rows("select release, analysis, estimate, data from release_estimate")
    for release, analysis, estimate, name in rows:
        by_release[release][analysis, estimate] = items.get(name, frozenset())
    return by_release


def _counts(store: Store) -> dict[str, dict[Name, dict[str, int]]]:
    """Return the counts of each estimate by release."""
    counts = defaultdict[str, dict[Name, dict[str, int]]](lambda: defaultdict(dict))
    rows = store.rows("select release, analysis, estimate, name, number from release_count")
    for release, analysis, estimate, name, number in rows:
        counts[release][analysis, estimate][name] = number
    return counts


def _analyses(store: Store) -> dict[str, dict[str, str]]:
    """Return the digest of what each analysis computes, by release."""
    analyses = defaultdict[str, dict[str, str]](dict)
    for release, analysis, digest in store.rows("select * from release_analysis"):
        analyses[release][analysis] = digest
    return analyses


def _insert_estimates(store: Store, release: str, estimates: Estimates) -> None:
    named = {items: _name(items) for items in estimates.distinct}
    store.insert(
        "release_estimate",
        [(release, *name, named[items]) for name, items in estimates.items.items()],
    )
    store.insert(
        "release_count",
        [
            (release, *name, *item)
            for name, counts in estimates.counts.items()
            for item in sorted(counts.items())
        ],
    )
    store.insert(
        "release_analysis", [(release, *row) for row in sorted(estimates.analyses.items())]
    )
    known = {digest for (digest,) in store.rows("select distinct data from release_datum")}
    store.insert(
        "release_datum",
        [
            (name, *item)
            for items, name in named.items()
            if name not in known
            for item in sorted(items)
        ],
    )


def _name(items: Items) -> str:
    return hashlib.sha256(repr(sorted(items)).encode()).hexdigest()[:32]
