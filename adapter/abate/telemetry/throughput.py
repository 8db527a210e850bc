"""The throughput of a pull: resources per second and the time left, measured by rich."""

from collections.abc import Mapping
from typing import Any

from rich.progress import Progress, TaskID


class Throughput:
    """Follows the log lines of a pull or a comparison, and updates two tasks of a rich progress.

    One task counts the resources of all queries. The other is the current work: the query, or in a
    pull by patient all patients, since the count of one patient's query does not show the end.
    """

    def __init__(self, progress: Progress) -> None:
        """Measure with the clock of `progress`."""
        self._progress = progress
        self._resources = progress.add_task("", total=None, visible=False)
        self.work: TaskID = progress.add_task("", total=None)
        self._received: dict[tuple[Any, Any], int] = {}
        self._query: tuple[Any, Any] = (None, None)
        self._is_by_patient = False

    def follow(self, line: Mapping[str, Any]) -> None:
        """Update the tasks with one line."""
        match line["event"]:
            case "patients.found":
                self._is_by_patient = True
                self._progress.reset(self.work, total=None)
            case "query.begin" | "query.page":
                self._follow_query((line.get("query"), line.get("type")), line)
            case "patients.done":
                self._work_on(line)
            case "stage.begin":
                for task in (self._resources, self.work):
                    self._progress.reset(task, total=None)
            case "target.page":
                self._progress.update(self._resources, completed=line["received"])
                self._work_on(line)

    def _follow_query(self, query: tuple[Any, Any], line: Mapping[str, Any]) -> None:
        if line["event"] == "query.page":
            self._received[query] = line["received"]
            self._progress.update(self._resources, completed=sum(self._received.values()))
            if not self._is_by_patient:
                self._work_on(line)
        elif query != self._query:
            self._query = query
            if not self._is_by_patient:
                self._progress.reset(self.work, total=None)

    def reading(self) -> dict[str, float]:
        """Return `rows_per_second` and `seconds_left`, as far as they are known."""
        tasks = {task.id: task for task in self._progress.tasks}
        speed, left = tasks[self._resources].speed, tasks[self.work].time_remaining
        known = {"rows_per_second": round(speed, 1) if speed else None, "seconds_left": left}
        return {name: number for name, number in known.items() if number is not None}

    def _work_on(self, line: Mapping[str, Any]) -> None:
        received, expected = line["received"], line.get("expected")
        self._progress.update(self.work, completed=received, total=expected)


def words(reading: Mapping[str, float]) -> str:
    """Return a reading as text: `, 1,200 rows/s, 2 min left`."""
    rate, left = reading.get("rows_per_second"), reading.get("seconds_left")
    text = "" if rate is None else f", {rate:,.0f} rows/s"
    return f"{text}, {duration(left)} left" if left else text


def duration(seconds: float) -> str:
    """Return a duration as text: `4.2 s`, `42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
