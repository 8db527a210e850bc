"""A survey as text: what the server says, what is there, and what to do."""

from collections.abc import Iterator, Sequence
from textwrap import fill

from abate.cli import common
from abate.survey.ability import READ, REPORT
from abate.survey.found import Ability, Advice, ListCount, Sample, Survey, Written

CODES_SHOWN = 15
_FLAG = {True: "yes", False: "no", None: "not said"}
_STATES = {
    "works": "works: a code that is there is found, one that cannot be there is not",
    "untried": "a code that cannot be there is not found; there was no code to try",
    "bare-only": "NOT with its system: only the bare code is found",
    "finds-nothing": "NOT: a code that is there is not found",
    "ignored": "IGNORED: a code that cannot be there finds resources",
    "refused": "REFUSED",
}


def text(survey: Survey, advice: Advice) -> str:
    """All of it; no line is wider than the terminal."""
    parts = [
        _server(survey),
        _abilities(survey),
        *_nightly(survey),
        _searches(survey),
        *_lists(survey.lists),
        *(_sample(sample) for sample in survey.samples),
        *_written(survey.written),
        *_advice(advice),
        f"{survey.requests} requests, {survey.bytes / 1e6:.1f} MB; nothing was written.",
    ]
    return "\n\n".join(parts)


def advice_text(advice: Advice) -> str:
    """The answer alone."""
    return "\n\n".join(_advice(advice))


def _server(survey: Survey) -> str:
    server = survey.server
    return "\n".join(
        [
            survey.url,
            f"software     {server.software} {server.version}".rstrip(),
            f"FHIR         {server.fhir_version}",
            f"transaction  {_FLAG[server.transaction]}",
        ]
    )


def _abilities(survey: Survey) -> str:
    read = [_ability(survey.server.of(kind)) for kind in READ]
    write = [_writable(survey.server.of(kind)) for kind in REPORT]
    return "\n\n".join(
        [
            "By its own words, it can read for a study",
            common.table(["type", "read", "search", "by"], read),
            "and take for a report",
            common.table(["type", "create", "update", "own ids", "conditional update"], write),
        ]
    )


def _ability(one: Ability) -> list[str]:
    if not one.offered:
        return [one.type, "no", "no", ""]
    return [one.type, _FLAG[one.read], _FLAG[one.search], ", ".join(one.parameters)]


def _writable(one: Ability) -> list[str]:
    if not one.offered:
        return [one.type, "no", "no", "", ""]
    flags = (one.create, one.update, one.update_create, one.conditional_update)
    return [one.type, *(_FLAG[flag] for flag in flags)]


def _nightly(survey: Survey) -> Iterator[str]:
    rows = [[one.what, one.found, one.then] for one in survey.probes]
    if rows:
        heads = ["a nightly pull needs", "there", "so"]
        yield "What a nightly job can rely on, as it was tried\n\n" + common.table(heads, rows)


def _searches(survey: Survey) -> str:
    rows = [
        [one.type, f"{_STATES[one.state]}{f': {one.detail}' if one.state == 'refused' else ''}"]
        for one in survey.searches
    ]
    return "Search by code, as it was tried\n\n" + common.table(["type", "search by code"], rows)


def _lists(lists: Sequence[ListCount]) -> Iterator[str]:
    if not lists:
        return
    rows = []
    for one in lists:
        rows.append([one.what, f"list:{one.list}", _n(one.n), _n(one.bare), one.problem])
        rows += [
            [f"  {code.name}", f"  {code.code}", _n(code.n), _n(code.bare), code.system]
            for code in one.codes
        ]
    heads = ["what is there", "code", "system|code", "bare code", "system"]
    yield "By the codes that abate knows\n\n" + common.table(heads, rows)


def _sample(sample: Sample) -> str:
    head = f"In a sample of {sample.n} of type {sample.type}, {_extent(sample)}"
    rows = [
        [str(one.n), one.reference, one.display, f"list:{one.list}" if one.list else ""]
        for one in sample.codes[:CODES_SHOWN]
    ]
    more = len(sample.codes) - len(rows)
    tail = [f"and {more} codes more"] if more else []
    if sample.without_code:
        tail.append(f"{sample.without_code} have no code but text, which is not shown")
    shown = [common.table(["n", "code", "name", "known as"], rows)] if rows else ["no code"]
    return "\n".join([head, "", *shown, *tail])


def _extent(sample: Sample) -> str:
    if sample.whole:
        return "which is all there is"
    return "the newest first" if sample.newest_first else "in the server's order"


def _written(written: Sequence[Written]) -> Iterator[str]:
    for one in written:
        rows = [[str(tally.n), tally.what] for tally in (*one.values, *one.times)]
        if rows:
            what = "pain scores" if one.type == "Observation" else "index procedures"
            head = f"How they are written: {one.n} {what}"
            yield f"{head}\n\n{common.table(['n', 'shape'], rows)}"


def _advice(advice: Advice) -> Iterator[str]:
    heads = {
        "abate can": advice.can,
        "To write in the study file": advice.write,
        "Missing, or to look at": advice.missing,
    }
    for head, lines in heads.items():
        if lines:
            yield "\n".join([f"{head}:", *(_item(line) for line in lines)])


def _item(line: str) -> str:
    return fill(line, common.width(), initial_indent="- ", subsequent_indent="  ")


def _n(n: int | None) -> str:
    return "not said" if n is None else str(n)
