"""How many resources a first pull transfers for each one that the study uses.

Say `make bench`, or `python benchmarks/share.py [PEOPLE]`. The server has so many people with pain
scores, of whom a share has an index procedure. Counted are the entries of all answers, those of
samples too. Goal: `auto` transfers at most 1.2 for each one used, whatever the share.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from abate.analysis import loader
from abate.config.reader import read
from abate.ingest.ingest import refresh
from abate.sandbox import Sandbox, running
from abate.store.database import looked_into
from abate.telemetry.status import held

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PEOPLE = 400
SCORES_EACH = 6
SHARES = (0.01, 0.1, 0.5, 0.8, 0.9, 1.0)
STRATEGIES = ("auto", "population", "patient")
STUDY = """
[study]
id = "share"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
[index]
codes = ["urn:s|treat"]
[scores]
codes = ["http://loinc.org|72514-3"]
[visits]
baseline = {{ from = -7, to = 0 }}
Wk1 = 7
"""
USED = """
    select count(*) from (
      select state, reason from patient
      union all select state, reason from procedure
      union all select state, reason from observation
    )
    where state = 'mapped'
"""

Resource = dict[str, Any]


class Transfer(NamedTuple):
    """What one pull transferred, and what of it the store uses."""

    resources: int
    requests: int
    used: int

    @property
    def ratio(self) -> float:
        """Resources transferred for each one used."""
        return self.resources / self.used


class Counted(Sandbox):
    """A sandbox that counts what it sends."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        super().__init__()
        self.resources = self.requests = 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request, and count the entries of the answer."""
        body = b"".join(super().__call__(environ, start_response))
        self.requests += 1
        self.resources += len(json.loads(body).get("entry", ()))
        return [body]


def hospital(people: int, studied: int) -> Iterator[Resource]:
    """So many people with pain scores, the first `studied` of them with an index procedure."""
    for number in range(people):
        subject = {"reference": f"Patient/p{number}"}
        yield {"resourceType": "Patient", "id": f"p{number}", "gender": "female"}
        yield {
            "resourceType": "Procedure",
            "id": f"t{number}",
            "status": "completed",
            "code": {"coding": [{"system": "urn:s", "code": ("other", "treat")[number < studied]}]},
            "subject": subject,
            "performedDateTime": "2026-01-10",
        }
        for day in range(SCORES_EACH):
            yield {
                "resourceType": "Observation",
                "id": f"s{number}-{day}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
                "subject": subject,
                "effectiveDateTime": f"2026-01-{9 + day:02}",
                "valueInteger": day,
            }


def transfer(people: int, studied: int, strategy: str) -> Transfer:
    """Pull once, into a new store."""
    with TemporaryDirectory() as name, running(sandbox := Counted()) as base:
        folder = Path(name)
        lines = "".join(f"{json.dumps(one)}\n" for one in hospital(people, studied))
        (folder / "hospital.ndjson").write_text(lines, "utf-8")
        sandbox.load(folder / "hospital.ndjson")
        (folder / "study.toml").write_text(STUDY.format(base=base), "utf-8")
        study = read(folder / "study.toml", (f"source.strategy='{strategy}'",))
        host = loader.load(study.settings.plugins)
        with (
            held(study.output, "run") as progress,
            refresh(study, host, progress),
        ):
            pass
        with looked_into(study.output / "store.duckdb") as store:
            [(used,)] = store.rows(USED)
        return Transfer(sandbox.resources, sandbox.requests, used)


def main() -> None:
    """Print the ratio of each share and strategy."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    print(f"resources transferred for each one used (goal 1.2), of {people} people:")
    for share in SHARES:
        studied = max(1, round(share * people))
        ways = {strategy: transfer(people, studied, strategy) for strategy in STRATEGIES}
        figures = ", ".join(
            f"{strategy} {one.ratio:.2f} ({one.requests} requests)"
            for strategy, one in ways.items()
        )
        print(f"  {100 * share:3.0f} % in the study: {figures}")


if __name__ == "__main__":
    main()
