"""A CapabilityStatement is read once, for the pull, the target and the survey."""

import pytest

from abate.fhir.capability import read_capability

SERVER = {
    "mode": "server",
    "interaction": [{"code": "transaction"}],
    "resource": [{"type": "Patient", "interaction": [{"code": "history-type"}]}],
}
CLIENT = {"mode": "client", "resource": [{"type": "Patient"}]}


@pytest.mark.parametrize("rest", [[SERVER], [CLIENT, SERVER], [{**SERVER, "mode": None}]])
def test_what_a_server_does_as_a_client_of_others_is_not_what_it_offers(rest):
    capability = read_capability({"rest": rest})
    assert capability.transaction
    assert capability.has_patient_history


@pytest.mark.parametrize("rest", [None, [], {}, "x", [None], [{"resource": [7]}], [{"mode": 7}]])
def test_an_element_of_another_shape_counts_as_absent(rest):
    capability = read_capability({"rest": rest}, ["Patient"])
    assert not capability.transaction
    assert not capability.of("Patient").offered
