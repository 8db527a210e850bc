"""Faults of HTTP: statuses, headers, bodies, connections."""

from datetime import timedelta
from email.utils import format_datetime

from abate.http import clock
from case import Case, everywhere
from fault import (
    RESET,
    always,
    anything,
    later_scores,
    once,
    repeatable,
    says,
    scores,
)
from ways import BULK, SEARCH

ALL = (*SEARCH, BULK)
WILD = "cumulus-etl#334"
BUSY = {
    408: "observed",
    425: "observed",
    429: WILD,
    500: WILD,
    502: "fhircrackr#147",
    503: "fhircrackr#147",
    504: "hapi-fhir#1300",
}
OFF = ("observed", "the answer broke off")
JSON = ("observed", "broken JSON")
CUT = "a truncated last line"


def half(asked):
    return asked.honest.raw[:-40]


def reset_half_way(asked):
    return [asked.honest.raw[:-40], RESET]


def too_long(asked):
    return asked.honest.having(Content_Length=len(asked.honest.body) + 9)


def too_short(asked):
    return asked.honest.having(Content_Length=len(asked.honest.body) - 9)


def damaged(asked):
    return asked.honest.packed.of(body=asked.honest.packed.body[:-12])


def plain_as_gzip(asked):
    return asked.honest.having(Content_Encoding="gzip")


def truncated(asked):
    return asked.honest.of(body=asked.honest.body[:-9])


def nothing(asked):
    return asked.honest.of(body=b"")


def dripping(_):
    """Send the headers of a response, a byte every half minute of a simulated clock."""
    yield b"HTTP/1.1 200 Said\r\nX-Slow: "
    for _ in range(1000):
        clock.sleep(30)
        yield b"x"


# By name: the description, the fault, where it was seen, the error if the fault persists.
BROKEN = {
    "reset": ("is reset before a response", lambda _: [RESET], "observed", "cannot be reached"),
    "closed": ("is closed before a response", lambda _: b"", "observed", "cannot be reached"),
    "half-body": ("is closed in the middle of the body", half, *OFF),
    "reset-in-body": ("is reset in the middle of the body", reset_half_way, *OFF),
    "length-too-long": ("is answered with too long a Content-Length", too_long, *OFF),
    "length-too-short": ("is answered with too short a Content-Length", too_short, *JSON),
    "gzip-cut-off": ("is answered with gzip that is cut off", damaged, "observed", "damaged gzip"),
    "gzip-that-is-none": (
        "is answered with plain text that is declared as gzip",
        plain_as_gzip,
        "observed",
        "damaged gzip",
    ),
    "json-cut-off": ("is answered with JSON that is cut off", truncated, *JSON),
    "empty-body": (
        "is answered with an empty body and 200",
        nothing,
        "observed",
        "answered 200 with",
    ),
}


# The error for a file, whose lines are JSON but which is not JSON as a whole.
OF_A_FILE = {"json-cut-off": CUT, "length-too-short": CUT, "empty-body": "has 0 of 10 lines"}


def _twice(name, what, fault, seen, words, *, when=anything):
    yield Case(
        id=f"{name}-once", says=f"Each request {what}, once.", seen=seen, ways=ALL,
        fault=once(when, fault),
    )  # fmt: skip
    yield Case(
        id=f"{name}-for-good", says=f"The search for pain scores, or their file, {what}, always.",
        seen=seen, ways=ALL, fault=always(scores, fault),
        fails=everywhere(words) | {BULK: OF_A_FILE.get(name, words)},
    )  # fmt: skip


def _busy():
    for status, seen in BUSY.items():
        what = f"is answered {status}"
        when = anything if status in (429, 503) else repeatable
        words = f"answered {status}"
        yield from _twice(str(status), what, says(status), seen, words, when=when)


def _broken():
    for name, (what, fault, seen, words) in BROKEN.items():
        yield from _twice(name, what, fault, seen, words, when=repeatable)


def _date(asked):
    moment = format_datetime(asked.server.now + timedelta(seconds=30)).replace("+0000", "GMT")
    return says(429, Retry_After=moment, Date=asked.honest.headers["Date"])(asked)


def _retry_after():
    epoch = {"seconds": "1772366400", "milliseconds": "1772366400000"}
    for name, value, seen in (
        ("seconds", "7", "observed"),
        ("epoch", epoch["seconds"], "observed"),
        ("epoch-ms", epoch["milliseconds"], "observed"),
        ("five-hours", "18000", "observed"),
        ("negative", "-1", "observed"),
        ("text", "soon", "observed"),
    ):
        yield Case(
            id=f"429-retry-after-{name}",
            says=f"Each request is answered 429 once, with Retry-After: {value}.",
            seen=seen,
            ways=ALL,
            fault=once(anything, says(429, Retry_After=value)),
        )
    yield Case(
        id="429-retry-after-date",
        says="Each request is answered 429 once, with Retry-After as a date.",
        seen="bulk-data-docs#30",
        ways=ALL,
        fault=once(anything, _date),
    )


def _gzip(asked):
    return asked.honest.packed


def _lower(asked):
    kind = {"content-type": "Application/FHIR+JSON; Charset=utf-8"}
    said = asked.honest.having(Content_Type=None)
    return said.of(headers={name.lower(): value for name, value in said.headers.items()} | kind)


def _moved(status, where):
    return lambda asked: says(status, Location=f"{where}{asked.target}")(asked)


CASES = [
    *_busy(),
    *_broken(),
    *_retry_after(),
    Case(
        id="head-drips",
        says="The headers of a response arrive byte by byte, and the pull may take five minutes.",
        seen="assumed",
        ways=ALL,
        settings=("source.max_minutes=5",),
        fault=always(scores, dripping),
        fails=everywhere("max_minutes", ALL),
    ),
    Case(
        id="html-with-200",
        says="The response to the search for pain scores, or their file, is an HTML page with "
        "status 200.",
        seen="FHIRsmith#100, fhir-kit-client#75",
        ways=ALL,
        fault=always(scores, says(200, "<p>down</p>", "text/html")),
        fails=everywhere("text/html", ALL),
    ),
    Case(
        id="html-with-500",
        says="The response to the search for pain scores, or their file, is an HTML page with "
        "status 500.",
        seen="observed",
        ways=ALL,
        fault=always(scores, says(500, "<p>down</p>", "text/html")),
        fails=everywhere("answered 500", ALL),
    ),
    Case(
        id="text-with-200",
        says="The response to the search for pain scores, or their file, is plain text with "
        "status 200.",
        seen="observed",
        ways=ALL,
        fault=always(scores, says(200, "busy")),
        fails=everywhere("text/plain") | {BULK: CUT},
    ),
    Case(
        id="gzip",
        says="All responses are compressed with gzip.",
        seen="observed",
        ways=ALL,
        fault=always(anything, _gzip),
    ),
    Case(
        id="header-names-in-lower-case",
        says="Header names are in lower case, and the content type is in capitals.",
        seen="observed",
        ways=ALL,
        fault=always(anything, _lower),
    ),
    Case(
        id="old-content-type",
        says="The content type is application/json+fhir, as before FHIR R3.",
        seen="observed",
        ways=ALL,
        fault=always(
            anything, lambda asked: asked.honest.having(Content_Type="application/json+fhir")
        ),
    ),
    Case(
        id="packing-not-asked-for",
        says="A response declares the encoding br, which was not requested.",
        seen="observed",
        ways=ALL,
        fault=always(scores, lambda asked: asked.honest.having(Content_Encoding="br")),
        fails=everywhere("compresses its answer", ALL),
    ),
    Case(
        id="401-on-a-later-page",
        says="A next link is answered 401: the token has become invalid.",
        seen="FHIR-PYrate#132",
        fault=always(later_scores, says(401)),
        fails=everywhere("401"),
    ),
    Case(
        id="redirect-to-another-host",
        says="A search is redirected (302) to another host.",
        seen="observed",
        fault=always(scores, _moved(302, "https://other.example")),
        fails=everywhere("refers to https://other.example"),
    ),
    Case(
        id="redirect-to-a-storage",
        says="A search is redirected (307) to a storage on another host.",
        seen="fhir.cerner.com#899",
        fault=always(scores, _moved(307, "https://storage.example")),
        fails=everywhere("refers to https://storage.example"),
    ),
    Case(
        id="larger-than-we-read",
        says="A page declares a length of 300 MB.",
        seen="observed",
        fault=always(scores, lambda asked: asked.honest.having(Content_Length=300_000_000)),
        fails=everywhere("MB"),
    ),
]  # fmt: skip
