"""The answer of a server as plain values: status, headers, body, and a description for messages.

A description never contains text of the body, only the codes of an OperationOutcome.
"""

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests

from abate.errors import SourceError
from abate.http import display

FHIR_JSON = "application/fhir+json"
_PIECE = 1 << 20
# DSTU 2 servers sent `application/json+fhir`.
_JSON = re.compile(r"(application|text)/(json|json\+fhir|[a-z0-9.-]+\+json)")


class _ResourceHead(msgspec.Struct):
    """The elements that identify a FHIR resource."""

    resourceType: str  # noqa: N815 - FHIR's own name
    id: Any = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a server: status, headers (names in lower case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        return is_json(media_type(self.headers))

    def flaw(self, *, is_fhir: bool) -> str:
        """Describe what is wrong with the body; empty if nothing is.

        Args:
            is_fhir: whether a FHIR resource was requested, and not any JSON.
        """
        if not self.body:
            return "an empty body"
        try:
            if self.is_json:
                self._parse(_ResourceHead if is_fhir else msgspec.Raw)
        except msgspec.ValidationError:
            return "JSON that is not a FHIR resource"
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return "broken JSON"
        return ""

    @property
    def date(self) -> datetime | None:
        """The time on the server's clock; None if it sends none."""
        return http_date(self.headers.get("date", ""))

    @property
    def summary(self) -> str:
        """The status with the codes of an OperationOutcome, as `400 (processing, 4127)`."""
        codes = ", ".join(self.issues)
        return f"{self.status} ({codes})" if codes else str(self.status)

    @property
    def issues(self) -> list[str]:
        """The codes of an OperationOutcome, never its texts, which may quote a patient's data."""
        try:
            outcome = self.json()
        except SourceError:
            return []
        return display.issues(outcome)

    def json(self) -> Any:
        """Decode the body to Python values.

        Raises:
            SourceError: the body is not JSON.
        """
        return self.decode(Any)

    def decode(self, kind: Any) -> Any:
        """Decode the body to `kind`, by msgspec.

        Raises:
            SourceError: the body is not JSON, or does not have this structure.
        """
        if not self.is_json:
            media_type = shown_type(self.headers)
            raise SourceError(
                f"{self.place} answered {self.status} with {media_type}, not with JSON"
            )
        try:
            return self._parse(kind)
        except msgspec.ValidationError:
            raise SourceError(f"{self.place} answered {self.status} with unexpected JSON") from None
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise SourceError(f"{self.place} answered {self.status} with broken JSON") from None

    def resource(self, name: str) -> dict[str, Any]:
        """Return the resource that was read as `Type/id`.

        Raises:
            SourceError: the body is something else; the message shows no content of it.
        """
        head = self.decode(_ResourceHead)
        if f"{head.resourceType}/{head.id}" != name:
            raise SourceError(f"{self.place} answered with another resource")
        return dict(self.json())

    def _parse(self, kind: Any) -> Any:
        _refuse_other_than_utf8(self.body)  # msgspec 0.23 skips undeclared fields (2026-12).
        return msgspec.json.decode(self.body, type=kind)


def answer_of(response: requests.Response, body: bytes, place: str) -> Answer:
    """Make the answer of a response whose body was read; `place` names its origin in messages."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=headers, body=body, place=place)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type in the headers, in lower case, without parameters."""
    return headers.get("content-type", "").split(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Return whether a media type is JSON; NDJSON is not."""
    return _JSON.fullmatch(kind) is not None


def charset(headers: Mapping[str, str]) -> str:
    """Return the charset in the headers, in lower case; UTF-8 if there is none."""
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    return (message.get_content_charset() or "utf-8").strip()


def shown_type(headers: Mapping[str, str]) -> str:
    """Return the media type for messages."""
    return display.media_type(media_type(headers))


def http_date(text: str) -> datetime | None:
    """Parse an HTTP date to a time with offset; None if it is invalid."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _refuse_other_than_utf8(body: bytes) -> None:
    """Stop if a body is not UTF-8; check it in chunks, so that a large body is not copied.

    Raises:
        UnicodeError: the body is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    whole = memoryview(body)
    for first in range(0, len(whole), _PIECE):
        decoder.decode(whole[first : first + _PIECE])
    decoder.decode(b"", final=True)
