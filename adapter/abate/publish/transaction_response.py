"""The answer of a server to a transaction: the refused entries, and the ids that it chose.

The answer has an entry for each of the request, in the same order
(https://hl7.org/fhir/R4/http.html#transaction-response). Many servers answer without entries, as
`Prefer: return=minimal` allows.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Literal

import msgspec

from abate.errors import SourceError
from abate.http.response import Answer
from abate.publish.change import Change

_STATUS = re.compile(r"[1-5][0-9]{2}")
_ETAG = re.compile(r'(?:W/)?"([^"]{1,64})"')
_PLACE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?")

# Of the codes of an OperationOutcome, https://hl7.org/fhir/R4/valueset-issue-type.html
_SIZE_CODES = {"too-long", "too-costly"}
_SIZE_WORDS = re.compile(
    rb"(bundle|body|payload|entity|request).{0,120}?"
    rb"(exceed|too (large|long|big)|larger than|over the limit|(size|length) limit)"
    rb"|(exceed|too (large|long|big)).{0,60}?(bundle|body|payload|entity|request)",
    re.DOTALL | re.IGNORECASE,
)
_LOOKED_AT_BYTES = 4096


class _Response(msgspec.Struct, frozen=True):
    status: str = ""
    location: str = ""
    etag: str = ""


class _Entry(msgspec.Struct, frozen=True):
    response: _Response = _Response()


class _Bundle(msgspec.Struct, frozen=True):
    resourceType: Literal["Bundle"]  # noqa: N815 - FHIR's own name
    entry: list[_Entry] = []


def refusals(answer: Answer) -> str:
    """Return `; its answer refuses 2 of 11 entries (409, 422)`, or an empty text."""
    responses = list(_responses(answer))
    refused = [response.status[:3] for response in responses if response.status[:1] in ("4", "5")]
    codes = ", ".join(sorted({status for status in refused if _STATUS.fullmatch(status)}))
    if not refused:
        return ""
    return (
        f"; its answer refuses {len(refused)} of {len(responses)} entries ({codes}), so it did "
        "not write all or nothing"
    )


def stray(answer: Answer, sent: Sequence[Change]) -> str:
    """Return `; it chose other ids (2, such as Observation/17)`, or an empty text."""
    ours = {change.reference for change in sent}
    places = [_PLACE.fullmatch(response.location) for response in _responses(answer)]
    others = [place[1] for place in places if place is not None and place[1] not in ours]
    if not others:
        return ""
    return f"; it chose other ids ({len(others)}, such as {others[0]}): delete these there"


def versions(answer: Answer, sent: Sequence[Change]) -> dict[str, str]:
    """Return the new version of each of `sent` that the answer names, by reference."""
    tags = [_ETAG.fullmatch(response.etag) for response in _responses(answer)]
    return {
        change.reference: tag[1] for change, tag in zip(sent, tags, strict=False) if tag is not None
    }


def is_of_size(answer: Answer) -> bool:
    """Whether a refusal says that the Bundle is too large, by its status, code or text.

    The text is never shown. Observed (2026-12): nginx (413), Google ("Request payload size exceeds
    the limit"), HAPI ("Transaction Bundle Too large"), IIS (404, "exceeds the request content
    length").
    """
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _SIZE_CODES & set(answer.issues):
        return True
    return _SIZE_WORDS.search(answer.body[:_LOOKED_AT_BYTES]) is not None


def _responses(answer: Answer) -> Iterator[_Response]:
    try:
        bundle: _Bundle = answer.decode(_Bundle)
    except SourceError:
        return
    for entry in bundle.entry:
        yield entry.response
