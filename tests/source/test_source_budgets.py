"""What a pull may cost, and how hard it may press: budgets, requests at once, requests a second."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from abate.auth.servers import limits_of
from abate.config.reader import read
from abate.errors import IncompletePull, SourceError
from abate.fhir.client import BudgetSpent, FhirServer, Limits


def test_a_pull_that_needs_more_requests_ends_with_the_setting_and_nothing_landed(pull, tmp_path):
    words = r"budget of 3 requests is used up: raise \[source\] max_requests, or leave it out"
    with pytest.raises(IncompletePull, match=words):
        pull(limits=Limits(max_requests=3))
    assert list(tmp_path.iterdir()) == []


def test_a_pull_within_its_budgets_is_whole(pull):
    pulled = pull(limits=Limits(max_requests=6, max_minutes=60))
    assert pulled.ids("Observation") == ["s1", "s2"]


def test_a_request_that_is_repeated_costs_twice(wild, raw):
    wild.answers = [raw.sent(b"", 503)]
    with (
        FhirServer(wild.base, limits=Limits(max_requests=2)) as server,
        pytest.raises(BudgetSpent, match="2 requests"),
    ):
        server.get("Patient")
    assert len(wild.asked) == 2


def test_a_wait_that_the_time_does_not_allow_is_not_begun(wild, raw, waits):
    wild.answers = [raw.sent(b"", 503, Retry_After=100)]
    words = r"budget of 1.5 minutes is used up: raise \[source\] max_minutes, or leave it out"
    with (
        FhirServer(wild.base, limits=Limits(max_minutes=1.5)) as server,
        pytest.raises(BudgetSpent, match=words),
    ):
        server.get("Patient")
    assert waits == []
    assert len(wild.asked) == 1


def test_a_pause_that_the_time_does_not_allow_is_not_begun_either(wild, raw, waits):
    wild.answers = [raw.sent(b"", 502)]
    limits = Limits(max_minutes=0.001)
    with FhirServer(wild.base, limits=limits) as server, pytest.raises(BudgetSpent):
        server.get("Patient")
    assert waits == []


def test_waits_in_sum_stay_within_the_time(wild, raw, waits):
    wild.answers = [raw.sent(b"", 503, Retry_After=25)]
    limits = Limits(max_minutes=1, tries=50)
    with FhirServer(wild.base, limits=limits) as server, pytest.raises(BudgetSpent):
        server.get("Patient")
    assert waits == [25, 25]


def test_an_answer_that_outlasts_the_time_is_left(wild, raw, waits):
    def late():
        yield raw.sent(b"{", Content_Length=None)
        waits.append(61)
        yield b"}"

    wild.answers = [late()]
    with (
        FhirServer(wild.base, limits=Limits(max_minutes=1)) as server,
        pytest.raises(BudgetSpent),
    ):
        server.get("Patient")


@pytest.mark.parametrize("parallel", [1, 2, 3])
def test_no_more_requests_run_at_once_than_are_allowed(wild, raw, parallel):
    lock, running = threading.Lock(), []
    full, over, go = threading.Event(), threading.Event(), threading.Event()

    def answer(line):
        with lock:
            running.append(line)
            (over if len(running) > parallel else full).set()
        go.wait(timeout=10)
        with lock:
            running.pop()
        return raw.sent()

    wild.route = answer
    with (
        FhirServer(wild.base, limits=Limits(parallel=parallel)) as server,
        ThreadPoolExecutor(8) as threads,
    ):
        answers = threads.map(lambda _: server.get("Patient").status, range(12))
        assert full.wait(timeout=10)
        is_over = over.wait(timeout=0.1)  # Only one too many ends this wait.
        go.set()
    assert not is_over
    assert list(answers) == [200] * 12


def test_as_many_requests_run_at_once_as_are_allowed(wild, raw):
    together = threading.Barrier(3)

    def answer(_):
        together.wait(timeout=10)
        return raw.sent()

    wild.route = answer
    with (
        FhirServer(wild.base, limits=Limits(parallel=3)) as server,
        ThreadPoolExecutor(3) as threads,
    ):
        answers = threads.map(lambda _: server.get("Patient").status, range(3))
    assert list(answers) == [200] * 3


def test_threads_that_share_a_server_keep_one_rate_and_get_their_own_answers(wild, raw, waits):
    wild.route = lambda line: raw.sent(
        json.dumps({"resourceType": "Basic", "asked": line}).encode()
    )

    def ask(number):
        return server.get(f"Patient/p{number}").json()["asked"]

    with (
        FhirServer(wild.base, limits=Limits(requests_per_second=10)) as server,
        ThreadPoolExecutor(8) as threads,
    ):
        found = list(threads.map(ask, range(60)))
    assert found == [f"GET /fhir/Patient/p{number}" for number in range(60)]
    assert sum(waits) >= 59 * 0.1 - 1e-6
    assert server.budget.requests == 60


def test_threads_share_one_budget_to_the_last_request(wild):
    def ask(_):
        try:
            return server.get("Patient").status
        except SourceError:
            return None

    with (
        FhirServer(wild.base, limits=Limits(max_requests=20)) as server,
        ThreadPoolExecutor(8) as threads,
    ):
        found = list(threads.map(ask, range(50)))
    assert found.count(200) == 20
    assert len(wild.asked) == 20


def test_the_study_file_sets_them(study_file):
    chosen = ["parallel=2", "requests_per_second=3", "max_minutes=4", "max_requests=5"]
    settings = read(study_file, [f"source.{one}" for one in chosen]).settings
    limits = limits_of(settings.source)
    assert (limits.parallel, limits.requests_per_second) == (2, 3)
    assert (limits.max_minutes, limits.max_requests) == (4, 5)


def test_without_a_word_a_pull_has_four_at_once_and_no_end(study_file):
    limits = limits_of(read(study_file).settings.source)
    assert (limits.parallel, limits.requests_per_second) == (4, None)
    assert (limits.max_minutes, limits.max_requests) == (None, None)


def test_how_hard_a_pull_presses_changes_no_result(study_file):
    digests = {
        read(study_file, overrides).digest
        for overrides in ([], ["source.parallel=1"], ["source.max_minutes=9"])
    }
    assert len(digests) == 1
