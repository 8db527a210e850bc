"""Publish a report after earlier ones: enter it into the ledger and write it, or let it wait."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import msgspec

from abate.analysis.results import Results
from abate.config.settings import Study
from abate.errors import PublicationWaits
from abate.publish import compare, transaction
from abate.publish.attempts import NothingWritten
from abate.publish.change import Change
from abate.publish.compare import Publishing
from abate.publish.existing import SHARED, read_existing, ways_in
from abate.publish.retract import NothingStands, retractions
from abate.publish.retract_status import is_retracted
from abate.publish.study_key import Owner
from abate.publish.target import TargetServer
from abate.releases import waiting
from abate.releases.extremes import is_all_or_none
from abate.releases.history import remaining
from abate.releases.items import Estimates, has_all_units, list_computed, list_published
from abate.releases.ledger import Release, ReleaseLedger, fingerprint
from abate.releases.staleness import is_stale
from abate.releases.subtraction import smallest_group
from abate.releases.waiting import Waiting
from abate.report.fhir.content_digest import digest_of
from abate.report.fhir.elements import Resource
from abate.store.database import FILE
from abate.telemetry.log import Log

_PENDING = (
    "Correction pending: data behind this report have changed, or it is not known whether its "
    "figures are still right, and it is withdrawn. The corrected report follows when it discloses "
    "no single unit together with earlier ones."
)
_UNKNOWN = (
    "the report that stands there is not in the ledger of releases (an earlier version of abate "
    "wrote it, or the store was lost), so that abate cannot tell what the two disclose together"
)
_NOT_WHOLE = (
    "an earlier release did not hide small cells, so that abate cannot tell what the two disclose "
    "together"
)
_ALL_OR_NONE = (
    "all of the units by which it differs from an earlier release count, or none, so that together "
    "they disclose each one's value; at least {more} more must differ"
)
_TOO_FEW = (
    "it differs by too few units from earlier releases, so that together they disclose them; at "
    "least {more} more must differ"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedReport:
    """A report on its way.

    Attributes:
        found: the results of the run, with the units of their estimates.
        shown: the same as they are released.
        resources: the same as FHIR.
        minimum: the least number of units that may be told apart by several releases; 1 where the
            rule of several releases does not hold.
    """

    found: Results
    shown: Results
    resources: Sequence[Resource]
    minimum: int


@dataclass(kw_only=True)
class Publication:
    """The publication of one report on one target.

    Attributes:
        study: the study, as its file has it.
        folder: the output folder.
        target: where the report goes.
        owner: whose report it is.
        report: the report.
        say: told what happens.
        how: what somebody has decided.
        dry_run: nothing is written, and it is only said that the report would wait.
    """

    study: Study
    folder: Path
    target: TargetServer
    owner: Owner
    report: ReleasedReport
    log: Log
    how: Publishing
    dry_run: bool
    _is_through: bool = field(default=False, init=False)
    _entered: str = field(default="", init=False)

    def write(self) -> list[Change]:
        """Write the report, after it was entered into the ledger. Gives what was done.

        If it replaces the one that stands there, that one is retracted first.

        Raises:
            PublicationWaits: it must wait, and says for what; the report that stands there is
                withdrawn if a figure of it is not known to be still right.
            PublishRefused: as the comparison and the transaction do.
        """
        if self.how.replaces and not self.dry_run:
            self._retract_first()
        try:
            changes = self._settle(self._compare)
        except NothingWritten:
            if self._entered:
                self._ledger.remove(self._entered)
            raise
        if not self.dry_run:
            waiting.clear(self.folder)
        return changes

    def _retract_first(self) -> None:
        """Retract the report that stands there, if one does, and say what remains of it."""
        with suppress(NothingStands):
            changes = self._settle(self._retractions)
            number = sum(change.action == "retract" for change in changes)
            self.log.info(f"retracted {number} resources of the report that stood there")
            self.log.warning(remaining(self.target.server, self._name))

    def _settle(self, compared: Callable[[], list[Change]]) -> list[Change]:
        return transaction.settle(
            self.target.server, compared, self.folder, dry_run=self.dry_run, log=self.log
        )

    def _retractions(self, why: str = "") -> list[Change]:
        return retractions(self.target, self.study, self.owner, why)

    def _compare(self) -> list[Change]:
        """What the report would change; before it is written for the first time it is entered."""
        report, folder = self.report, None if self.dry_run else self.folder
        changes = compare.compare(
            self.target, report.resources, report.shown, self.owner, folder=folder
        )
        if not self._is_through and any(change.is_written for change in changes):
            self._enter(changes)
            self._is_through = True
        return changes

    def _enter(self, changes: Sequence[Change]) -> None:
        found = self._waits(changes)
        if found is None and not self.dry_run:
            if self.how.replaces:
                self._ledger.accept()
            self._entered = self._ledger.enter(self._release)
        elif found is not None and self.dry_run:
            self.log.warning(f"it would wait: {found.why}")
        elif found is not None:
            self._end(found, changes)

    @cached_property
    def _ledger(self) -> ReleaseLedger:
        return ReleaseLedger(self.folder / FILE)

    @cached_property
    def _earlier(self) -> list[Release]:
        return self._ledger.releases()

    @cached_property
    def _name(self) -> str:
        return ways_in(self.owner.study)[0]

    @cached_property
    def _read_existing(self) -> Resource | None:
        """The study's DiagnosticReport on the target."""
        return read_existing(self.target.server, self._name)

    @cached_property
    def _release(self) -> Release:
        report = self.report
        [made] = [
            resource
            for resource in report.resources
            if f"DiagnosticReport/{resource['id']}" == self._name
        ]
        return Release(
            study=self.owner.study,
            study_key=self.owner.key,
            target=self.target.base,
            fingerprint=fingerprint(made),
            estimates=self._estimates,
            # Where the rule holds, no estimate without units is released.
            is_whole=self.report.minimum > 1 or has_all_units(report.found, report.shown),
        )

    @property
    def _estimates(self) -> Estimates:
        """What the report shows, and what an analysis that failed still has there."""
        found = list_published(self.report.found, self.report.shown, self._ledger.key())
        failed = {one.name for one in self.report.found.failed}
        before = self._stands_as
        if before is None or self._read_existing is None or is_retracted(self._read_existing):
            return found
        return found.beside(before.estimates.of(failed))

    def _waits(self, changes: Sequence[Change]) -> Waiting | None:
        """Why the report must wait; None if it need not."""
        minimum = self.report.minimum
        if minimum <= 1 or self.how.replaces:
            return None
        if self._is_unknown(changes):
            return self._find_waiting(_UNKNOWN)
        if not all(one.is_whole for one in self._earlier):
            return self._find_waiting(_NOT_WHOLE)
        before = [one.estimates.distinct for one in self._earlier]
        group = smallest_group(self._release.estimates.distinct, before, minimum)
        if group is not None:
            return self._find_waiting(_TOO_FEW.format(more=minimum - group), minimum - group)
        known = [one.estimates for one in self._earlier]
        is_told = is_all_or_none(self._release.estimates, known)
        return self._find_waiting(_ALL_OR_NONE.format(more=1), 1) if is_told else None

    def _find_waiting(self, why: str, more: int | None = None) -> Waiting:
        return Waiting(
            study=self.owner.study, target=self.target.base, since=waiting.now(), why=why, more=more
        )

    def _is_unknown(self, changes: Sequence[Change]) -> bool:
        """Whether something of the study stands there that the ledger does not know."""
        if self._read_existing is not None and digest_of(self._read_existing) is not None:
            return self._stands_as is None
        here = any(_place(one) == _place(self._release) for one in self._earlier)
        return _is_any_there(changes) and not here

    @property
    def _stands_as(self) -> Release | None:
        """The release that stands there, as the ledger has it."""
        if self._read_existing is None:
            return None
        found = fingerprint(self._read_existing)
        return next((one for one in reversed(self._earlier) if one.fingerprint == found), None)

    def _end(self, found: Waiting, changes: Sequence[Change]) -> None:
        """Withdraw what stands there if it is not known to be still right, and stop.

        Raises:
            PublicationWaits: always.
        """
        withdrawn: list[Change] = []
        if _is_any_there(changes) and self._is_stale():
            with suppress(NothingStands):
                withdrawn = self._settle(partial(self._retractions, _PENDING))
            found = msgspec.structs.replace(found, is_withdrawn=True)
        found = waiting.note(self.folder, found)
        raise PublicationWaits(found.sentence, withdrawn)

    def _is_stale(self) -> bool:
        released = self._stands_as
        if released is None or not released.is_whole:
            return True
        return is_stale(released.estimates, list_computed(self.report.found, self._ledger.key()))


def _place(release: Release) -> tuple[str, str]:
    return release.study, release.target


def _is_any_there(changes: Sequence[Change]) -> bool:
    """Whether something of the study stands on the target."""
    return any(
        change.action != "create" and not change.reference.startswith(SHARED) for change in changes
    )
