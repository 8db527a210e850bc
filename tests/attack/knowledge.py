"""What an attacker knows before: who is in which population, by the study's rules; no value.

Of each figure it says which units it was made of, each with the datum that was used (which scores),
and what each of its counts counts. It is worked out here anew from who was scored when, and uses
nothing that the analyses say of themselves.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from abate import Cohort
from abate.config.settings import StudyFile
from published import FLOW

Item = tuple[str, str]
Items = frozenset[Item]
FIRST_WEEK = ("D1", "D2", "Wk1")
RESPONSES = ("not-worse", "any-fall", "fall-2", "fall-30-percent", "fall-50-percent", "score-0")
OF_PERCENT = ("fall-30-percent", "fall-50-percent")
STATES = ("scored", "not-scored", "dead", "not-due", "re-treated")
FACTS = ("breast", "kidney", "lung")
DIRECTIONS = ("falls", "rises", "ties")


@dataclass(frozen=True)
class Term:
    """How many of some items something is true of: a fall, a response, a complication."""

    what: str
    items: Items


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one figure.

    Attributes:
        items: the units that its value is made of, each with its datum; None if who they are
            depends on their values, as of those whose scores differ.
        n: what its n counts, where the n depends on values.
        counts: what each count counts.
        also: what a count counts besides, in other words: who is dead at a visit died by then.
        before: what is known whether the figure is shown or not: who was scored.
        total: what its value is the sum of, if it is a sum or a mean.
        lesions: of a figure of patients, the data of their lesions, each with its patient's.
    """

    items: Items | None
    n: Term | None = None
    counts: Mapping[str, Term] = field(default_factory=dict)
    also: Mapping[str, Term] = field(default_factory=dict)
    before: Mapping[Term, int] = field(default_factory=dict)
    total: Term | None = None
    lesions: Mapping[Item, Item] = field(default_factory=dict)


class Knowledge:
    """What is known of a cohort."""

    def __init__(
        self, cohort: Cohort, study_file: StudyFile, corrected: Collection[str] = ()
    ) -> None:
        """Know who is in a cohort.

        Args:
            cohort: as it is that night.
            study_file: the rules.
            corrected: the lesions of which an answer is another one than in earlier nights.
        """
        self.corrected = {*corrected}
        self.visits = cohort.visits
        self.analyses = study_file.settings.analysis
        lesions = cohort.lesions.rows(named=True)
        self.treated = [row["lesion_id"] for row in lesions]
        self.analysed = [row["lesion_id"] for row in lesions if row["excluded_by"] is None]
        self.patient = {row["lesion_id"]: row["patient_id"] for row in lesions}
        self.group = {row["lesion_id"]: row["site_group"] for row in lesions}
        self.site = {row["lesion_id"]: row["site"] for row in lesions}
        self.ages = {row["patient_id"]: row["age"] for row in reversed(lesions) if row["age"]}
        self.facts = cohort.characteristics["kind"].unique().to_list()
        self.adjunct = dict(cohort.adjuncts.select("lesion_id", "kind").rows())
        self.scores: dict[str, dict[str, str]] = {}
        order = list(cohort.visits)
        rows = (
            cohort.scores.filter(pl.col("chosen")).select("lesion_id", "visit", "score_id").rows()
        )
        for lesion, visit, score in sorted(rows, key=lambda row: order.index(row[1])):
            self.scores.setdefault(lesion, {})[visit] = score
        states = cohort.visit_states().select("lesion_id", "visit", "state").rows()
        self.state = {(lesion, visit): state for lesion, visit, state in states}

    def figures(self) -> dict[str, Known]:
        """What is known of each figure that is known of, by `analysis/estimate`."""
        found = {FLOW: Known(items=self._members(self._patients_of(self.treated)))}
        for one in self.analyses:
            named = {
                "profile": self._profile,
                "paired-change": self._paired,
                "visit-changes": self._visits,
                "responders": self._responders,
                "durability": self._durability,
                "pain-course": self._course,
                "safety": self._safety,
            }.get(one.use)
            for name, known in named(one.parameters) if named else ():
                found[f"{one.name}/{name}"] = known
        return found

    def pairs(self, reference: str, visits: Sequence[str]) -> dict[str, Item]:
        """The lesions with both scores, and which scores these are."""
        found = {}
        for lesion in self.analysed:
            had = self.scores.get(lesion, {})
            ends = [visit for visit in visits if visit in had]
            begins = [visit for visit in had if reference in ("first", visit)][:1]
            if ends and begins and self._before(begins[0], ends[-1]):
                found[lesion] = (lesion, f"{had[begins[0]]}>{had[ends[-1]]}")
        return found

    def _before(self, one: str, other: str) -> bool:
        return self.visits.index(one) < self.visits.index(other)

    def _first(self, pairs: Mapping[str, Item]) -> Items:
        """The first lesion of each patient."""
        firsts: dict[str, Item] = {}
        for lesion, item in pairs.items():
            firsts.setdefault(self.patient[lesion], item)
        return frozenset(firsts.values())

    def _patients(self, pairs: Mapping[str, Item]) -> Items:
        """The patients, each with the data of all of its lesions."""
        data: dict[str, list[str]] = {}
        for lesion, (_, datum) in pairs.items():
            data.setdefault(self.patient[lesion], []).append(datum)
        return frozenset((f"patient {one}", "+".join(its)) for one, its in data.items())

    def _paired(self, parameters: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        ends = _ends(parameters)
        pairs = self.pairs(str(parameters.get("reference", "baseline")), ends)
        yield "median-endpoint", Known(items=self._scored(ends))
        for name, place in (("reference", 0), ("endpoint", 1)):
            items = frozenset((one, datum.split(">")[place]) for one, datum in pairs.values())
            yield f"median-{name}-of-pairs", Known(items=items)
        yield from _of_pairs(frozenset(pairs.values()), ("median-change", "hodges-lehmann",
            "median-change-by-patient", "wilcoxon-pratt", *DIRECTIONS))  # fmt: skip
        yield from _of_pairs(self._first(pairs), ("wilcoxon-pratt-first-lesion",))
        yield from _of_untied(frozenset(pairs.values()), ("sign-test", "wilcoxon",
            "hodges-lehmann-zeros-dropped"))  # fmt: skip
        yield from _of_untied(
            self._first(pairs), ("sign-test-first-lesion", "wilcoxon-first-lesion")
        )
        yield "patient-sign-flips", self._flips(pairs)

    def _flips(self, pairs: Mapping[str, Item]) -> Known:
        items = self._patients(pairs)
        counts = {one: Term(f"patient {one}", items) for one in DIRECTIONS}
        total, data = Term("change", frozenset(pairs.values())), dict(items)
        lesions = {item: self._of(item[0], data) for item in pairs.values()}
        return Known(items=items, counts=counts, total=total, lesions=lesions)

    def _of(self, lesion: str, patients: Mapping[str, str]) -> Item:
        """The item of a lesion's patient."""
        patient = f"patient {self.patient[lesion]}"
        return patient, patients[patient]

    def _scored(self, visits: Sequence[str]) -> Items:
        """The analysed lesions with a score in any of these visits, and which one is the last."""
        found = set()
        for lesion in self.analysed:
            ends = [one for one in visits if one in self.scores.get(lesion, {})]
            found |= {(lesion, self.scores[lesion][ends[-1]])} if ends else set()
        return frozenset(found)

    def _visits(self, parameters: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        reference = str(parameters.get("reference", "baseline"))
        for visit in self.visits[1:]:
            pairs = self.pairs(reference, [visit])
            items, first = frozenset(pairs.values()), self._first(pairs)
            yield from _of_pairs(items, (f"median-change-{visit}",))
            yield from _of_untied(items, (f"sign-test-{visit}", f"holm-{visit}"))
            yield from _of_untied(first, (f"sign-test-first-lesion-{visit}",))
            yield f"patient-sign-flips-{visit}", self._flips(pairs)

    def _responders(self, parameters: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        reference, ends = str(parameters.get("reference", "baseline")), _ends(parameters)
        pairs = self.pairs(reference, ends)
        strata = {"": pairs}
        for suffix, by in (("adjunct", self.adjunct), ("site-group", self.group)):
            for lesion, item in pairs.items():
                name = f"-{suffix}-{(by.get(lesion) or 'none').replace(' ', '-')}"
                strata.setdefault(name, {})[lesion] = item
        names = {name: frozenset(part.values()) for name, part in strata.items()}
        names["-wilson"] = names[""]
        for response in RESPONSES:
            for suffix, items in names.items():
                n = Term("above-0", items) if response in OF_PERCENT else None
                term = Term(response, items)
                numerators = dict.fromkeys(("numerator", response), term)
                yield (
                    f"{response}{suffix}",
                    Known(items=None if n else items, n=n, counts=numerators),
                )
            high = Term(f"high and {response}", names[""])
            of_high = Known(items=None, n=Term("high", names[""]), counts={"numerator": high})
            yield f"{response}-of-reference-4", of_high
            for suffix in ("of-analysed", "of-treated"):
                counts = {"numerator": Term(response, names[""])}
                yield f"{response}-{suffix}", Known(items=None, counts=counts)
        carried = self._carried(reference, ends, pairs)
        for response in RESPONSES:
            items = frozenset((pairs | carried).values())
            n = Term("above-0", items) if response in OF_PERCENT else None
            counts = {"numerator": Term(response, items)}
            yield f"{response}-locf", Known(items=None if n else items, n=n, counts=counts)
        at_zero = {"reference-0": Term("at-0", names[""])}
        yield "reference-0", Known(items=names[""], counts=at_zero)

    def _carried(
        self, reference: str, ends: Sequence[str], pairs: Mapping[str, Item]
    ) -> dict[str, Item]:
        """The lesions whose earlier score is carried to the endpoint."""
        upto = self.visits[1 : self.visits.index(ends[-1]) + 1]
        earlier = self.pairs(reference, upto)
        followed = ("scored", "not scored, no death recorded")
        return {
            lesion: item
            for lesion, item in earlier.items()
            if lesion not in pairs and self.state.get((lesion, ends[-1])) in followed
        }

    def _durability(self, parameters: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        ends = _ends(parameters)
        pairs = self.pairs("first", ends)
        items = frozenset(pairs.values())
        had = Term("not-worse", items)
        yield "relief", Known(items=items, counts={"numerator": had})
        later = frozenset(item for lesion, item in pairs.items() if self._is_later(lesion, item))
        held = {"numerator": Term("held", later)}
        yield "persistence", Known(items=None, n=Term("not-worse", later), counts=held)
        for name in ("median-time-to-loss", "median-time-to-loss-km"):
            yield name, Known(items=None, n=had, counts={"losses": Term("lost", items)})
        for visit in self.visits[1:]:
            counts = {
                f"at risk at {visit}": Term(f"at risk at {visit}", items),
                f"losses by {visit}": Term(self._by("lost", visit), items),
                f"deaths by {visit}": Term(self._by("relieved until death", visit), items),
            }
            for name in ("loss", "death", "loss-km"):
                yield f"{name}-{visit}", Known(items=None, n=had, counts=counts)

    def _by(self, what: str, visit: str) -> str:
        """What had happened by a visit, in words that sort as the visits follow each other."""
        return f"{what} by {self.visits.index(visit):02} {visit}"

    def _is_later(self, lesion: str, item: Item) -> bool:
        """Whether a lesion was scored after its endpoint."""
        scores = list(self.scores[lesion].values())
        return scores[-1] != item[1].split(">")[1]

    def _course(self, _: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        for visit in self.visits:
            items = self._scored([visit])
            yield f"median-{visit}", Known(items=items)
            yield f"range-{visit}", Known(items=items)
            yield f"median-locf-{visit}", self._carried_to(visit)
            yield from self._states(visit)

    def _carried_to(self, visit: str) -> Known:
        """Of those who were scored by a visit, how many are alive, followed and due is counted."""
        upto = self.visits[: self.visits.index(visit) + 1]
        by_then = frozenset((one, f"state at {visit}") for one, _ in self._scored(upto))
        return Known(items=self._last_by(visit), n=Term("state due", by_then))

    def _last_by(self, visit: str) -> Items:
        """The last score up to a visit, of those who are alive, followed and due then."""
        upto = self.visits[: self.visits.index(visit) + 1]
        followed = ("scored", "not scored, no death recorded")
        kept = {one for one in self.analysed if self.state.get((one, visit)) in followed}
        return frozenset(item for item in self._scored(upto) if item[0] in kept)

    def _states(self, visit: str) -> Iterator[tuple[str, Known]]:
        """Who was scored is known; why the others were not is no more than counted."""
        items = frozenset((one, f"state at {visit}") for one in self.analysed)
        scored = frozenset(one for one in items if visit in self.scores.get(one[0], {}))
        known = {Term("state scored", one): len(scored) for one in (items, scored)}
        died = Term(self._by("died", visit), frozenset((one, "death") for one in self.analysed))
        for state in STATES:
            name = f"{state}-{visit}"
            also = {name: died} if state == "dead" else {}
            counts = {name: Term(f"state {state}", items)}
            yield name, Known(items=items, counts=counts, also=also, before=known)
        due = Term("state due", items)
        numerator = {"numerator": Term("state scored", items)}
        yield f"scored-of-due-{visit}", Known(items=None, n=due, counts=numerator)

    def _profile(self, _: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        """Who is treated and analysed is known; the sex, the age and the facts are counted."""
        for unit, of in (("patients", self._patients_of), ("lesions", list)):
            treated, analysed = set(of(self.treated)), set(of(self.analysed))
            stages = {"treated": treated, "analysed": analysed, "excluded": treated - analysed}
            for stage in stages:
                yield f"{unit}-{stage}", Known(items=self._members(treated))
        patients = self._patients_of(self.analysed)
        aged = frozenset((one, f"age {self.ages[one]}") for one in patients if one in self.ages)
        for name in ("age", "age-quartiles"):
            yield name, Known(items=aged)
        yield from self._asked("sex", ("female", "male"), patients)
        for kind in self.facts:
            for fact in FACTS:
                yield from self._asked(f"{kind}", (fact,), patients)
                treated = self._asked(f"{kind}", (fact,), self._patients_of(self.treated))
                yield from ((f"treated-{name}", known) for name, known in treated)
        yield from self._asked("site", {*self.site.values()}, self.analysed)
        yield from self._asked("site-group", {*self.group.values()}, self.analysed, "site")
        yield from self._asked("adjunct", {*self.adjunct.values()}, self.analysed)
        [(_, without)] = self._asked("adjunct", ("none",), self.analysed)
        yield "without-adjunct", Known(items=without.items, counts={
            "without-adjunct": Term("adjunct none", without.items or frozenset())})  # fmt: skip

    def _asked(
        self, what: str, answers: Iterable[str | None], units: Iterable[str], question: str = ""
    ) -> Iterator[tuple[str, Known]]:
        """How many of the units give each answer to a question."""
        items = frozenset((one, question or what) for one in units)
        for answer in {one or "unknown" for one in answers}:
            name = f"{what}-{answer.replace(' ', '-')}"
            yield name, Known(items=items, counts={name: Term(f"{what} {answer}", items)})

    def _members(self, units: Iterable[str]) -> Items:
        return frozenset((one, "member") for one in units)

    def _version(self, unit: str, question: str) -> str:
        """What was asked of a unit, whose answer may be another one than before."""
        return f"{question}, corrected" if unit in self.corrected else question

    def _patients_of(self, lesions: Iterable[str]) -> list[str]:
        return sorted({self.patient[one] for one in lesions})

    def _safety(self, _: Mapping[str, object]) -> Iterator[tuple[str, Known]]:
        wholes = {
            "lesions": self.analysed,
            "treated-lesions": self.treated,
            "without-adjunct": [one for one in self.analysed if one not in self.adjunct],
            "patients": self._patients_of(self.analysed),
            "treated-patients": self._patients_of(self.treated),
        }
        for lesion in self.analysed:
            if kind := self.adjunct.get(lesion):
                wholes.setdefault(f"adjunct-{kind}", []).append(lesion)
        for suffix, ids in wholes.items():
            items = frozenset(self._hit(one) for one in ids)
            is_of_patients = suffix.endswith("patients")
            lesions = self.treated if is_of_patients else ()
            of = {self._hit(one): self._hit(self.patient[one]) for one in lesions}
            for what in ("complication", "lasting"):
                term = Term(f"patient {what}" if is_of_patients else what, items)
                kept = {one: whose for one, whose in of.items() if whose in items}
                yield (
                    f"{what}-{suffix}",
                    Known(items=items, counts={"numerator": term}, lesions=kept),
                )
        yield from self._apart(wholes["lesions"], wholes["patients"])

    def _hit(self, unit: str) -> Item:
        """Whether a lesion or a patient had a complication."""
        return unit, self._version(unit, "complication")

    def _apart(
        self, lesions: Iterable[str], patients: Iterable[str]
    ) -> Iterator[tuple[str, Known]]:
        """Deaths, re-treatments, and what is counted in events or belongs to no lesion."""
        hit = frozenset(self._hit(one) for one in lesions)
        counts = {"complication-lesions": Term("complication", hit)}
        yield "complications", Known(items=None, counts=counts)
        loose = frozenset((one, self._version(one, "of no lesion")) for one in patients)
        name = "patient-level-complications"
        yield name, Known(items=loose, counts={name: Term("of no lesion", loose)})
        deaths = frozenset((one, "death") for one in patients)
        yield "deaths", Known(items=deaths, counts={"numerator": Term("death", deaths)})
        again = frozenset((one, "re-treatment") for one in lesions)
        yield "re-treatments", Known(items=again, counts={"numerator": Term("again", again)})


def _ends(parameters: Mapping[str, object]) -> Sequence[str]:
    endpoint = parameters["endpoint"]
    return endpoint["last_of"] if isinstance(endpoint, Mapping) else [str(endpoint)]


def _of_pairs(items: Items, names: Iterable[str]) -> Iterator[tuple[str, Known]]:
    counts = {one: Term(one, items) for one in DIRECTIONS}
    for name in names:
        yield name, Known(items=items, counts=counts)


def _of_untied(items: Items, names: Iterable[str]) -> Iterator[tuple[str, Known]]:
    """Of those whose scores differ: who they are is not known, but how many."""
    counts = {one: Term(one, items) for one in ("falls", "rises")}
    for name in names:
        yield name, Known(items=None, n=Term("untied", items), counts=counts)
