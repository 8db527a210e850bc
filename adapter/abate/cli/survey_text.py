"""A survey as text: what the server supports, which data it has, and what to do."""

from collections.abc import Iterator, Sequence
from textwrap import fill

from abate.cli import options
from abate.survey.model import (
    GROUPS,
    Advice,
    ListCount,
    NearProcedure,
    Sample,
    Shapes,
    Survey,
    SurveyRow,
)

CODES_SHOWN = 15
HEADS = ("test", "found", "what abate does")


def write_text(survey: Survey, advice: Advice) -> str:
    """Return the whole text; no line is wider than the terminal."""
    parts = [
        _server(survey),
        _table(survey.probes),
        _item(str(survey.estimate), first=""),
        *_lists(survey.lists),
        *(_sample(sample) for sample in survey.samples),
        *_near(survey.nearby),
        *_format_write(survey.written),
        *_advice(advice),
        f"{survey.requests} requests, {survey.bytes / 1e6:.1f} MB; {_traces(survey)}.",
    ]
    return "\n\n".join(parts)


def _server(survey: Survey) -> str:
    server = survey.server
    software = f"{server.software} {server.version}".rstrip()
    return f"{survey.url}\n{software}, FHIR {server.fhir_version}"


def _table(rows: Sequence[SurveyRow]) -> str:
    """Return the rows as a table, with an empty row between two groups."""
    lines: list[list[str]] = []
    for group in GROUPS:
        group_rows = [[row.what, row.found, row.then] for row in rows if row.group == group]
        lines += [[""] * len(HEADS)] if lines and group_rows else []
        lines += group_rows
    return options.table(HEADS, lines)


def _traces(survey: Survey) -> str:
    if survey.left:
        return f"left on the server: {', '.join(survey.left)}"
    return "the written resources are deleted" if survey.wrote else "nothing was written"


def _lists(lists: Sequence[ListCount]) -> Iterator[str]:
    if not lists:
        return
    rows = []
    for code_list in lists:
        what = f"{code_list.what}: {code_list.problem}" if code_list.problem else code_list.what
        rows.append([what, f"list:{code_list.list}", _n(code_list.n), _n(code_list.bare)])
        rows += [
            [f"  {code.name}", f"  {_short(code.system)}|{code.code}", _n(code.n), _n(code.bare)]
            for code in code_list.codes
        ]
    heads = ["name", "system|code", "resources", "by bare code"]
    head = "Resources by the codes that abate knows, with the system and by the bare code"
    yield f"{head}\n\n{options.table(heads, rows)}"


def _short(system: str) -> str:
    """Return a system without its URL scheme."""
    return system.removeprefix("http://").removeprefix("https://")


def _sample(sample: Sample) -> str:
    head = f"Codes in a sample of {sample.n} resources of type {sample.type}, {_extent(sample)}"
    shown = sample.codes[:CODES_SHOWN]
    more = len(sample.codes) - len(shown)
    tail = [f"and {more} more codes"] if more else []
    if sample.without_code:
        tail.append(f"{sample.without_code} have a text instead of a code; it is not shown")
    lines = [
        line
        for code in shown
        for line in _code(str(code.n), code.reference, code.display, code.list)
    ]
    return "\n".join([head, "", *(lines or ["no code"]), *tail])


def _code(n: str, reference: str, display: str, name: str = "") -> Iterator[str]:
    """Yield a code on a line of its own, whole, and below it its name and its list."""
    yield f"{n:>7}  {reference}"
    words = ", ".join(filter(None, [display, f"in list:{name}" if name else ""]))
    if words:
        yield fill(words, options.width(), initial_indent=" " * 11, subsequent_indent=" " * 11)


def _near(nearby: Sequence[NearProcedure]) -> Iterator[str]:
    """Yield the procedures with pain scores near them."""
    if not nearby:
        return
    lines = [
        line
        for code in nearby[:CODES_SHOWN]
        for line in _code(f"{code.both}/{code.patients}", code.reference, code.display)
    ]
    more = len(nearby) - CODES_SHOWN
    tail = [f"and {more} more codes"] if more > 0 else []
    head = (
        "Procedures with pain scores around them: patients with a score in the 90 days before and "
        "in the year after, of the patients with the procedure, in a sample of patients"
    )
    yield "\n".join([fill(head, options.width()), "", *lines, *tail])


def _extent(sample: Sample) -> str:
    if sample.whole:
        return "which are all"
    return "the newest first" if sample.newest_first else "in the server's order"


def _format_write(written: Sequence[Shapes]) -> Iterator[str]:
    for step in written:
        rows = [
            [str(tally.n), tally.what] for tally in (*step.values, *step.times, *step.categories)
        ]
        if rows:
            what = "pain scores" if step.type == "Observation" else "index procedures"
            head = f"How the values are written in {step.n} {what}"
            yield f"{head}\n\n{options.table(['n', 'shape'], rows)}"


def _advice(advice: Advice) -> Iterator[str]:
    heads = {
        "abate can": advice.can,
        "Write in the study file": advice.write,
        "Missing, or to be checked": advice.missing,
    }
    for head, lines in heads.items():
        if lines:
            yield "\n".join([f"{head}:", *(_item(line) for line in lines)])


def _item(line: str, first: str = "- ") -> str:
    rest = " " * len(first)
    return fill(line, options.width(), initial_indent=first, subsequent_indent=rest)


def _n(n: int | None) -> str:
    return "unknown" if n is None else str(n)
