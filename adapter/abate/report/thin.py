"""A sentence for results that rest on a small part of what was treated."""

from abate.analysis.results import Results
from abate.config.noun import Noun
from abate.report.page.attrition import reason_in_words

# A result is thin if fewer than this share of the treated lesions is in it.
SHARE = 0.5


def describe_thin(results: Results) -> str:
    """Return how few of the treated lesions the primary result rests on; empty if most are in it.

    Without a primary analysis that counts lesions, the analysed lesions are compared. A release
    that withholds one of the numbers gets no sentence.
    """
    treated, analysed, noun = _count_treated(results), results.lesions, results.noun
    if not treated or analysed is None:
        return ""
    used = _count_used(results)
    least = analysed if used is None else used
    if least >= SHARE * treated:
        return ""
    if used is None or used == analysed:
        text = f"{noun.count(analysed)} analysed, {treated:,} treated"
    else:
        text = f"{used:,} of {noun.count(analysed)} analysed, {treated:,} treated"
    return f"few are in the primary result: {text}{_main_reason(results, analysed - least, noun)}"


def _count_treated(results: Results) -> int | None:
    for step in results.attrition:
        if (step.stage, step.unit) == ("treated", "lesion"):
            return step.n
    return None


def _count_used(results: Results) -> int | None:
    """Return the n of the primary result; None if there is none, or it does not count lesions."""
    for outcome in results.outcomes:
        if not (outcome.primary and outcome.result):
            continue
        if outcome.result.reason:
            return 0
        for estimate in outcome.result.key_estimates:
            if estimate.basis == "lesion":
                return estimate.visible_n
    return None


def _main_reason(results: Results, without_scores: int, noun: Noun) -> str:
    """Return the reason that left out most; empty if none is known."""
    reasons = {
        reason_in_words(step.reason): step.n or 0
        for step in results.attrition
        if (step.stage, step.unit) == ("excluded", "lesion")
    }
    reasons["the primary analysis needs scores that they do not have"] = without_scores
    words, n = max(reasons.items(), key=lambda item: item[1])
    return f". Most were left out for one reason: {noun.reword(words)} ({n:,})" if n else ""
