"""Search: from the parameters of a URL to the versions that match, in order.

Source: https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from abate.sandbox.errors import RequestRefused
from abate.sandbox.search.dates import comparison
from abate.sandbox.search.index import Terms
from abate.sandbox.search.parameters import PARAMETERS, Parameter
from abate.sandbox.search.references import key_of
from abate.sandbox.store import SandboxStore, StoredVersion

Criterion = Callable[[Terms], bool]
Pair = tuple[str, str]

_SORTS: dict[str, Callable[[StoredVersion], Any]] = {
    "_id": lambda version: version.key.id,
    "_lastUpdated": lambda version: (version.updated, version.sequence),
}
SORTS = tuple(_SORTS)
_RESULT_PARAMETERS = {
    "_summary": {"count", "false"},
    "_total": {"none", "estimate", "accurate"},
    "_format": {"json", "application/json", "application/fhir+json"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSearch:
    """A parsed search.

    `used` are the parameters that it honours, for the `self` link; `count` is the requested page
    size, or None.
    """

    resource_type: str
    criteria: tuple[Criterion, ...]
    used: tuple[Pair, ...]
    sort: tuple[str, ...]
    count: int | None
    only_total: bool

    def run(self, store: SandboxStore) -> list[StoredVersion]:
        """Return all matches, in the order of insertion unless `_sort` is given."""
        matches = [
            version
            for version in store.current(self.resource_type)
            if all(holds(version.terms) for holds in self.criteria)
        ]
        for key in reversed(self.sort):
            matches.sort(key=_SORTS[key.removeprefix("-")], reverse=key.startswith("-"))
        return matches


def parse(
    resource_type: str, pairs: Iterable[Pair], base_url: str, *, strict: bool
) -> ParsedSearch:
    """Parse the parameters of a search.

    Args:
        resource_type: one of `PARAMETERS`.
        pairs: the parameters of the request, percent-decoded.
        base_url: the base URL of this server, as in absolute references.
        strict: refuse an unknown parameter; otherwise it is ignored and not among `used`.

    Raises:
        RequestRefused: 400, names the parameter and never its value.
    """
    used = tuple(pair for pair in pairs if pair[1] and _is_known(resource_type, pair, strict))
    return ParsedSearch(
        resource_type=resource_type,
        criteria=tuple(
            _criterion(resource_type, name, value, base_url)
            for name, value in used
            if name not in _RESULT_PARAMETERS and name not in ("_count", "_sort")
        ),
        used=used,
        sort=tuple(key for name, value in used if name == "_sort" for key in value.split(",")),
        count=_count(used),
        only_total=("_summary", "count") in used or ("_count", "0") in used,
    )


def sole_match(store: SandboxStore, resource_type: str, query: str) -> StoredVersion | None:
    """Return the one resource that matches the query of a conditional interaction, or None.

    Raises:
        RequestRefused: the query has no criterion (400), or several match (412).
    """
    parsed = parse(resource_type, parse_qsl(query), "", strict=True)
    if not parsed.criteria:
        raise RequestRefused(400, "invalid", "the condition has no search parameter")
    result = parsed.run(store)
    if len(result) > 1:
        raise RequestRefused(
            412, "multiple-matches", f"{len(result)} resources match the condition"
        )
    return result[0] if result else None


def _is_known(resource_type: str, pair: Pair, strict: bool) -> bool:
    name, value = pair
    if name == "_sort":
        known = all(key.removeprefix("-") in _SORTS for key in value.split(","))
    else:
        known = (
            name == "_count"
            or value in _RESULT_PARAMETERS.get(name, ())
            or name.partition(":")[0] in PARAMETERS[resource_type]
        )
    if strict and not known:
        raise RequestRefused(400, "not-supported", f"the parameter {_shown(name)} is not supported")
    return known


def _shown(name: str) -> str:
    """Return the name of a parameter, unless it may be a value in the wrong place."""
    return name if re.fullmatch(r"[_a-z][A-Za-z:-]{0,40}", name) else "(unreadable)"


def _count(used: Sequence[Pair]) -> int | None:
    asked = [value for name, value in used if name == "_count"]
    if not asked:
        return None
    if not (asked[-1].isascii() and asked[-1].isdigit() and len(asked[-1]) < 10):
        raise RequestRefused(400, "value", "the parameter _count is not a whole number")
    return int(asked[-1])


def _criterion(resource_type: str, name: str, value: str, base_url: str) -> Criterion:
    """Return the test for one parameter; values between commas are alternatives."""
    plain, _, modifier = name.partition(":")
    parameter = PARAMETERS[resource_type][plain]
    if modifier and not (parameter.kind == "reference" and modifier in PARAMETERS):
        raise RequestRefused(400, "not-supported", f"the modifier of {plain} is not supported")
    alternatives = _split(value, ",")
    if parameter.kind == "date":
        return _date_criterion(plain, alternatives)
    wanted = frozenset(
        _word(parameter, alternative, modifier, base_url) for alternative in alternatives
    )
    return lambda terms: not wanted.isdisjoint(terms.words[plain])


def _date_criterion(name: str, alternatives: Sequence[str]) -> Criterion:
    try:
        tests = [comparison(alternative) for alternative in alternatives]
    except (ValueError, KeyError):
        raise RequestRefused(
            400, "value", f"the parameter {name} has a value that is not a date"
        ) from None
    return lambda terms: any(test(span) for span in terms.dates[name] for test in tests)


def _word(parameter: Parameter, text: str, modifier: str, base_url: str) -> Any:
    if parameter.kind == "token":
        return _token(text)
    if parameter.kind == "uri":
        return _plain(text)
    reference = _plain(text)
    local = reference.removeprefix(f"{base_url}/") if base_url else reference
    return f"{modifier}/{local}" if modifier and key_of(local) is None else local


def _token(text: str) -> tuple[str | None, str | None]:
    """Parse a token: `code` matches any system, `|code` no system, `system|` any code."""
    parts = [_plain(part) for part in _split(text, "|")]
    if len(parts) == 1:
        return None, parts[0]
    return parts[0], "|".join(parts[1:]) or None


def _split(text: str, separator: str) -> list[str]:
    """Split at the separators that are not escaped by a backslash."""
    return re.split(rf"(?<!\\){re.escape(separator)}", text)


def _plain(text: str) -> str:
    r"""Replace the escapes `\,`, `\|`, `\$` and `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", text)
