"""Bulk Data exports of the front, as an honest server does them: each is complete at once."""

import json
from datetime import datetime

from abate.sandbox import json_codec
from fault import Asked, Said

KINDS = ("Patient", "Procedure", "Condition", "Observation")
LINES = "application/fhir+ndjson"
JOB = "/fhir/job"


class Exports:
    """What is asked for by a kick-off; until then, all that the server has."""

    def __init__(self, server):
        self.server = server
        self.begin([])

    def begin(self, pairs, ignored=(), group=None, hidden=()):
        """Take up an export; what is ignored is so of the rows, and not of what was deleted.

        An honest server exports whom the `group` lists, active or not: that is for the client. It
        leaves out those patients who are `hidden`.
        """
        asked = dict(pairs)
        self.group, self.hidden = group, hidden
        self.ignored = ignored
        filters = [value for name, value in pairs if name == "_typeFilter"]
        self.kinds = asked.get("_type", ",".join(KINDS)).split(",")
        self.filters = dict(one.split("?") for one in filters)
        self.since = asked.get("_since")
        self.moment = self.server.now

    def answer(self, asked: Asked):
        """What is said to a request of an export; None to any other one."""
        if asked.is_kick_off:
            pairs = _posted(asked) if asked.method == "POST" else asked.pairs
            self.begin(pairs, group=group_of(asked))
            return Said(status=202).having(Content_Location=f"{self.server.root}{JOB}")
        if asked.path == JOB:
            is_poll = asked.method == "GET"
            return self.complete() if is_poll else Said(status=202)
        if asked.path.endswith("/$file"):
            return Said(body=self.lines(asked.kind)).having(Content_Type=LINES)
        return None

    def complete(self):
        """The answer to a poll."""
        body = json.dumps(self.manifest()).encode()
        return Said(body=body).having(Content_Type="application/json")

    def manifest(self):
        """All that is complete."""
        deleted = [self.file("Bundle")] if self.since and self.lines("Bundle") else []
        return {
            "transactionTime": self.moment.isoformat(),
            "request": "x",
            "requiresAccessToken": self.server.tokens is not None,
            "output": [self.file(kind) for kind in self.kinds if self.lines(kind)],
            "deleted": deleted,
            "error": [],
        }

    def file(self, kind):
        """A file as a manifest names it."""
        url = f"{self.server.base}/{kind}/$file"
        return {"type": kind, "url": url, "count": self.lines(kind).count(b"\n")}

    def lines(self, kind):
        """A file."""
        rows = self._deletions() if kind == "Bundle" else self._rows(kind)
        return b"".join(json_codec.encode(one) + b"\n" for one in rows)

    def _rows(self, kind):
        is_since = self.since and "_since" not in self.ignored
        since = f"&_lastUpdated=ge{self.since}" if is_since else ""
        codes = self.filters.get(kind, "") if "_typeFilter" not in self.ignored else ""
        query = f"/fhir/{kind}?_count=1000&{codes}{since}"
        rows = [one["resource"] for one in self.server.ask("GET", query).json.get("entry", [])]
        return rows if self.group is None else [one for one in rows if self._is_listed(one)]

    def _is_listed(self, row):
        members = self.server.ask("GET", self.group).json.get("member", [])
        subject = row.get("subject", {}).get("reference", f"Patient/{row['id']}")
        listed = [one["entity"]["reference"] for one in members]
        return subject in listed and subject.removeprefix("Patient/") not in self.hidden

    def _deletions(self):
        since = datetime.fromisoformat(self.since)
        gone = [what for when, what in self.server.deletions if when >= since]
        entries = [{"request": {"method": "DELETE", "url": one}} for one in gone]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return [bundle] if entries else []


def group_of(asked):
    """Where the Group is that a kick-off asks for; None where it asks for all patients."""
    return asked.path.removesuffix("/$export") if "/Group/" in asked.path else None


def _posted(asked):
    """The parameters of a kick-off by POST."""
    resource = json.loads(asked.body)
    assert resource["resourceType"] == "Parameters"
    return [(one["name"], one.get("valueString", one.get("valueInstant")))
            for one in resource["parameter"]]  # fmt: skip
