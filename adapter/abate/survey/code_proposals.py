"""The codes of a study file, proposed from a survey: used, or in a comment."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from abate.survey import advice
from abate.survey.model import ListCount, NearProcedure, SampledCode, Survey

FILL = "FILL IN"
CHECK = "check"
BY_NAME = f"by its name: {CHECK}"
LISTED = "cementoplasty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedCode:
    """One code reference of a list: used, or proposed in a comment."""

    reference: str
    comment: str
    is_used: bool = True
    name: str = ""


def propose_index(survey: Survey, shown: int, *, is_near: bool = False) -> list[ProposedCode]:
    """Return the codes of the list, local codes by name, else the best; others as proposals.

    Procedures with pain scores near them come first. With `is_near`, no others are used.
    """
    local = advice.propose_index(survey)
    used = [
        *_list(survey, LISTED, "Procedure"),
        *(describe_sampled(code, BY_NAME) for code in local),
    ]
    near_codes = {code.reference for code in survey.nearby}
    if is_near and near_codes.isdisjoint({*list_used(used), *_list_known(survey)}):
        used = []
    taken = {code.reference for code in (*local, *advice.propose_radiotherapy(survey))}
    near = [code for code in survey.nearby if code.reference not in taken | _list_known(survey)]
    proposed = [_find_near(code) for code in near]
    if not used and proposed:
        used, proposed = [_find_near(near[0], CHECK)], proposed[1:]
    taken |= {code.reference for code in near}
    others = advice.propose_others(survey, "Procedure", taken)
    return [*used, *_limit([*proposed, *(describe_sampled(code) for code in others)], shown)]


def _list_known(survey: Survey) -> set[str]:
    """Return the codes on the server that a code list has."""
    counted = [code for each in survey.lists for code in each.codes]
    sampled = {code.reference for code in survey.sample_of("Procedure").codes if code.list}
    return sampled | {f"{code.system}|{code.code}" for code in counted}


def propose_scores(survey: Survey, shown: int) -> list[ProposedCode]:
    """Return the codes of the list, else the most frequent code with pain in its name."""
    named = advice.propose_scores(survey)
    listed = _list(survey, "pain-intensity", "Observation")
    if not listed and (n := survey.scores_by_category):
        listed = [ProposedCode(reference="list:pain-intensity", comment=f"{n} of a few patients")]
    best = [] if listed else [describe_sampled(code, BY_NAME) for code in named[:1]]
    taken = {code.reference for code in named}
    other = [] if listed or named else advice.propose_others(survey, "Observation", taken)
    return [
        *listed,
        *best,
        *(_propose(describe_sampled(code, BY_NAME)) for code in named[len(best) :]),
        *_limit(map(describe_sampled, other), shown),
    ]


def _limit(codes: Iterable[ProposedCode], shown: int) -> list[ProposedCode]:
    """Return the first codes as proposals in comments, and how many more there are."""
    proposed = list(map(_propose, codes))
    if more := len(proposed[shown:]):
        rest = ProposedCode(
            reference="", comment=f"{more} more: abate init --all-codes", is_used=False
        )
        return [*proposed[:shown], rest]
    return proposed


def _propose(code: ProposedCode) -> ProposedCode:
    return replace(code, is_used=False)


def _find_near(code: NearProcedure, note: str = "") -> ProposedCode:
    """Return a procedure with the number of patients who have scores around it."""
    near = f"{code.patients} patients, {code.both} with scores before and after"
    comment = ", ".join(filter(None, [code.display, near, note]))
    return ProposedCode(reference=code.reference, comment=comment, name=code.display)


def _list(survey: Survey, name: str, kind: str) -> list[ProposedCode]:
    """Return the code list, if a search by it or the sample has found a resource."""
    counted = survey.list_of(name)
    if counted is not None and survey.count_of(name) and survey.is_searchable(kind):
        return [ProposedCode(reference=f"list:{name}", comment=name_codes(counted))]
    seen = [code for code in survey.sample_of(kind).codes if code.list == name]
    known = ", ".join(f"{code.display} {code.n}" for code in seen)
    # The sample has them, but no search finds them: the run reports it, and the list is right.
    return (
        [ProposedCode(reference=f"list:{name}", comment=f"in the sample: {known}")] if seen else []
    )


def name_codes(counted: ListCount) -> str:
    """Return the codes of a list that found resources, with their numbers."""
    codes = (f"{code.name} ({code.code}) {_format_number(code.n)}" for code in counted.codes)
    return f"{_format_number(counted.n)} there: {', '.join(codes)}"


def _format_number(n: int | None) -> str:
    return "some" if n is None else str(n)


def describe_sampled(code: SampledCode, note: str = "") -> ProposedCode:
    """Return a code of the sample with its name and number."""
    comment = ", ".join(filter(None, [code.display, f"{code.n} in the sample", note]))
    return ProposedCode(reference=code.reference, comment=comment, name=code.display)


def write_codes(codes: Sequence[ProposedCode]) -> str:
    """Return `codes = [...]`, with one code per line."""
    lines = [_code_line(code) for code in codes]
    if not list_used(codes):
        lines.insert(0, f'  # {FILL}: "system|code" of the server, or "list:NAME"')
    return "\n".join(["codes = [", *lines, "]"])


def _code_line(code: ProposedCode) -> str:
    if not code.reference:
        return f"  # {code.comment}"
    return f"  {'' if code.is_used else '# '}{quote(code.reference)},  # {code.comment}"


def list_used(codes: Sequence[ProposedCode]) -> tuple[str, ...]:
    """Return the references of the codes that are used."""
    return tuple(code.reference for code in codes if code.is_used)


def quote(text: str) -> str:
    """Return a TOML basic string; TOML has the same escapes as JSON."""
    return json.dumps(text, ensure_ascii=False)
