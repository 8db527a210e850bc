"""What becomes of a landed line, whatever its bytes: its neighbours stay."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.errors import AbateError, StoreError
from abate.store import landed_lines

CANARY = "Zwitscher-Canary"
BROKEN = {
    "cut off": (b'{"resourceType": "Observation", "id": "x"', "malformed-line"),
    "two on one line": (b'{"id": "x"} {"id": "y"}', "malformed-line"),
    "invalid UTF-8": (b'{"resourceType": "Observation", "id": "x", "a": "\xff"}', "malformed-line"),
    "no JSON at all": (b"<html>", "malformed-line"),
    "a list": (b'[{"resourceType": "Observation", "id": "x"}]', "no-resource"),
    "a text": (b'"Observation"', "no-resource"),
    "a null": (b"null", "no-resource"),
    "without a type": (b'{"id": "x"}', "no-resource"),
    "another type": (b'{"resourceType": "Patient", "id": "x"}', "other-type"),
    "without an id": (b'{"resourceType": "Observation", "status": "final"}', "no-id"),
    "an id that is a number": (b'{"resourceType": "Observation", "id": 7}', "no-id"),
    "an empty id": (b'{"resourceType": "Observation", "id": ""}', "no-id"),
}


def raw(resource, old, new):
    """The resource's bytes with one piece of text replaced: for what `json` cannot write."""
    text = json.dumps(resource)
    assert text.count(old) == 1
    return text.replace(old, new).encode()


@pytest.fixture
def good(observation):
    return lambda name: observation(name, "72514-3", valueInteger=7)


@pytest.fixture(scope="module")
def broken(shared_workshop, observation):
    """Each broken line between two good ones: it is line 2, 4, 6 ..."""
    lines = [observation("first", "72514-3", valueInteger=7)]
    for name, (line, _) in BROKEN.items():
        lines += [line, observation(f"after {name}", "72514-3", valueInteger=7)]
    return shared_workshop.map(*lines)


@pytest.mark.parametrize(("place", "case"), list(enumerate(BROKEN, start=1)))
def test_a_line_that_is_no_observation_is_rejected_by_its_number(broken, place, case):
    assert ("Observation", 2 * place, BROKEN[case][1]) in broken.unreadable


def test_the_neighbours_of_broken_lines_are_kept_and_the_books_balance(broken):
    assert set(broken.observations) == {"first", *(f"after {name}" for name in BROKEN)}
    books = broken.accounted["Observation"]
    count = len(BROKEN)
    assert (books.received, books.mapped, books.rejected) == (2 * count + 1, count + 1, count)
    assert len(broken.unreadable) == count


def test_blank_lines_are_no_lines_and_numbers_count_them(workshop, good):
    found = workshop.map(b"", b" \t\r", good("a"), b"", b"[]", good("b"), b"\x0b")
    assert found.unreadable == [("Observation", 5, "no-resource")]
    assert found.accounted["Observation"].received == 3


def test_a_broken_line_of_a_large_file_is_still_named_by_its_number(workshop, observation):
    padding = {"note": [{"text": "x" * 1000}]}
    lines = [json.dumps({**observation(str(n)), **padding}).encode() for n in range(20_000)]
    for place in range(0, 20_000, 1000):
        lines[place] = b"{"
    found = workshop.map(*lines)
    assert found.unreadable == [
        ("Observation", place + 1, "malformed-line") for place in range(0, 20_000, 1000)
    ]


def test_a_file_of_blank_lines_is_empty(workshop):
    found = workshop.map(b"", b" ")
    assert found.accounted == {}
    assert found.unreadable == []


def test_a_number_that_is_none_is_rejected_by_its_id(workshop, good, observation):
    numbers = {"1e400": "1e400", "-1e400": "-1e400", "NaN": "NaN", "long": "9" * 5000}
    lines = [
        raw(observation(name, valueQuantity={"value": 12345, "code": "mm"}), "12345", text)
        for name, text in numbers.items()
    ]
    found = workshop.map(*lines, good("good"))
    assert {found.verdict(name) for name in numbers} == {("rejected", "value-not-a-number")}
    assert found.verdict("good") == ("mapped", None)


def test_the_raw_value_is_the_text_that_was_sent(workshop, observation):
    texts = ["6.50", "6.5", "65e-1", "7", "7.0"]
    lines = [
        raw(observation(text, valueQuantity={"unit": "cm", "value": 12345}), "12345", text)
        for text in texts
    ]
    found = workshop.map(*lines).observations
    assert {name: (row["raw"], row["value"]) for name, row in found.items()} == {
        text: (text, float(text)) for text in texts
    }


def test_the_raw_value_is_not_taken_from_a_component(workshop, observation):
    component = [{"valueQuantity": {"value": 12345}}]
    resource = observation(component=component, valueQuantity={"value": 3, "code": "cm"})
    row = workshop.map(raw(resource, "12345", "9.90")).observations["o"]
    assert (row["raw"], row["value"]) == ("3", 3)


def test_a_value_that_is_null_is_no_value(workshop, observation):
    line = raw(observation("o", "72514-3", valueInteger=7, valueString="null"), '"null"', "null")
    assert workshop.map(line).verdict("o") == ("mapped", None)


def test_a_resource_of_several_lines_lands_as_one(workshop, good):
    pretty = json.dumps(good("a"), indent=2).encode()
    found = workshop.map(pretty, b'{"resourceType":\n"Observation"', good("b"))
    assert set(found.observations) == {"a", "b"}
    assert found.unreadable == [("Observation", 2, "malformed-line")]


def test_a_very_long_line_and_a_very_deep_one_do_no_harm(workshop, good):
    long = {**good("long"), "note": [{"text": "x" * 17_000_000}]}
    deep = raw({**good("deep"), "note": 12345}, "12345", '{"a":' * 3000 + "1" + "}" * 3000)
    found = workshop.map(good("a"), long, deep, good("b"))
    assert found.accounted["Observation"].mapped == 4


@pytest.mark.parametrize("folder", ["a[b]", "a*b", "json=1"])
def test_a_folder_of_any_name_gives_its_own_lines_only(tmp_path, workshop, good, folder):
    sibling = tmp_path / "ab" / "out" / "landing"
    sibling.mkdir(parents=True)
    (sibling / "Observation.ndjson").write_text(json.dumps(good("sibling")) + "\n", "utf-8")
    inside = type(workshop)(tmp_path / folder)
    assert set(inside.map(good("a")).observations) == {"a"}


@pytest.fixture
def counted(monkeypatch):
    """Make the count of the lines wrong for the Observations."""

    def count(*numbers):
        def wrong(path):
            return list(numbers) if path.name == "Observation.ndjson" else []

        monkeypatch.setattr(landed_lines, "_numbers", wrong)
        monkeypatch.setattr(landed_lines, "_lines_in", lambda path: len(wrong(path)))

    return count


def test_the_pull_received_more_than_landed_stops_the_run(workshop, good):
    with pytest.raises(
        StoreError, match=r"counts of Observation do not balance.*received 2.*1 lines"
    ):
        workshop.map(good("a"), claimed=1)


def test_a_line_that_the_reader_does_not_see_stops_the_run_and_is_named(workshop, good, counted):
    counted(1, 2, 4)
    with pytest.raises(StoreError, match=r"^Observation\.ndjson, line 4: "):
        workshop.map(good("a"), good("b"))


def test_a_line_that_only_the_reader_sees_stops_the_run(workshop, good, counted):
    counted(1)
    with pytest.raises(StoreError, match=r"^Observation\.ndjson, its end: "):
        workshop.map(good("a"), b"malformed")


def test_a_run_that_stops_leaves_the_store_as_it_was(workshop, good):
    workshop.map(good("a"), run_id="first")
    with pytest.raises(StoreError):
        workshop.map(good("b"), run_id="second", claimed=1)
    third = workshop.map(good("c"), run_id="third", changes=["Observation"])
    assert set(third.observations) == {"a", "c"}


def test_no_error_shows_what_a_line_holds(workshop, good, counted):
    counted(1)
    broken = raw({**good("a"), "valueInteger": 12345}, "12345", f'"{CANARY}"')
    with pytest.raises(StoreError) as caught:
        workshop.map(broken, f'{{"id": "{CANARY}'.encode(), f'{{"{CANARY}": 1}}'.encode())
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    "resourceType",
    "id",
    "meta",
    "identifier",
    "status",
    "code",
    "subject",
    "encounter",
    "focus",
    "partOf",
    "bodySite",
    "referenceRange",
    "effectiveDateTime",
    "effectivePeriod",
    "valueQuantity",
    "valueInteger",
    "valueCodeableConcept",
    "valueString",
    "dataAbsentReason",
]
GOOD = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2020-01-02T10:00:00+08:00",
}
spoiled = st.builds(
    lambda field, value: {**GOOD, "id": "spoiled", "valueInteger": 7, field: value},
    st.sampled_from(FIELDS),
    json_values,
).map(lambda resource: json.dumps(resource).encode())
cut = st.builds(lambda line, length: line[:length], spoiled, st.integers(0, 200))
noise = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))
bad_lines = st.lists(spoiled | cut | noise, max_size=20)


@settings(
    max_examples=10,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    scores=st.lists(st.integers(0, 10), min_size=1, max_size=4), bad=bad_lines, random=st.randoms()
)
def test_any_mixture_of_good_and_bad_lines_balances(shared_workshop, scores, bad, random):
    good = [
        json.dumps({**GOOD, "id": f"good-{place}", "valueInteger": score}).encode()
        for place, score in enumerate(scores)
    ]
    lines = [*good, *bad]
    random.shuffle(lines)
    shared_workshop.store.unlink(missing_ok=True)
    try:
        found = shared_workshop.map(*lines, read_score=lambda _: None)
    except AbateError as error:  # pragma: no cover - a failure, with our message instead of theirs
        pytest.fail(str(error))
    books = found.accounted["Observation"]
    assert books.received == sum(1 for line in lines if line.strip())
    assert books.received == books.mapped + books.ignored + books.rejected
    rows = {
        name: row["value"] for name, row in found.observations.items() if name.startswith("good-")
    }
    assert rows == {f"good-{place}": score for place, score in enumerate(scores)}
