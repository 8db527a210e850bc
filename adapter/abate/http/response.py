"""What a server answered, as plain values: status, headers, body, and how it is told in words.

Nothing that is told holds text of the body: only codes of an OperationOutcome, which are not text.
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
# `application/json+fhir` is what servers of DSTU 2 said.
_JSON = re.compile(r"(application|text)/(json|json\+fhir|[a-z0-9.-]+\+json)")


class _ResourceHead(msgspec.Struct):
    """What every FHIR resource says of itself."""

    resourceType: str  # noqa: N815 - FHIR's own name
    id: Any = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered: status, headers (names in lower case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return is_json(media_type(self.headers))

    def flaw(self, *, is_fhir: bool) -> str:
        """What is wrong with the body, in words; empty if nothing is.

        Args:
            is_fhir: whether a FHIR resource was asked for, and not any JSON.
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
        """The time on the server's clock; None where it tells none."""
        return http_date(self.headers.get("date", ""))

    @property
    def told(self) -> str:
        """The status, with the codes of an OperationOutcome, as `400 (processing, 4127)`."""
        codes = ", ".join(self.issues)
        return f"{self.status} ({codes})" if codes else str(self.status)

    @property
    def issues(self) -> list[str]:
        """The codes of an OperationOutcome: never its texts, which may quote a patient's data."""
        try:
            outcome = self.json()
        except SourceError:
            return []
        return display.issues(outcome)

    def json(self) -> Any:
        """The body as Python values.

        Raises:
            SourceError: it is no JSON.
        """
        return self.decode(Any)

    def decode(self, kind: Any) -> Any:
        """The body as `kind`, by msgspec.

        Raises:
            SourceError: it is no JSON, or not of that shape.
        """
        if not self.is_json:
            found = shown_type(self.headers)
            raise SourceError(f"{self.place} answered {self.status} with {found}, not with JSON")
        try:
            return self._parse(kind)
        except msgspec.ValidationError:
            raise SourceError(f"{self.place} answered {self.status} with other JSON") from None
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise SourceError(f"{self.place} answered {self.status} with broken JSON") from None

    def resource(self, name: str) -> dict[str, Any]:
        """The resource that was read as `Type/id`.

        Raises:
            SourceError: the body is something else; names no content of it.
        """
        found = self.decode(_ResourceHead)
        if f"{found.resourceType}/{found.id}" != name:
            raise SourceError(f"{self.place} answered with another resource")
        return dict(self.json())

    def _parse(self, kind: Any) -> Any:
        _refuse_other_than_utf8(self.body)  # msgspec passes over the texts that it does not read.
        return msgspec.json.decode(self.body, type=kind)


def answer_of(response: requests.Response, body: bytes, place: str) -> Answer:
    """The answer of a response whose body was read; `place` is where it came from, for people."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=headers, body=body, place=place)


def media_type(headers: Mapping[str, str]) -> str:
    """The media type that headers name, in lower case, without parameters."""
    return headers.get("content-type", "").split(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is JSON as a whole; NDJSON is not."""
    return _JSON.fullmatch(kind) is not None


def charset(headers: Mapping[str, str]) -> str:
    """The charset that headers name, in lower case; UTF-8 where they name none."""
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    return (message.get_content_charset() or "utf-8").strip()


def shown_type(headers: Mapping[str, str]) -> str:
    """The media type for people."""
    return display.media_type(media_type(headers))


def http_date(text: str) -> datetime | None:
    """An HTTP date as a time with its offset; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _refuse_other_than_utf8(body: bytes) -> None:
    """Piece by piece, so that a large body is not copied.

    Raises:
        UnicodeError: it is something else.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    whole = memoryview(body)
    for first in range(0, len(whole), _PIECE):
        decoder.decode(whole[first : first + _PIECE])
    decoder.decode(b"", final=True)
