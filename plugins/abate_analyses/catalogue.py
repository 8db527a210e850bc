"""The analyses that come with abate: the name and the parameters of each.

The class of an analysis imports its computation only when it runs: polars and numpy take longer to
load than all else, and `abate plugins`, `abate check` and a run without a server do not need them.
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

    Each patient has one age, at the first analysed index procedure. Facts (primary tumour, earlier
    treatment) are counted over analysed patients, and also over treated ones.
    """

    name: ClassVar[str] = "profile"

    def run(self, cohort: "Cohort") -> "Result":
        """Describe the analysed lesions and their patients, and the treated ones' facts."""
        from abate_analyses.profile.analysis import analyse

        return analyse(cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class PainCourse:
    """n, median, quartiles and range of the pain score (0 to 10) at each visit, observed cases.

    Also the state of every analysed lesion: scored; not scored, no death recorded; dead;
    re-treated; not yet due. The dead do not count as missing. There are two denominators: all
    analysed lesions (fixed), and those alive, followed and due (variable). The lesions of two
    visits differ: read each median with its n. This is not a test of change; see `paired-change`.
    """

    name: ClassVar[str] = "pain-course"

    def run(self, cohort: "Cohort") -> "Result":
        """Describe each visit of the study, also visits without a score."""
        from abate_analyses.pain_course.analysis import analyse

        return analyse(cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedChange:
    """Change from `reference` to `endpoint`: its size, and tests of a change.

    Null hypotheses: a fall is as likely as a rise (sign test); changes are symmetric about zero
    (Wilcoxon, sign flips). The lesion-level tests assume independent pairs, which two lesions of a
    patient are not. Therefore there are also tests of each patient's first lesion, and a test that
    flips the signs of all changes of a patient together. A p-value is not a size: see the median
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

    Null hypothesis at each visit: a fall is as likely as a rise. Holm's correction limits the
    probability of any false positive over all visits with a pair. A visit with fewer than four
    pairs is not tested, but counts, so that the data do not choose the number of tests. For the
    course of pain see `pain-course`.

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

    The definitions are: not worse, any fall, a fall of at least 2 points (Farrar 2001), of 30 %
    (moderate) and 50 % (substantial, IMMPACT 2008), score 0. Only pain scores count: a fall with
    more opioids is a response. A low reference cannot fall by 2 points: see the lesions with a
    reference of 4 or more. There is no test, and strata are described, not compared.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`: the last score documented in any of them.
        reference: a visit, or `first`: the first documented score, earlier than the endpoint.
    """

    name: ClassVar[str] = "responders"
    endpoint: str | LastOf
    reference: str = "baseline"

    def run(self, cohort: "Cohort") -> "Result":
        """Apply every definition to each lesion."""
        from abate_analyses.responders.analysis import analyse

        return analyse(cohort, reference=self.reference, endpoint=self.endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability:
    """Follow-up, longest relief, time to loss of relief, net pain relief, persistence.

    Relief is a score at `endpoint` that is not above the reference. Loss is the first later score
    above the reference, dated at the visit that showed it (interval censored). Death is a competing
    event: the main curve is the Aalen-Johansen estimate. The Kaplan-Meier estimate, which treats
    the dead as censored, is shown too, and overestimates. Lesions of a patient are not independent,
    which the intervals ignore. Do not use this analysis to compare groups.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`, at which there must be relief.
        reference: `first`: the first documented score, earlier than the endpoint; or a visit.
        loss: which later score is a loss: `above-reference`, or `at-or-above-reference`.
    """

    name: ClassVar[str] = "durability"
    endpoint: str | LastOf
    reference: str = "first"
    loss: Loss = "above-reference"

    def run(self, cohort: "Cohort") -> "Result":
        """Follow each lesion with relief until its loss, death, or the last score."""
        from abate_analyses.durability.analysis import analyse

        return analyse(cohort, reference=self.reference, endpoint=self.endpoint, loss=self.loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The number of lesions and patients with a complication, with a lasting one, and by grade.

    Complications are the events in the study file; grades are as people entered them, and never
    derived. An event without a lesion counts only for its patient. Deaths and re-treatments are
    separate. If complications cannot be assessed, none are counted. If there were none, the high
    end of the interval is the exact upper limit. The analysis says nothing about causes.
    """

    name: ClassVar[str] = "safety"

    def run(self, cohort: "Cohort") -> "Result":
        """Count over analysed lesions, by adjunct, over treated lesions, and over patients."""
        from abate_analyses.safety.analysis import analyse

        return analyse(cohort)
