"""The value types of the study file, with their checks."""

import re
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    Field,
    HttpUrl,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from abate.errors import nearest
from abate.http.urls import is_private


def fault_at(words: str, *inner: str | int) -> PydanticCustomError:
    """Make the error of the key at `inner` below the checked table."""
    return PydanticCustomError("fault", "{words}", {"words": words, "inner": inner})


@cache
def time_zones() -> frozenset[str]:
    """Return the time zones of the IANA database; cached, since Python opens some 600 files."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(
            f"{name!r} is not a time zone of the IANA database, such as 'Europe/Vienna'."
            f"{nearest(name, time_zones())}"
        )
    return name


def _http_url(text: str) -> str:
    url = _url(text)
    if url.query is not None or url.fragment is not None:
        raise ValueError("expected a base URL without '?' and '#'")
    return text.rstrip("/")


def _private_url(text: str) -> str:
    if _url(text).fragment is not None:
        raise ValueError("expected a URL without '#'")
    if not is_private(text):
        raise ValueError("expected an https URL: secrets are sent to it")
    return text


def _url(text: str) -> HttpUrl:
    try:
        url = TypeAdapter(HttpUrl).validate_python(text)
    except ValidationError:  # Its text contains the whole URL, and so a password in it.
        raise ValueError("expected a URL, such as 'https://fhir.example.com/r4'") from None
    if url.username or url.password:
        raise ValueError(
            "the URL contains a user name or password: a study file must not contain secrets"
        )
    return url


def _user_name(text: str) -> str:
    if not text or ":" in text or not text.isprintable():
        raise ValueError("expected a user name without ':' (RFC 7617, section 2)")
    return text


def _export(text: str) -> str:
    if not re.fullmatch(r"system|patient|Group/[A-Za-z0-9.-]{1,64}", text):
        raise ValueError("expected 'system', 'patient', or a group, such as 'Group/pain'")
    return text


def _scope(text: str) -> str:
    if not _SCOPE.fullmatch(text):
        raise ValueError("expected one scope per entry, such as 'system/Observation.rs'")
    return text


def _minimum_cell(value: Any) -> int | str:
    if value in CELL_PRESETS or (type(value) is int and value >= 1):
        minimum: int | str = value
        return minimum
    names = ", ".join(map(repr, CELL_PRESETS))
    raise ValueError(f"expected a whole number of 1 or more, or one of {names}")


# RFC 6749, appendix A.4.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
CELL_PRESETS = ("cms", "nhs", "opensafely", "ohdsi", "none")
MinimumCell = Annotated[int | str, PlainValidator(_minimum_cell, json_schema_input_type=int | str)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
CodeRefs = Annotated[list[str], Field(min_length=1)]
Zone = Annotated[str, AfterValidator(_known_zone)]
BaseUrl = Annotated[str, AfterValidator(_http_url)]
TokenUrl = Annotated[str, AfterValidator(_private_url)]
KeySetUrl = Annotated[str, AfterValidator(_private_url)]
Export = Annotated[str, AfterValidator(_export)]
UserName = Annotated[str, AfterValidator(_user_name)]
Scope = Annotated[str, AfterValidator(_scope)]
# A code in a search value, with or without its system; or a list of them.
SearchCode = Annotated[str, StringConstraints(pattern=r"^[^\s,$]+$")]
