"""Faults of search: ignored or refused parameters, counts, and entries that are not rows."""

from case import Case, everywhere
from data import DAYS
from fault import (
    always,
    anything,
    counts,
    edited,
    first,
    says,
    scores,
)
from faults_search import (
    adding,
    bare_only,
    entry,
    epic_like,
    first_date_only,
    has,
    ignored,
    later,
    no_count,
    nothing,
    of,
    oracle_like,
    total,
    wants_category,
    wants_patient,
    with_response,
    without_mode,
    without_total,
)
from made import coded, condition, procedure, score
from ways import NIGHTLY, PATIENT, POPULATION, SEARCH

# Resources of the study's patients, without the study's codes.
OTHER_CODES = (
    condition("fracture-a", "a", code=coded("fracture")),
    procedure("x-ray-a", "a", code=coded("x-ray")),
)
# The scores of the ward with a category; one has only a site-specific category.
FILED = tuple(
    score(f"{one}{n}", one, n, effectiveDateTime=DAYS[n], category=[category])
    for one in "abc"
    for n in range(3)
    for category in [coded("pain", "urn:w") if (one, n) == ("c", 1) else coded("survey")]
)
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "value"}]}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def _outcome(kind, **coding):
    issue = {"severity": "warning", "code": kind, "details": {"coding": [coding]}}
    return entry("outcome", resourceType="OperationOutcome", issue=[issue])


WITHHELD, CUT_SHORT = _outcome("suppressed"), _outcome("incomplete")
WITHHELD_BY_EPIC = _outcome(
    "processing", system="urn:oid:1.2.840.114350.1.13.1.1.7.2.657369", code="59204"
)


def _unknown():
    everything = {
        "code": ("Observation", "does not honour code"),
        "patient": ("Observation", "does not honour patient"),
        "_lastUpdated": (None, ""),
        "_id": ("Patient", "does not honour _id"),
    }
    ways = {"code": SEARCH, "patient": (PATIENT, NIGHTLY), "_lastUpdated": SEARCH, "_id": SEARCH}
    for name, (kind, warns) in everything.items():
        yield Case(
            id=f"ignores-{name.strip('_')}", says=f"{name} is ignored: all rows are returned.",
            seen="cumulus-etl#75" if name == "_lastUpdated" else "observed", ways=ways[name],
            fault=always(has(name, kind), ignored(name)), warns=warns,
        )  # fmt: skip


CASES = [
    *_unknown(),
    Case(
        id="finds-nothing-by-code",
        says="A search of pain scores by code finds nothing, although the server has some.",
        fault=always(has("code", "Observation"), nothing),
        outside=("stranger",),
        warns="finds no Observation by code",
    ),
    Case(
        id="finds-no-condition-by-code",
        says="A search of Conditions by code is declared and finds nothing, although the server "
        "has some.",
        fault=always(has("code", "Condition"), nothing),
        warns="finds no Condition by code",
    ),
    Case(
        id="finds-no-condition-by-code-or-patient",
        says="A search of Conditions finds nothing by code, and nothing by patient.",
        fault=always(
            lambda asked: has("code", "Condition")(asked) or has("patient", "Condition")(asked),
            nothing,
        ),
        fails=everywhere("finds none by patient"),
    ),
    Case(
        id="finds-no-procedure-by-code",
        says="A search of Procedures by code finds nothing, although the server has some.",
        fault=always(has("code", "Procedure"), nothing),
        fails=everywhere("finds none by code"),
    ),
    Case(
        id="finds-no-procedure-by-code-and-has-a-list",
        says="The same, and the study names its patients.",
        ways=(PATIENT,),
        settings=("source.patients=['a', 'b', 'c']",),
        fault=always(has("code", "Procedure"), nothing),
        warns="finds no Procedure by code",
    ),
    Case(
        id="finds-nothing-by-patient",
        says="A search by patient finds nothing.",
        ways=(PATIENT, NIGHTLY),
        fault=always(has("patient"), nothing),
        fails={PATIENT: "finds none by patient"},
        warns="by patient: all of them are pulled again",
    ),
    Case(
        id="finds-nothing-by-lastUpdated",
        says="A search by _lastUpdated finds nothing.",
        seen="observed",
        fault=always(has("_lastUpdated"), nothing),
    ),
    Case(
        id="refuses-code",
        says="A search of pain scores by code is answered 400.",
        fault=always(has("code", "Observation"), says(400)),
        outside=("stranger",),
        warns="answered 400",
    ),
    Case(
        id="refuses-code-of-procedures",
        says="A search of Procedures by code is answered 400.",
        seen="Oracle Health's documentation",
        fault=always(has("code", "Procedure"), says(400)),
        fails=everywhere("[source] patients"),
    ),
    Case(
        id="oracle-like",
        says=(
            "A server like Oracle Health's: Procedures by patient and date only, Conditions "
            "without "
            "code, Observations with a category, no total; every other search is answered 400."
        ),
        seen="yourphr#755",
        ways=(PATIENT,),
        settings=("source.patients=['a', 'b', 'c']",),
        resources=OTHER_CODES,
        fault=lambda: oracle_like,
        warns="and abate filters the codes itself",
    ),
    Case(
        id="epic-like",
        says=(
            "A server like Epic's: each search names a patient, and a search of Observations a "
            "category; "
            "unknown parameters are ignored with a warning."
        ),
        seen="yourphr#755",
        ways=(PATIENT,),
        settings=("source.patients=['a', 'b', 'c']",),
        resources=OTHER_CODES,
        fault=lambda: epic_like,
        warns="with the categories",
    ),
    Case(
        id="category-of-the-site-in-the-study-file",
        says=(
            "Observations are refused without a category, and one score has only a site-specific "
            "category, which the study file names."
        ),
        seen="Epic's and Oracle Health's documentation",
        ways=(PATIENT,),
        settings=(
            "source.patients=['a', 'b', 'c']",
            "source.query.observation.category=['survey', 'urn:w|pain']",
        ),
        resources=FILED,
        fault=always(wants_category, says(400)),
        warns="nothing confirms that all pain scores were received",
    ),
    Case(
        id="refuses-patient",
        says="A search by patient is answered 400.",
        ways=(PATIENT, NIGHTLY),
        fault=always(has("patient"), says(400)),
        fails={PATIENT: "answered 400"},
        warns="by patient: all of them are pulled again",
    ),
    Case(
        id="refuses-lastUpdated",
        says="A search by _lastUpdated is answered 400.",
        seen="observed",
        fault=always(has("_lastUpdated"), says(400)),
    ),
    Case(
        id="refuses-id",
        says="A search of Patients by _id is answered 400.",
        fault=always(has("_id", "Patient"), says(400)),
        fails=everywhere("answered 400"),
    ),
    Case(
        id="refuses-total",
        says="A search with _total is answered 400.",
        fault=always(lambda asked: "_total" in asked.parameters, says(400)),
    ),
    Case(
        id="second-lastUpdated-ignored",
        says="The second of two _lastUpdated parameters is ignored.",
        seen="hapi-fhir#4626",
        fault=always(has("_lastUpdated"), first_date_only),
    ),
    Case(
        id="code-without-system-only",
        says="A search by system|code finds nothing; a search by the code alone works.",
        fault=always(has("code"), bare_only),
        warns="by its code only",
    ),
    Case(
        id="count-ignored",
        says="_count is ignored: one page has all rows.",
        seen="HealthIntersections/fhirserver#75",
        fault=always(scores, ignored("_count")),
    ),
    Case(
        id="count-capped",
        says="_count is capped at one row per page.",
        seen="hapi-fhir#1140",
        fault=always(scores, lambda asked: asked.counting(1)),
    ),
    Case(
        id="total-absent",
        says="Pages have no total; a count has one.",
        seen="observed",
        fault=always(scores, edited(without_total)),
    ),
    Case(
        id="no-count",
        says="There is no total, and a count is answered 400.",
        ways=(POPULATION, PATIENT),
        fault=always(lambda asked: scores(asked) or counts(asked), no_count),
    ),
    Case(
        id="no-count-reconciled",
        says="The same in a pull that compares all ids (`abate reconcile`).",
        ways=(NIGHTLY,),
        is_compared=True,
        fault=always(lambda asked: scores(asked) or counts(asked), no_count),
    ),
    Case(
        id="total-too-low",
        says="Each total and count is half of the real number.",
        seen="observed",
        fault=always(lambda asked: of("Observation", asked), total(lambda there: there // 2)),
    ),
    Case(
        id="total-too-high",
        says="Each total and count is one too high.",
        fault=always(lambda asked: of("Observation", asked), total(lambda there: there + 1)),
        fails=everywhere("the server counts"),
    ),
    Case(
        id="total-too-high-once",
        says="A total is one too high, once.",
        fault=first(scores, total(lambda there: there + 1)),
    ),
    Case(
        id="total-unstable",
        says="The total is different on each later page.",
        seen="observed",
        fault=always(scores, later(lambda there: there * 3)),
    ),
    Case(
        id="warning-entries",
        says="Pages have OperationOutcome entries with warnings.",
        seen="spark#1267",
        fault=always(
            anything, adding({"resource": WARNING, "search": {"mode": "outcome"}})
        ),
    ),
    Case(
        id="rows-withheld",
        says="A page of pain scores has a warning that rows are withheld (suppressed).",
        fault=always(scores, adding(WITHHELD)),
        fails=everywhere("withholds rows of"),
    ),
    Case(
        id="rows-withheld-by-epic-s-code",
        says="A page of pain scores has this warning as Epic's code 59204.",
        seen="onc-certification-g10-test-kit#278",
        fault=always(scores, adding(WITHHELD_BY_EPIC)),
        fails=everywhere("(59204)"),
    ),
    Case(
        id="rows-withheld-accepted",
        says="Each page has a warning that rows are withheld, and the study accepts it.",
        fault=always(anything, adding(WITHHELD)),
        settings=("source.withheld='accept'",),
        warns="withholds rows (suppressed)",
    ),
    Case(
        id="rows-cut-short",
        says="A page of pain scores has a warning that it is incomplete.",
        fault=always(scores, adding(CUT_SHORT)),
        fails=everywhere("not complete (incomplete)"),
    ),
    Case(
        id="error-entry",
        says="A page has an OperationOutcome entry with an error, and status 200.",
        seen="hapi-fhir#5780",
        fault=always(scores, adding({"resource": ERROR, "search": {"mode": "outcome"}})),
        fails=everywhere("an OperationOutcome with an error"),
    ),
    Case(
        id="outcome-for-a-page",
        says="An OperationOutcome is sent instead of a page, with status 200.",
        fault=always(scores, lambda asked: asked.honest.of(ERROR)),
        fails=everywhere("not with a searchset"),
    ),
    Case(
        id="included-entries",
        says="Pages have Patients that were not requested, as included entries.",
        fault=always(
            scores,
            adding(entry("include", resourceType="Patient", id="i")),
        ),
    ),
    Case(
        id="mode-absent",
        says="Entries have no search mode.",
        seen="medplum#5062",
        fault=always(scores, edited(without_mode)),
    ),
    Case(
        id="response-parts",
        says="Entries have a response, as in the response to a transaction.",
        seen="hapi-fhir#1328",
        fault=always(scores, edited(with_response)),
    ),
    Case(
        id="entry-of-another-type",
        says="A page of pain scores has a Condition as a match.",
        fault=always(
            scores,
            adding(entry("match", resourceType="Condition", id="i")),
        ),
        fails=everywhere("an entry is no Observation: Condition"),
    ),
    Case(
        id="entry-without-an-id",
        says="A row has no id.",
        fault=always(
            scores, adding(entry("match", resourceType="Observation"))
        ),
        fails=everywhere("not a resource with a type and an id"),
    ),
    Case(
        id="post-refused",
        says="A search by POST is answered 405.",
        fault=always(lambda asked: asked.method == "POST", says(405)),
        warns="does not accept searches by POST",
    ),
    Case(
        id="wants-a-patient",
        says="A search without a patient is answered 400.",
        seen="yourphr#755",
        fault=always(wants_patient, says(400)),
        fails=everywhere("answered 400"),
    ),
    Case(
        id="wants-a-patient-and-has-a-list",
        says="The same, and the study names its patients.",
        seen="yourphr#755",
        ways=(PATIENT,),
        settings=("source.patients=['a', 'b', 'c']",),
        fault=always(wants_patient, says(400)),
    ),
]  # fmt: skip
