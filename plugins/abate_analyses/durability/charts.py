"""The table and the chart of loss of relief, which cite the curves at each visit."""

from abate import Chart, Ref, Table
from abate_analyses.durability.loss_curves import Curves
from abate_analyses.pain_course.charts import SCHEMA, visit_axis

SHOWN = {
    "loss": "loss of relief (Aalen-Johansen, death competing)",
    "death": "death in relief (Aalen-Johansen)",
    "loss-km": "loss of relief (Kaplan-Meier: overestimates)",
}


def tables(lost: Curves) -> list[Table]:
    """Return incidence, interval and the number at risk at each visit."""
    if not lost.visits:
        return []
    rows = [
        (
            at.visit,
            Ref(f"loss-{at.visit}", f"count:at risk at {at.visit}"),
            Ref(f"loss-{at.visit}", f"count:losses by {at.visit}"),
            Ref(f"loss-{at.visit}", f"count:deaths by {at.visit}"),
            Ref(f"loss-{at.visit}"),
            Ref(f"loss-{at.visit}", "low"),
            Ref(f"loss-{at.visit}", "high"),
            Ref(f"death-{at.visit}"),
            Ref(f"loss-km-{at.visit}"),
        )
        for at in lost.visits
    ]
    return [
        Table(
            name="loss",
            title="Loss of relief by visit",
            columns=(
                "visit", "at risk", "losses by then", "deaths by then",
                "incidence of loss, death competing", "low", "high", "incidence of death",
                "1 less Kaplan-Meier (overestimates)",
            ),
            rows=rows,
        )
    ]  # fmt: skip


def charts(lost: Curves) -> list[Chart]:
    """Return the step curves, one step per visit."""
    if not lost.visits or not lost.n:
        return []
    return [
        Chart(
            name="loss-curves",
            title="Loss of relief, and death in relief, after the first weeks",
            alt=(
                "Step curves against the visits: the cumulative incidence of loss of relief with "
                "death as a competing event, that of death in relief, and 1 less Kaplan-Meier."
            ),
            spec={
                "$schema": SCHEMA,
                "data": {"name": "curves"},
                "transform": [{"filter": "isValid(datum.incidence)"}],
                "mark": {"type": "line", "interpolate": "step-after", "point": True},
                "encoding": {
                    "x": visit_axis({at.visit: at.day for at in lost.visits}),
                    "y": {
                        "field": "incidence",
                        "type": "quantitative",
                        "title": "cumulative incidence",
                        "scale": {"domain": [0, 1]},
                    },
                    "strokeDash": {"field": "curve", "type": "nominal", "title": None},
                    "color": {"field": "curve", "type": "nominal", "title": None},
                },
            },
            data={
                "curves": [
                    {
                        "visit": at.visit,
                        "day": at.day,
                        "curve": title,
                        "incidence": Ref(f"{name}-{at.visit}"),
                    }
                    for name, title in SHOWN.items()
                    for at in lost.visits
                ]
            },
        )
    ]
