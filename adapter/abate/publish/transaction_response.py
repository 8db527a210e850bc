"""What a server answers to a transaction, entry by entry: what it refused, and under which ids.

https://hl7.org/fhir/R4/http.html#transaction-response: an entry each, in the order of the request.
Many servers answer with nothing, as `Prefer: return=minimal` lets them.
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
    """`; its answer refuses 2 of 11 entries (409, 422)`, of one that took the others."""
    responses = list(_responses(answer))
    refused = [response.status[:3] for response in responses if response.status[:1] in ("4", "5")]
    codes = ", ".join(sorted({one for one in refused if _STATUS.fullmatch(one)}))
    if not refused:
        return ""
    return (
        f"; its answer refuses {len(refused)} of {len(responses)} entries ({codes}), so that it "
        "does not write all or nothing"
    )


def stray(answer: Answer, sent: Sequence[Change]) -> str:
    """`; it chose ids of its own, as Observation/17`, of a server that passes over ours."""
    ours = {one.reference for one in sent}
    found = [_PLACE.fullmatch(response.location) for response in _responses(answer)]
    others = [one[1] for one in found if one is not None and one[1] not in ours]
    if not others:
        return ""
    return f"; it chose ids of its own ({len(others)}, as {others[0]}): delete these there"


def versions(answer: Answer, sent: Sequence[Change]) -> dict[str, str]:
    """The version that each of `sent` got, by its reference; without those that are not said."""
    tags = [_ETAG.fullmatch(response.etag) for response in _responses(answer)]
    return {
        change.reference: tag[1] for change, tag in zip(sent, tags, strict=False) if tag is not None
    }


def is_of_size(answer: Answer) -> bool:
    """Whether a refusal says that the Bundle is too large, by status, code or words.

    The words are looked at and never shown. Seen: nginx (413), Google ("Request payload size
    exceeds the limit"), HAPI ("Transaction Bundle Too large"), IIS (404, "exceeds the request
    content length").
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
