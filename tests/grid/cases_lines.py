"""Faults of NDJSON files: of an export, and in a folder."""

import gzip
import json
import sys

from case import Case, everywhere
from fault import Said, always, anything, first, says, scores
from faults_export import files, having, lines, outcome, to_storage
from ways import BULK, EXPORT, FILES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BOTH = (BULK, FILES)
DAMAGED = "is truncated or damaged"


# Faults observed at a server; the others are assumed.
OBSERVED = (
    "lines-after-a-header",
    "lines-of-two-types",
    "lines-of-other-types",
    "file-expired-410-once",
)


def sent(name, says, fault, fails="", **more):
    """Return a case of files; by default, of an export and of a folder."""
    ways = more.pop("ways", BOTH)
    fails = everywhere(fails, ways) if fails else {}
    seen = more.pop("seen", "observed" if name in OBSERVED else "assumed")
    return Case(
        id=name, says=says, seen=seen, fault=fault, fails=fails, ways=ways, **more
    )  # fmt: skip


def _line(row):
    return json.dumps(row).encode() + b"\n"


def _older(body):
    """Add before each row an older version of it, with another score."""
    rows = []
    for line in body.splitlines():
        row = json.loads(line)
        meta = {"versionId": "0", "lastUpdated": "2020-01-01T00:00:00Z"}
        rows += [_line({**row, "meta": meta, "valueInteger": 1}), line + b"\n"]
    return b"".join(rows)


def _bundle(kind):
    def change(body):
        entries = b",".join(b'{"resource":' + line + b"}" for line in body.splitlines())
        head = f'{{"resourceType":"Bundle","type":"{kind}","entry":['
        return head.encode() + entries + b"]}"

    return change


def _also(kind):
    """Add the rows of another file to the file of pain scores."""

    def answer(asked):
        more = asked.server.exports.lines(kind)
        return asked.honest.of(body=more + asked.honest.body)

    return always(scores, answer)


HEADER = _line({"resourceType": "Parameters"})
OTHERS = _line({"resourceType": "Encounter", "id": "e"}) * 2
SHAPES = [
    sent("lines-with-crlf", "Lines end in CRLF.", lines(lambda body: body.replace(b"\n", b"\r\n"))),
    sent("lines-after-a-mark", "The file begins with a byte order mark.",
         lines(lambda body: b"\xef\xbb\xbf" + body)),
    sent("lines-between-blank-ones", "There are blank lines before and between the rows.",
         lines(lambda body: b"\n" + body.replace(b"\n", b"\n \n")), seen="hapi-starter#256"),
    sent("last-line-without-an-end", "The last line is complete, but has no line "
                                     "end.", lines(bytes.strip)),
    sent("lines-after-a-header", "The file begins with a Parameters resource.",
         lines(lambda body: HEADER + body), warns="1 Parameters"),
    sent("lines-of-other-types", "There are resources of other types between the rows.",
         lines(lambda body: OTHERS + body), warns="2 Encounter"),
    sent("lines-of-two-types", "The file of pain scores also has the Conditions, and so does the "
                               "file of Conditions.",
         _also("Condition")),
    sent("line-that-is-no-resource", "A line between the rows is not JSON: it is rejected.",
         lines(lambda body: b"{cut\n" + body)),
    sent("row-twice-in-a-file", "Each row occurs twice in its file.",
         lines(lambda body: body + body), seen="observed"),
    sent("row-in-two-versions", "Each row also occurs in an older version.", lines(_older)),
    sent("outcome-in-a-file", "A line of the file is an OperationOutcome with an error.",
         lines(lambda body: body + _line(outcome("error"))), "OperationOutcome"),
    sent("warning-in-a-file", "A line of the file is an OperationOutcome with a warning.",
         lines(lambda body: body + _line(outcome("warning"))), warns="1 OperationOutcome"),
]  # fmt: skip


def _cut_between_lines(asked):
    """Remove the last line, without a length that would show it."""
    whole = asked.honest.body
    body = whole[: whole.rindex(b"\n", 0, -1) + 1]
    return asked.honest.of(body=body).having(Content_Length=None)


EXPORTED = [
    sent("file-cut-between-lines-once",
         "A file without Content-Length ends after a line, once; the manifest counts more lines.",
         first(scores, _cut_between_lines), ways=EXPORT),
    sent("file-empty-besides", "An additional file is empty.", having("output"), ways=(BULK,)),
    sent("file-expired-403-once", "The link to a file is answered 403 once: it has expired.",
         first(scores, says(403)), ways=EXPORT, warns="starting a new export"),
    sent("file-expired-403-for-good", "Links to files are answered 403, in each export.",
         always(scores, says(403)), "has expired", ways=EXPORT),
    sent("file-expired-410-once", "The link to a file is answered 410 once: it has expired.",
         first(scores, says(410)), ways=(BULK,), warns="starting a new export"),
    sent("file-404", "A file does not exist (404).", always(scores, says(404)), "404", ways=EXPORT),
    sent("file-401", "A file is answered 401.", always(scores, says(401)), "401", ways=(BULK,)),
    sent("file-redirected-to-a-storage", "Files are redirected (307) to another host.",
         always(files, to_storage), seen="fhir.cerner.com#899", ways=(BULK,)),
]  # fmt: skip


def _half(pack):
    return lambda body: pack(body)[:-12]


def _name(kind):
    return f"Observation.{kind}"


PUT_THERE = [
    sent("gzip-file", "The file is compressed with "
                      "gzip.", lines(gzip.compress, _name("ndjson.gz"))),
    sent("zstd-file", "The file is compressed with "
                      "zstd.", lines(zstd.compress, _name("ndjson.zst"))),
    sent("gzip-file-cut-off", "The file is compressed with gzip, and cut off.",
         lines(_half(gzip.compress), _name("ndjson.gz")), DAMAGED),
    sent("zstd-file-cut-off", "The file is compressed with zstd, and cut off.",
         lines(_half(zstd.compress), _name("ndjson.zst")), DAMAGED),
    sent("gzip-by-name-only", "The file name ends in .gz, but the file is not compressed.",
         lines(bytes, _name("ndjson.gz")), DAMAGED, ways=(FILES,)),
    sent("last-line-cut-off", "The last line is cut off.", lines(lambda body: body[:-9]),
         "Observation.ndjson", ways=(FILES,)),
    sent("unknown-extension", "The file name ends in .txt.", lines(bytes, _name("txt")),
         ways=(FILES,)),
    sent("bundle-file", "The rows are in a Bundle.", lines(_bundle("collection"), _name("json")),
         ways=(FILES,)),
    sent("bundle-file-cut-off", "The rows are in a Bundle, which is cut off.",
         lines(lambda body: _bundle("collection")(body)[:-9], _name("json")), "Observation.json",
         ways=(FILES,)),
    sent("bundle-file-of-a-history", "The rows are in a Bundle of type history.",
         lines(_bundle("history"), _name("json")), "type history", ways=(FILES,)),
    sent("file-missing", "There is no file of pain scores.", always(scores, says(404)),
         "pain score", ways=(FILES,)),
    sent("folder-empty", "There are no files.", always(anything, lambda _: Said(status=404)),
         "matches no file", ways=(FILES,)),
]  # fmt: skip

CASES = [*SHAPES, *EXPORTED, *PUT_THERE]
