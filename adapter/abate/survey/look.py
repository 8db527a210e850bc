"""The survey itself: the steps in their order, within a limit. Start reading here.

metadata -> may we read -> what a nightly job can rely on -> is code search heeded -> samples
-> is a seen code found -> large pages -> search by POST -> code lists -> shapes -> search by
patient -> categories -> export -> $validate -> with `--write`: what a report needs
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from abate.codes import CodeLists
from abate.log import Log
from abate.resource_types import CODED_NAMES, OPTIONAL_TO_READ, READ_NAMES
from abate.source import shown
from abate.source.access import Access
from abate.survey import (
    ability,
    categories,
    counting,
    exporting,
    large_page,
    nightly,
    one_patient,
    posting,
    reading,
    rows,
    sampling,
    saying,
    validating,
    writing,
)
from abate.survey.asking import Asker, Limit, LimitedServer, Spent
from abate.survey.counting import SHAPED, WANTED
from abate.survey.first_pull import first_pull
from abate.survey.found import (
    Category,
    CodeSearch,
    ListCount,
    Probe,
    Sample,
    Server,
    Survey,
    Written,
)

# Those that each study has; of the others, one resource tells whether a search by code finds it.
SAMPLED = tuple(kind for kind in CODED_NAMES if kind not in OPTIONAL_TO_READ)
TIMEOUT_SECONDS = 30.0
_NEEDED = tuple(kind for kind in READ_NAMES if kind not in OPTIONAL_TO_READ)


def look(  # noqa: PLR0913 - each one is a part of how a server is looked at
    base: str,
    lists: CodeLists,
    log: Log,
    limit: Limit | None = None,
    access: Access | None = None,
    *,
    write: bool = False,
) -> Survey:
    """What a server can do, and what is there by code; nothing is kept of a patient.

    Only GET, searches by POST, and `$validate`, which write nothing; with `write`, also what
    `writing` and `exporting` say, and it is taken away again.

    Raises:
        SourceError: no FHIR R4 server answers there, or it wants a login.
    """
    limit = limit or Limit()
    with LimitedServer(base, TIMEOUT_SECONDS, limit.answer, access) as server:
        asker = Asker(server, limit)
        said = ability.read(server.capability())
        version = shown.fhir_version(said.fhir_version)
        log.info(
            f"{server.base} speaks {version}",
            name="server.found",
            server=server.base,
            fhir_version=version,
        )
        steps = _Steps(asker=asker, lists=lists, log=log, said=said)
        with steps.as_far_as_it_goes():
            steps.take(write=write)
        return steps.survey()


@dataclass(slots=True, kw_only=True)
class _Steps:
    """The steps of one survey, and what each found."""

    asker: Asker
    lists: CodeLists
    log: Log
    said: Server
    searches: dict[str, CodeSearch] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    counts: list[ListCount] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    category: Category = field(default_factory=Category)
    probes: list[Probe] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    stopped: str = ""

    @contextmanager
    def as_far_as_it_goes(self) -> Iterator[None]:
        """What is inside may end at the limit: that is told, and is no error."""
        try:
            yield
        except Spent as limit:
            self.stopped = str(limit)
            self.log.warning(str(limit), name="survey.stopped")

    def take(self, *, write: bool) -> None:
        """All steps; none further where we may read nothing of what a pull needs."""
        self.probes += reading.probes(self.asker)
        if len(self._shut()) == len(_NEEDED):
            return
        if "Observation" not in self.asker.shut:
            for probe in nightly.probes(self.asker, self.said):
                self.probes.append(probe)
        for kind in CODED_NAMES:
            self.searches[kind] = counting.control(self.asker, kind)
        for kind in SAMPLED:
            self._sample(kind)
        for kind in OPTIONAL_TO_READ:
            seen = counting.as_seen(self.asker.codings.get(kind, ()))
            self.searches[kind] = counting.confirm(self.asker, self.searches[kind], seen)
        if "Observation" not in self.asker.shut:
            self.probes.append(large_page.probe(self.asker))
            self.probes.append(self._post())
        self._count()
        self.probes.append(one_patient.probe(self.asker, self._codes()))
        self.category = categories.look(self.asker, self._known(categories.TYPE), self.written)
        self._export(write=write)
        self._write(write=write)

    def survey(self) -> Survey:
        """All that the steps found."""
        searches = tuple(self.searches.values())
        return Survey(
            url=self.asker.server.base,
            server=self.said,
            searches=searches,
            lists=tuple(self.counts),
            samples=tuple(self.samples),
            written=tuple(self.written),
            category=self.category,
            probes=rows.in_order(
                [*self.probes, *map(rows.by_code, searches), categories.row(self.category)]
            ),
            estimate=first_pull(self.counts, searches, self.asker.paces),
            shut=rows.shut_words(self.asker.server, self._shut(), self.asker.shut),
            wrote=any(one.what == writing.END for one in self.probes),
            left=tuple(self.left),
            stopped=self.stopped,
            requests=self.asker.server.cost.requests,
            bytes=self.asker.server.cost.bytes,
        )

    def _shut(self) -> list[str]:
        """What a pull needs and may not read."""
        return [kind for kind in _NEEDED if kind in self.asker.shut]

    def _count(self) -> None:
        for wanted in WANTED:
            if self.searches[wanted.type].is_trusted:
                codes = self.lists.get(wanted.list, ())
                found = counting.of_list(self.asker, wanted, codes)
                self.counts.append(found)
                self.searches[wanted.type] = counting.by_list(self.searches[wanted.type], found)
                self.log.info(
                    f"counted {wanted.what} by the codes of list:{wanted.list}",
                    name="list.counted",
                    list=wanted.list,
                    type=wanted.type,
                    n=found.n,
                )
        for one in self.counts:
            if one.list in SHAPED and one.n != 0:
                self._shape(one)

    def _codes(self) -> dict[str, str]:
        """What a study of the codes that abate knows asks of one patient, by type."""
        known = {one.type: one.list for one in WANTED if one.list in SHAPED}
        return {
            kind: counting.joined(self.lists[name])
            for kind, name in known.items()
            if self.lists.get(name) and kind not in self.asker.shut
        }

    def _post(self) -> Probe:
        [sample] = [one for one in self.samples if one.type == posting.TYPE]
        seen = next((one for one in sample.codes if one.system and one.exact), None)
        return posting.probe(self.asker, self.searches[posting.TYPE], seen)

    def _export(self, *, write: bool) -> None:
        self.probes.append(exporting.login(self.asker))
        self.probes.append(
            exporting.tried(self.asker, self.said, self.log, self.left)
            if write
            else exporting.said(self.said)
        )

    def _write(self, *, write: bool) -> None:
        self.probes.append(validating.probe(self.asker))
        if write and not saying.closes(self.said):
            self.log.info("writing two Lists, to try what a report needs; they are deleted again")
            writing.write(self.asker, self.probes, self.left)
        else:
            self.probes += saying.of_writing(self.said)
        taken = Probe(what=saying.TRANSACTION, found="yes", then=writing.TAKEN) in self.probes
        self.probes += saying.of_types(self.said, wrote=taken)

    def _sample(self, kind: str) -> None:
        sample, shown = sampling.take(self.asker, kind, self._known(kind), self._units())
        self.samples.append(sample)
        self.written.append(shown)
        self.log.info(
            f"saw {sample.n} of type {kind}; different codes: {len(sample.codes)}",
            name="sample.seen",
            type=kind,
            n=sample.n,
            codes=len(sample.codes),
        )
        self.searches[kind] = counting.confirm(self.asker, self.searches[kind], sample.codes)

    def _shape(self, counted: ListCount) -> None:
        """Look at what a search finds: it takes the place of what the sample had by chance."""
        code = counting.joined(self.lists[counted.list])
        found = sampling.written(self.asker, counted.type, code, self._units())
        if found.n:
            self.written = [one for one in self.written if one.type != found.type] + [found]

    def _known(self, kind: str) -> sampling.Known:
        """The codes of the lists that are searched in a type."""
        names = [wanted.list for wanted in WANTED if wanted.type == kind]
        return {
            (code.system, code.code): (name, code.name)
            for name in names
            for code in self.lists.get(name, ())
        }

    def _units(self) -> frozenset[str]:
        return frozenset(one.code for one in self.lists.get("pain-units", ()))
