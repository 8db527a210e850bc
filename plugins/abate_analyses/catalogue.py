"""The analyses that come with abate: the name and the parameters of each.

The class of an analysis imports what computes it when it runs, not before: polars and numpy take
longer to load than all else, and neither `abate plugins` nor `abate check` needs them, nor a run
whose server does not answer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from abate import LastOf
from abate.config.visits import BASELINE

if TYPE_CHECKING:
    from abate import Cohort, Result

Loss = Literal["above-reference", "at-or-above-reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Counts of patients and lesions from treated to analysed; age, sex, sites, adjuncts, facts.

    Ages are counted once a patient, at the first analysed index procedure. Facts (primary tumour,
    earlier treatment) are counted over analysed patients, and over treated ones too.
    """

    name: ClassVar[str] = "profile"

    def run(self, cohort: "Cohort") -> "Result":
        """Describe the analysed lesions and their patients, and the treated ones' facts."""
        from abate_analyses.profile.analysis import analyse

        return analyse(cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class PainCourse:
    """n, median, quartiles and range of the pain score (0 to 10) at each visit, observed cases.

    Beside them what became of every analysed lesion: scored; not scored, no death recorded; dead;
    re-treated; not yet due. The dead are not missing. Two denominators: all analysed lesions (the
    fixed one), and those alive, followed and due (the variable one). A visit's lesions differ from
    the next one's: read each median with its n. Not a test of change; for that, see
    `paired-change`.
    """

    name: ClassVar[str] = "pain-course"

    def run(self, cohort: "Cohort") -> "Result":
        """Describe each visit of the study, also those without a score."""
        from abate_analyses.pain_course.analysis import analyse

        return analyse(cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedChange:
    """Change from `reference` to `endpoint`: its size, and tests of whether there is one.

    Hypotheses: a fall is as likely as a rise (sign test); changes lie evenly around zero
    (Wilcoxon, sign flips). The lesion-level tests assume that pairs are independent; two lesions
    of one patient are not, so each patient's first lesion, and the test that turns the signs of
    all of a patient's changes together, stand beside. Do not read p as a size: see the median
    change, the Hodges-Lehmann estimate, and the responders.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`: the last score documented in any of them.
        reference: a visit, or `first`: the first documented score, earlier than the endpoint.
    """

    name: ClassVar[str] = "paired-change"
    endpoint: str | LastOf
    reference: str = "baseline"

    def run(self, cohort: "Cohort") -> "Result":
        """Compare the two scores of each lesion that has both."""
        from abate_analyses.paired import analyse

        return analyse(cohort, reference=self.reference, endpoint=self.endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitChanges:
    """Median change from `reference` at each visit, with the sign test, corrected by Holm.

    Hypothesis at each visit: a fall is as likely as a rise. Holm's correction keeps the chance of
    any false alarm over all visits that have a pair; one with fewer than four is not tested, but
    counts, so that the data do not choose the number of tests. Not for the course of pain: see
    `pain-course`.

    Attributes:
        reference: a visit, or `first`: the first documented score, earlier than the visit.
    """

    name: ClassVar[str] = "visit-changes"
    reference: str = BASELINE

    def run(self, cohort: "Cohort") -> "Result":
        """Compare each visit's scores with the reference."""
        from abate_analyses.visit_changes import analyse

        return analyse(cohort, reference=self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Responders:
    """The share of lesions that responded, by six definitions, over all denominators.

    Not worse, any fall, a fall of at least 2 points (Farrar 2001), of 30 % (moderate) and 50 %
    (substantial, IMMPACT 2008), score 0. Always pain-score-only: a fall under more opioids counts.
    A low reference cannot fall by 2 points: see the lesions with a reference of 4 or more. No test,
    and no comparison: strata are described only.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`: the last score documented in any of them.
        reference: a visit, or `first`: the first documented score, earlier than the endpoint.
    """

    name: ClassVar[str] = "responders"
    endpoint: str | LastOf
    reference: str = "baseline"

    def run(self, cohort: "Cohort") -> "Result":
        """Judge each lesion by every definition."""
        from abate_analyses.responders.analysis import analyse

        return analyse(cohort, reference=self.reference, endpoint=self.endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability:
    """Follow-up, longest relief, time to loss of relief, net pain relief, persistence.

    Relief is a score at `endpoint` that is not above the reference. Loss is the first later score
    above it, dated at the visit that showed it (interval censored). Death competes: the main curve
    is Aalen's and Johansen's. Kaplan-Meier, which takes the dead for people whose pain might still
    return, stands beside it and overestimates. Lesions of one patient are not independent: the
    intervals do not know that. Do not use it to compare groups.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`, by which relief must have come.
        reference: `first`: the first documented score, earlier than the endpoint; or a visit.
        loss: which later score is a loss: `above-reference`, or `at-or-above-reference`.
    """

    name: ClassVar[str] = "durability"
    endpoint: str | LastOf
    reference: str = "first"
    loss: Loss = "above-reference"

    def run(self, cohort: "Cohort") -> "Result":
        """Follow each lesion with relief to its loss, to death, or to the last score."""
        from abate_analyses.durability.analysis import analyse

        return analyse(cohort, reference=self.reference, endpoint=self.endpoint, loss=self.loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """How many lesions and patients had a complication, a lasting one, and of which grade.

    Complications are the events that the study file names; grades are those that people entered,
    never derived. An event that belongs to no lesion counts for its patient only. Deaths and
    re-treatments stand apart. If it is not known whether there are complications, none is counted.
    Where none happened, the high end of the interval is the exact upper limit. Nothing here says
    that a treatment caused an event.
    """

    name: ClassVar[str] = "safety"

    def run(self, cohort: "Cohort") -> "Result":
        """Count over analysed lesions, by adjunct, over treated lesions, and over patients."""
        from abate_analyses.safety.analysis import analyse

        return analyse(cohort)
