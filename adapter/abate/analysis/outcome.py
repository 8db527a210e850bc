"""The outcome of one analysis: a checked result, or the reason why it failed.

A result is stored as JSON and published as FHIR, so both formats must be able to express it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from math import isfinite
from typing import Any

import msgspec

from abate.analysis.consistency import find_inconsistencies
from abate.analysis.counts import unit_faults
from abate.analysis.model import Chart, Estimate, Ref, Result
from abate.cohort.units import Units, as_units
from abate.config.noun import LESION, Noun
from abate.errors import PluginError

# Parts of a result that are keys or codes: they keep the word `lesion`.
_KEYS = frozenset(
    ("name", "unit", "statistic", "basis", "depends_on", "estimate", "initial", "strata", "units")
)
# The parts of a chart's specification that are words.
_WORDS_OF_SPEC = ("title", "sort", "domain")
# https://hl7.org/fhir/R4/datatypes.html#code
_CODE = re.compile(r"\S+( \S+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one `[[analysis]]`: a result, or the reason why it failed."""

    name: str
    use: str
    plugin: str
    plugin_version: str
    primary: bool
    parameters: Mapping[str, Any]
    result: Result | None
    error: str | None = None


def check(given: Any) -> Result:
    """Return the result of an analysis, as plain Python values.

    Raises:
        PluginError: it is not a Result, or cannot be stored and published; gives the reason.
    """
    if not isinstance(given, Result):
        raise PluginError(f"it gave a {type(given).__name__}, not a Result")
    try:
        units = _units_of(given)
        result = msgspec.convert(plain(replace(given, units={})), Result)
    except (msgspec.MsgspecError, TypeError, ValueError) as problem:
        raise PluginError(f"its Result is not of the right types: {problem}") from None
    checked = replace(result, units=units)
    for fault in _faults_of(checked, units):
        raise PluginError(fault)
    return checked


def reword(outcome: Outcome, noun: Noun) -> Outcome:
    """Return the outcome with the study's word for a lesion in all words, not in keys or codes."""
    return outcome if noun == LESION else replace(outcome, result=_reword(outcome.result, noun))


def _reword(value: Any, noun: Noun) -> Any:
    if isinstance(value, str):
        return noun.reword(value)
    if isinstance(value, list | tuple):
        return [_reword(item, noun) for item in value]
    if isinstance(value, Mapping):
        return {key: _reword(item, noun) for key, item in value.items()}
    if isinstance(value, Ref) or not is_dataclass(value):
        return value
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    changed = {
        name: _reword_spec(item, noun)
        if (isinstance(value, Chart) and name == "spec")
        else _reword(item, noun)
        for name, item in values.items()
        if name not in _KEYS
    }
    if isinstance(value, Estimate) and not value.label:
        changed["label"] = _label(value.name, noun)
    return replace(value, **changed)


def _label(name: str, noun: Noun) -> str:
    """Return the label of an estimate that has none; empty if its name is the same in words."""
    words = noun.reword(name)
    return "" if words == name else words


def _reword_spec(spec: Any, noun: Noun) -> Any:
    if isinstance(spec, list | tuple):
        return [_reword_spec(item, noun) for item in spec]
    if not isinstance(spec, Mapping):
        return spec
    return {
        key: (_reword if key in _WORDS_OF_SPEC and isinstance(item, str | list) else _reword_spec)(
            item, noun
        )
        for key, item in spec.items()
    }


def _faults_of(result: Result, units: Mapping[str, Units]) -> Iterator[str]:
    """Yield the parts of a result that cannot be stored or published."""
    names = [estimate.name for estimate in result.estimates]
    for estimate in result.estimates:
        if names.count(estimate.name) > 1:
            yield f"two estimates are called {estimate.name!r}"
        known = units.get(estimate.name)
        for fault in (*_faults(estimate), *(unit_faults(estimate, known) if known else ())):
            yield f"the estimate {estimate.name!r}: {fault}"
    yield from find_inconsistencies(result)
    for name in units:
        if name not in names:
            yield f"it gives the units of {name!r}, an estimate that does not exist"


def _units_of(given: Result) -> dict[str, Units]:
    """Return the units by estimate, as `Units`; equal ones share one object, to save memory."""
    known: dict[int, Units] = {}
    for units in given.units.values():
        if id(units) not in known:
            known[id(units)] = msgspec.convert(plain(as_units(units)), Units)
    return {str(name): known[id(units)] for name, units in given.units.items()}


def plain(given: Any) -> Any:
    """Return built-in types only, made from NumPy's numbers and from dataclasses.

    Raises:
        TypeError: it holds something else.
    """
    return msgspec.to_builtins(given, enc_hook=_number)


def _number(value: Any) -> Any:
    """Return a number of NumPy as one of Python, without importing NumPy."""
    import numpy as np

    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not supported")


def _faults(estimate: Estimate) -> Iterator[str]:
    if not all(isfinite(number) for number in _numbers(estimate)):
        yield "it has a number that is not finite: give None and a note"
    if estimate.visible_n is None or estimate.withheld:
        yield "it has no n, or `withheld` is set, which only a release may set"
    elif estimate.n < 0:
        yield "its n is negative"
    elif any(not 0 <= count <= estimate.n for count in estimate.counts.values()):
        yield "one of its counts is not from 0 to its n"
    if estimate.p is not None and not 0 <= estimate.p <= 1:
        yield "its p is not from 0 to 1"
    if not (_CODE.fullmatch(estimate.name) and _CODE.fullmatch(estimate.unit)):
        yield "its name and its unit must be codes: words with one space between"
    if not (estimate.method.strip() and estimate.population.strip()):
        yield "its method or its population is empty"


def _numbers(estimate: Estimate) -> Sequence[float]:
    interval = estimate.interval
    ends = () if interval is None else (interval.low, interval.high)
    return [number for number in (estimate.value, estimate.p, *ends) if number is not None]
