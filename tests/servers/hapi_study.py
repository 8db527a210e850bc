"""A study on a HAPI server, and the rows of its store after each night."""

import time
from functools import partial

import made
from pulls import Pulls, study_text

# Codes of its own: other tests write to the same server.
SYSTEM = "urn:nights"
SOURCE = """
strategy = "{strategy}"
{settings}
page_size = 10
overlap_minutes = 0
"""
PAIN, TREATED, TUMOUR = (made.coded(code, SYSTEM) for code in ("pain", "treat", "tumour"))
score = partial(made.score, code=PAIN)
procedure = partial(made.procedure, code=TREATED)
condition = partial(made.condition, code=TUMOUR)


class HapiStudy(Pulls):
    """A study on a server, and the rows of its store after each night."""

    def __init__(self, client, folder, strategy):
        super().__init__(folder, self._text)
        self.client, self.strategy, self.settings = client, strategy, ""

    def _text(self):
        source = SOURCE.format(strategy=self.strategy, settings=self.settings)
        scores = f"{SYSTEM}|pain"
        return study_text(self.client.base, source, name="nights", system=SYSTEM, scores=scores)

    def begin(self):
        """Thirty scores of three patients, each with one procedure and one condition."""
        for one in ("na", "nb", "nc"):
            self.put(
                made.patient(one),
                procedure(f"treat-{one}", one),
                condition(f"tumour-{one}", one),
                *(score(f"{one}-{number}", one, number) for number in range(10)),
            )
        # The watermark is a whole second, as the server's Date is; what was written in that second
        # comes once more, and on a fast machine all nights would be in it.
        time.sleep(2)

    def end(self):
        """Take all of it away, whatever a test has left."""
        for one in ("na", "nb", "nc"):
            path = f"Observation?subject=Patient/{one}&_count=1000"
            found = self.client.get(path, headers={"Cache-Control": "no-cache"}).json()
            for entry in found.get("entry", ()):
                self.delete("Observation", entry["resource"]["id"])
            for kind, name in (("Condition", "tumour"), ("Procedure", "treat")):
                self.delete(kind, f"{name}-{one}")
            self.delete("Patient", one)

    def put(self, *resources):
        answer = self.client.transact(*resources)
        assert answer.status_code == 200, answer.text[:500]

    def delete(self, kind, identifier):
        """Delete a resource; one that has gone already is no matter."""
        status = self.client.delete({"resourceType": kind, "id": identifier}).status_code
        assert status in (200, 204, 404, 410), status
