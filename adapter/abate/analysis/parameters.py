"""Make an analysis from its `[[analysis]]` table, with its parameters checked."""

from collections.abc import Iterable
from dataclasses import MISSING, fields

import msgspec
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from abate.analysis.model import Analysis
from abate.config.reader import Location, WrongSetting, nearest
from abate.config.settings import AnalysisSpec
from abate.config.visits import BASELINE, SAME_DAY_AFTER
from abate.errors import PluginError


def instance(
    location: Location, kind: type[Analysis], spec: AnalysisSpec, visits: Iterable[str]
) -> Analysis:
    """Return the analysis of the table at `location`, in a study with these visits.

    Raises:
        WrongSetting: a parameter is unknown, missing, or of a wrong type.
        PluginError: the analysis has fields that a study file cannot express.
    """
    # A Protocol cannot require a dataclass; the host has checked it.
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in spec.parameters:
        if key not in known:
            raise WrongSetting(
                (*location, key),
                f"the analysis {spec.use!r} has no parameter {key!r}.{nearest(key, known)} "
                f"Parameters: {', '.join(known) or 'none'}.",
            )
    for key, field in known.items():
        given = key in spec.parameters or field.default is not MISSING
        if not given and field.default_factory is MISSING:
            raise WrongSetting(
                (*location, key),
                f"the analysis {spec.use!r} needs this parameter, and it is missing.",
            )
    _check_visits(location, spec, visits)
    return _instance(location, kind, spec)


def _check_visits(location: Location, spec: AnalysisSpec, after: Iterable[str]) -> None:
    """Check the visits that `endpoint` and `reference` name, before anything is pulled."""
    visits = [BASELINE, SAME_DAY_AFTER, *after]
    for key, extra in (("endpoint", []), ("reference", ["first"])):
        given = spec.parameters.get(key)
        names = given.get("last_of") if isinstance(given, dict) else [given]
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str) and name not in [*visits, *extra]:
                raise WrongSetting(
                    (*location, key),
                    f"there is no visit {name!r}.{nearest(name, [*visits, *extra])} "
                    f"Visits: {', '.join(visits)}.",
                )


def _instance(location: Location, kind: type[Analysis], spec: AnalysisSpec) -> Analysis:
    try:
        # As JSON: a list may become a tuple and a table a dataclass, but "7" is not a number.
        return TypeAdapter(kind).validate_json(msgspec.json.encode(spec.parameters), strict=True)
    except ValidationError as error:
        raise _wrong(location, error) from None
    except PydanticUserError as error:
        raise PluginError(
            f"the analysis {spec.use!r} has a field that a study file cannot express "
            f"({error.code}): use text, numbers, true and false, lists, and dataclasses of such"
        ) from None


def _wrong(location: Location, error: ValidationError) -> WrongSetting:
    details = error.errors(include_input=False, include_url=False)
    messages = [detail["msg"].removeprefix("Value error, ") for detail in details]
    return WrongSetting((*location, *details[0]["loc"][:1]), ", or ".join(dict.fromkeys(messages)))
