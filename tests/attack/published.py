"""What a release says: the statistics of its Observations, read as any reader of FHIR would."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One Observation: its name in the report, and each number that it shows."""

    name: str
    kind: str
    n: int | None
    value: float | None
    unit: str
    label: str
    others: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_of_values(self) -> bool:
        """Whether it shows something that was made of its units' values."""
        return self.value is not None or self.others > 0


def figures(resources: Iterable[Mapping[str, Any]]) -> dict[str, Figure]:
    """The figures of a release by `analysis/estimate`; what was retracted says nothing."""
    read = [_figure(one) for one in resources if one["resourceType"] == "Observation"]
    return {one.name: one for one in read}


def _figure(resource: Mapping[str, Any]) -> Figure:
    parts = list(_components(resource))
    [name] = [one["value"].split("/", 1)[1] for one in resource["identifier"]]
    quantity = resource.get("valueQuantity", {})
    return Figure(
        name=name,
        kind=resource["code"]["coding"][0]["code"],
        label=resource["code"]["text"],
        n=next((part.get("valueInteger") for code, _, part in parts if code == "n"), None),
        value=quantity.get("value"),
        unit=quantity.get("code", ""),
        others=sum("valueQuantity" in part for _, _, part in parts),
        counts={text: part["valueInteger"] for code, text, part in parts if code == "count"},
    )


def _components(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for part in resource.get("component", ()):
        code = part["code"]
        ours = [one["code"] for one in code["coding"] if "abate" in one["system"]]
        yield ours[0], code.get("text", ""), part
