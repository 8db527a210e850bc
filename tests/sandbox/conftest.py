from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
import requests

from abate.sandbox import Sandbox, running


class Clock:
    """Stands still, in a zone that is not UTC, until it is moved."""

    def __init__(self):
        self.now = datetime(2026, 3, 1, 10, 0, 0, 250_999, UTC).astimezone(
            timezone(timedelta(hours=5, minutes=30))
        )

    def __call__(self):
        return self.now

    def move(self, **step):
        self.now += timedelta(**step)


class Client:
    """What the tests ask of a server, in one short call each."""

    def __init__(self, base, session):
        self.base = base
        self.session = session

    def get(self, path, **options):
        return self.session.get(f"{self.base}/{path}", timeout=10, **options)

    def put(self, path, resource, **headers):
        return self.session.put(
            f"{self.base}/{path}", json=resource, headers=_dashed(headers), timeout=10
        )

    def post(self, path, resource, **headers):
        url = f"{self.base}/{path}" if path else self.base
        return self.session.post(url, json=resource, headers=_dashed(headers), timeout=10)

    def delete(self, path, **headers):
        return self.session.delete(f"{self.base}/{path}", headers=_dashed(headers), timeout=10)

    def ids(self, path, **options):
        bundle = self.get(path, **options).json()
        return [entry["resource"]["id"] for entry in bundle.get("entry", [])]

    def transaction(self, *entries):
        return self.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _patient(key, **elements):
    return {"resourceType": "Patient", "id": key, **elements}


def _observation(key, patient="p1", **elements):
    subject = {"reference": f"Patient/{patient}"}
    return {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "subject": subject,
        **elements,
    }


@pytest.fixture
def make():
    return SimpleNamespace(patient=_patient, observation=_observation)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock):
    return Sandbox(clock=clock)


@pytest.fixture
def serve():
    """Serve a sandbox of the test's own, for the time of a `with`."""

    @contextmanager
    def start(sandbox):
        with running(sandbox) as base, requests.Session() as session:
            yield Client(base, session)

    return start


@pytest.fixture
def fhir(sandbox, serve):
    with serve(sandbox) as client:
        yield client


@pytest.fixture
def outcome():
    """The one issue of an OperationOutcome response, after a look at its form."""

    def read(response):
        assert response.headers["Content-Type"] == "application/fhir+json"
        resource = response.json()
        assert resource["resourceType"] == "OperationOutcome"
        return resource["issue"][0]

    return read
