"""The units of the estimates of responders, and the units that responded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from abate import Cohort, Units
from abate.cohort.endpoint import Endpoint
from abate.cohort.units import NO_DATUM
from abate_analyses.responders.endpoints import RESPONSES, Response
from abate_analyses.responders.estimates import LOCF, OF_ANALYSED, OF_HIGH, OF_TREATED, Groups
from abate_analyses.responders.strata import Strata
from abate_analyses.responders.units import JudgedPairs, alone_at_zero, find_excluded_at_zero
from abate_analyses.shared.treated import select_treated


def responder_units(
    cohort: Cohort, groups: Groups, by_stratum: Sequence[Strata], reference: str, endpoint: Endpoint
) -> dict[str, Units]:
    """Return the units of each estimate, by its name."""
    asked = {"": groups.pairs, f"-{LOCF}": groups.carried}
    for stratifier in by_stratum:
        asked |= {
            f"-{stratifier.suffix(stratum)}": part for stratum, part in stratifier.parts.items()
        }
    units = {
        f"{response.name}{suffix}": _of(part, response)
        for suffix, part in asked.items()
        for response in RESPONSES
    }
    high = groups.pairs.units.where(groups.high.frame["lesion_id"])
    for response in RESPONSES:
        responded = {"numerator": groups.high.ids(pl.col(response.name))}
        units[f"{response.name}-{OF_HIGH}"] = high.counting(responded)
        main, name = units[response.name], f"{response.name}-wilson"
        numerator = main.counts["numerator"]
        units[name] = main.counting({response.name: numerator, name: numerator})
    at_zero = groups.pairs.ids(~pl.col("above_zero"))
    alone = alone_at_zero(cohort, reference, endpoint)
    units["reference-0"] = groups.pairs.units.counting({"reference-0": at_zero})
    excluded = find_excluded_at_zero(cohort, reference)
    units |= dict(_of_all(cohort, groups, {*at_zero, *alone, *excluded}, endpoint))
    return units


def _of(asked: JudgedPairs, response: Response) -> Units:
    """Return the lesions for which a response is defined, and those that responded."""
    units = asked.units
    if response.of_reference:
        units = replace(units, among={}).where(asked.ids(pl.col("above_zero")))
    return units.counting({"numerator": asked.ids(pl.col(response.name))})


def _of_all(
    cohort: Cohort, groups: Groups, at_zero: set[str], endpoint: Endpoint
) -> Iterator[tuple[str, Units]]:
    """Return the units over all analysed or treated lesions: a missing change is no response."""
    ended = cohort.at(endpoint).frame
    zeros = ended.filter(pl.col("value") == 0)["lesion_id"].to_list()
    wholes = {
        OF_ANALYSED: cohort.analysed["lesion_id"],
        OF_TREATED: select_treated(cohort)["lesion_id"],
    }
    for suffix, ids in wholes.items():
        data = {**dict.fromkeys(ids, NO_DATUM), **groups.pairs.units.data}
        for response in RESPONSES:
            kept = [unit for unit in data if not (response.of_reference and unit in at_zero)]
            main = _of(groups.pairs, response).counts["numerator"]
            numerator = main if response.of_change else zeros
            units = Units(data=data).where(kept).counting({"numerator": numerator})
            yield f"{response.name}-{suffix}", units
    counted = wholes[OF_TREATED] if groups.treated.n else wholes[OF_ANALYSED]
    analysed = {"lesions-analysed": wholes[OF_ANALYSED]}
    yield "lesions-analysed", Units.of(counted, "treated").counting(analysed)
