"""The estimate of a first pull, from what a survey has counted and measured."""

from collections import Counter
from collections.abc import Sequence

from abate.resource_types import CODED_NAMES
from abate.source.query import IDS_A_QUERY
from abate.source_settings import Source
from abate.survey.estimate import Estimate, Pace, Way, by_patient, by_population
from abate.survey.found import CodeSearch, ListCount

INDEX, SCORES = "cementoplasty", "pain-intensity"
# With more pain scores than these, most are of other patients: `auto` goes patient by patient. A
# pull counts what the study's patients have; a survey does not know them.
SCORES_A_PROCEDURE = 200
FEW_SCORES = 20_000


def first_pull(
    lists: Sequence[ListCount], searches: Sequence[CodeSearch], paces: Sequence[Pace]
) -> Estimate:
    """How long a pull with the settings that a study file has by itself takes.

    It goes by the codes that abate knows: a study with other codes brings something else.
    """
    bare = {one.type for one in searches if one.state == "bare-only"}
    counts = {one.list: one.bare if one.type in bare else one.n for one in lists}
    if missing := [name for name in (INDEX, SCORES) if name not in counts]:
        return Estimate(unknown=f"nothing was counted by list:{missing[0]}")
    index, scores = counts[INDEX], counts[SCORES]
    if index is None:
        return Estimate(unknown="the server does not count what it finds by code")
    if not index:
        return Estimate(unknown="no index procedure has a code that abate knows")
    if scores is None or scores > max(FEW_SCORES, SCORES_A_PROCEDURE * index):
        return by_patient(len(CODED_NAMES), index, paces, _way())
    if uncounted := [name for name, count in counts.items() if count is None]:
        return Estimate(unknown=f"the server does not count list:{uncounted[0]}")
    types = Counter[str]()
    for one in lists:
        types[one.type] += counts[one.list] or 0
    return by_population(types, index, paces, _way())


def _way() -> Way:
    """How a pull asks where the study file does not say."""
    default = {name: field.default for name, field in Source.model_fields.items()}
    return Way(
        page_size=default["page_size"],
        parallel=default["parallel"],
        ids_a_query=IDS_A_QUERY,
        patients_a_query=default["patients_a_query"],
    )
