"""Publish a report after earlier ones: enter it into the ledger and write it, or make it wait."""

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
from abate.publish.existing import SHARED, entry_points, read_existing
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
    "the report on the target is not in the ledger of releases (an earlier version of abate wrote "
    "it, or the store was lost), so abate cannot tell what the two disclose together"
)
_NOT_WHOLE = (
    "an earlier release did not hide small cells, so abate cannot tell what the two disclose "
    "together"
)
_ALL_OR_NONE = (
    "all or none of the units by which it differs from an earlier release count, so the two "
    "together disclose each unit's value; at least {more} more must differ"
)
_TOO_FEW = (
    "it differs by too few units from earlier releases, so they disclose these units together; at "
    "least {more} more must differ"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedReport:
    """A report to publish.

    Attributes:
        results: the results of the run, with the units of their estimates.
        shown: the released results.
        resources: the released results as FHIR resources.
        minimum: the least number of units that several releases may tell apart; 1 if the rule of
            several releases does not apply.
    """

    results: Results
    shown: Results
    resources: Sequence[Resource]
    minimum: int


@dataclass(kw_only=True)
class Publication:
    """The publication of one report on one target.

    Attributes:
        study: the table `[study]`.
        folder: the output folder.
        target: the target.
        owner: the store that publishes the study.
        report: the report.
        log: the logger.
        how: the user's options.
        dry_run: write nothing, and only report whether the report would wait.
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
        """Enter the report into the ledger and write it; return what was done.

        If it replaces a report on the target, that one is retracted first.

        Raises:
            PublicationWaits: it must wait; the message names the reason. The report on the target
                is withdrawn unless all of its figures are known to be right.
            PublishRefused: the comparison or the transaction failed.
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
        """Retract the report on the target, if there is one, and log what can still be read."""
        with suppress(NothingStands):
            changes = self._settle(self._retractions)
            number = sum(change.action == "retract" for change in changes)
            self.log.info(f"retracted {number} resources of the report on the target")
            self.log.warning(remaining(self.target.server, self._name))

    def _settle(self, compared: Callable[[], list[Change]]) -> list[Change]:
        return transaction.settle(
            self.target.server, compared, self.folder, dry_run=self.dry_run, log=self.log
        )

    def _retractions(self, why: str = "") -> list[Change]:
        return retractions(self.target, self.study, self.owner, why)

    def _compare(self) -> list[Change]:
        """Return the changes; the report is entered into the ledger before its first write."""
        report, folder = self.report, None if self.dry_run else self.folder
        changes = compare.compare(
            self.target, report.resources, report.shown, self.owner, folder=folder
        )
        if not self._is_through and any(change.is_written for change in changes):
            self._enter(changes)
            self._is_through = True
        return changes

    def _enter(self, changes: Sequence[Change]) -> None:
        waits = self._waits(changes)
        if waits is None and not self.dry_run:
            if self.how.replaces:
                self._ledger.accept()
            self._entered = self._ledger.enter(self._release)
        elif waits is not None and self.dry_run:
            self.log.warning(f"it would wait: {waits.why}")
        elif waits is not None:
            self._end(waits, changes)

    @cached_property
    def _ledger(self) -> ReleaseLedger:
        return ReleaseLedger(self.folder / FILE)

    @cached_property
    def _earlier(self) -> list[Release]:
        return self._ledger.releases()

    @cached_property
    def _name(self) -> str:
        return entry_points(self.owner.study)[0]

    @cached_property
    def _read_existing(self) -> Resource | None:
        """Return the study's DiagnosticReport on the target."""
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
            # If the rule applies, estimates without units are never released.
            is_whole=self.report.minimum > 1 or has_all_units(report.results, report.shown),
        )

    @property
    def _estimates(self) -> Estimates:
        """Return the estimates of the report, and those on the target of analyses that failed."""
        estimates = list_published(self.report.results, self.report.shown, self._ledger.key())
        failed = {outcome.name for outcome in self.report.results.failed}
        before = self._stands_as
        if before is None or self._read_existing is None or is_retracted(self._read_existing):
            return estimates
        return estimates.beside(before.estimates.of(failed))

    def _waits(self, changes: Sequence[Change]) -> Waiting | None:
        """Return why the report must wait; None if it need not."""
        minimum = self.report.minimum
        if minimum <= 1 or self.how.replaces:
            return None
        if self._is_unknown(changes):
            return self._find_waiting(_UNKNOWN)
        if not all(release.is_whole for release in self._earlier):
            return self._find_waiting(_NOT_WHOLE)
        before = [release.estimates.distinct for release in self._earlier]
        group = smallest_group(self._release.estimates.distinct, before, minimum)
        if group is not None:
            return self._find_waiting(_TOO_FEW.format(more=minimum - group), minimum - group)
        known = [release.estimates for release in self._earlier]
        is_told = is_all_or_none(self._release.estimates, known)
        return self._find_waiting(_ALL_OR_NONE.format(more=1), 1) if is_told else None

    def _find_waiting(self, why: str, more: int | None = None) -> Waiting:
        return Waiting(
            study=self.owner.study, target=self.target.base, since=waiting.now(), why=why, more=more
        )

    def _is_unknown(self, changes: Sequence[Change]) -> bool:
        """Whether the target has resources of the study that are not in the ledger."""
        if self._read_existing is not None and digest_of(self._read_existing) is not None:
            return self._stands_as is None
        here = any(_place(release) == _place(self._release) for release in self._earlier)
        return _is_any_there(changes) and not here

    @property
    def _stands_as(self) -> Release | None:
        """Return the release that is on the target, as the ledger has it."""
        if self._read_existing is None:
            return None
        digest = fingerprint(self._read_existing)
        return next(
            (release for release in reversed(self._earlier) if release.fingerprint == digest), None
        )

    def _end(self, waits: Waiting, changes: Sequence[Change]) -> None:
        """Withdraw the report on the target unless it is known to be right, and stop.

        Raises:
            PublicationWaits: always.
        """
        withdrawn: list[Change] = []
        if _is_any_there(changes) and self._is_stale():
            with suppress(NothingStands):
                withdrawn = self._settle(partial(self._retractions, _PENDING))
            waits = msgspec.structs.replace(waits, is_withdrawn=True)
        waits = waiting.note(self.folder, waits)
        raise PublicationWaits(waits.sentence, withdrawn)

    def _is_stale(self) -> bool:
        released = self._stands_as
        if released is None or not released.is_whole:
            return True
        return is_stale(released.estimates, list_computed(self.report.results, self._ledger.key()))


def _place(release: Release) -> tuple[str, str]:
    return release.study, release.target


def _is_any_there(changes: Sequence[Change]) -> bool:
    """Whether the target has a resource of the study."""
    return any(
        change.action != "create" and not change.reference.startswith(SHARED) for change in changes
    )
