"""Which version of a resource the store keeps, within a run and over runs."""

import pytest

from abate.errors import PluginError
from abate.mapping.scores import Score
from abate.store.database import opened


@pytest.fixture
def version(observation):
    """A score of `value`, as of that second; None: the server gives no lastUpdated."""

    def make(value, second=None, identifier="o", **changes):
        meta = {"versionId": f"abc-{value}"}
        if second is not None:
            meta["lastUpdated"] = f"2024-05-01T00:00:{second:02}.000+00:00"
        return observation(identifier, "72514-3", valueInteger=value, meta=meta, **changes)

    return make


def tombstones(workshop):
    with opened(workshop.store) as store:
        return store.rows("select type, id, run_id from tombstone order by all")


def value(found, identifier="o"):
    row = found.observations[identifier]
    return row["value"], row["version"], row["run_id"]


def test_of_a_duplicated_id_the_newest_wins_and_the_others_are_counted_as_ignored(
    workshop, version
):
    found = workshop.map(version(1, 10), version(3, 30), version(2, 20), version(9, 1, "other"))
    books = found.accounted["Observation"]
    assert value(found) == (3, "abc-3", "run")
    assert (books.received, books.mapped, books.ignored, books.rejected) == (4, 2, 2, 0)


def test_of_equal_duplicates_the_later_line_wins(workshop, version):
    found = workshop.map(
        *(version(score) for score in (1, 2, 3)),
        *(version(score, 10, "timed") for score in (4, 5, 6)),
        version(7, None, "timed"),
    )
    assert (value(found)[0], value(found, "timed")[0]) == (3, 6)


def test_a_rejected_newest_duplicate_is_not_replaced_by_an_older_good_one(workshop, version):
    found = workshop.map(version(5, 10), version(99, 20))
    books = found.accounted["Observation"]
    assert found.verdict("o") == ("rejected", "sentinel-99")
    assert (books.received, books.mapped, books.ignored, books.rejected) == (2, 0, 1, 1)


def test_a_newer_version_replaces_an_older_one(workshop, version):
    workshop.map(version(1, 10), run_id="first")
    assert value(workshop.map(version(2, 20), run_id="second")) == (2, "abc-2", "second")


def test_a_server_that_went_back_to_an_older_version_is_believed(workshop, version):
    workshop.map(version(2, 20), run_id="first")
    found = workshop.map(version(1, 10), run_id="second")
    assert value(found) == (1, "abc-1", "second")
    assert found.observations["o"]["last_updated"] == "2024-05-01 00:00:10"
    assert found.accounted["Observation"].mapped == 1


def test_versions_are_ordered_as_instants_and_not_as_text(workshop, version):
    late = version(2) | {"meta": {"lastUpdated": "2024-05-01T10:00:00+02:00", "versionId": "abc-2"}}
    early = version(1) | {
        "meta": {"lastUpdated": "2024-05-01T09:00:00+08:00", "versionId": "abc-1"}
    }
    assert value(workshop.map(late, early, run_id="first"))[0] == 2
    assert value(workshop.map(early, late, run_id="second"))[0] == 2


@pytest.mark.parametrize(("first", "second"), [(None, None), (20, None), (None, 10)])
def test_without_a_last_update_the_later_run_wins(workshop, version, first, second):
    workshop.map(version(1, first), run_id="first")
    assert value(workshop.map(version(2, second), run_id="second")) == (2, "abc-2", "second")


@pytest.mark.parametrize("updated", ["infinity", "yesterday", 5, "2024-05-01"])
def test_a_last_update_that_is_no_instant_counts_as_none(workshop, version, updated):
    workshop.map(version(1) | {"meta": {"lastUpdated": updated}}, run_id="first")
    found = workshop.map(version(2, 10), run_id="second")
    assert found.observations["o"]["last_updated"] == "2024-05-01 00:00:10"


def test_a_score_that_becomes_an_error_is_mapped_no_more(workshop, version):
    workshop.map(version(1, 10), version(2, 10, "other"), run_id="first")
    changed = version(1, 20, status="entered-in-error")
    found = workshop.map(changed, version(2, 10, "other"), run_id="second")
    assert found.verdict("o") == ("ignored", "status-entered-in-error")
    assert found.verdict("other") == ("mapped", None)


def test_the_same_id_on_another_server_is_another_resource(workshop, version):
    workshop.map(version(1, 20))
    workshop.map(version(2, 10), settings=["source.url=http://other.test/fhir"])
    with opened(workshop.store) as store:
        rows = store.rows("select server, value from observation order by server")
    assert rows == [("http://fhir.test/base", 1), ("http://other.test/fhir", 2)]


def test_the_store_keeps_the_json_as_it_was_sent(workshop):
    line = b'{"resourceType": "Patient",  "id": "p", "x": 6.50}'
    assert workshop.map(other={"Patient": [line]}).rows["patient"]["p"]["resource"] == line.decode()


def test_without_keep_raw_the_store_keeps_no_json(workshop, version):
    found = workshop.map(
        version(1),
        version(99, None, "rejected"),
        other={"Patient": [{"resourceType": "Patient", "id": "p"}]},
        settings=["output.keep_raw=false"],
    )
    rows = [*found.observations.values(), *found.rows["patient"].values()]
    assert [row["resource"] for row in rows] == [None, None, None]


READ = Score(value=7, raw="7/10", scale=10, unit="points", context="rest")


def test_a_plugin_reads_what_the_mapping_could_not(workshop, observation):
    seen = []

    def read_score(resource):
        seen.append(resource)
        return READ

    text = observation("text", "72514-3", valueString="7/10")
    row = workshop.map(text, read_score=read_score).observations["text"]
    assert seen == [text]
    assert (row["state"], row["reason"]) == ("mapped", None)
    assert (row["value"], row["raw"], row["scale"], row["unit"]) == (7, "7/10", 10, "points")
    assert (row["instrument"], row["context"]) == ("NRS", "rest")


def test_a_plugin_is_asked_only_where_the_value_alone_is_the_fault(workshop, observation):
    asked = []
    found = workshop.map(
        observation("a text", "72514-3", valueString="7/10"),
        observation("no scale", valueInteger=7),
        observation("two values", "72514-3", valueInteger=7, valueString="7/10"),
        observation("a list", "72514-3", valueQuantity=[{"value": 7}]),
        observation("good", "72514-3", valueInteger=7),
        observation("no patient", "72514-3", valueString="7", subject=None),
        observation("no date", "72514-3", valueString="7", effectiveDateTime=None),
        observation("99", "72514-3", valueInteger=99),
        observation("error", "72514-3", valueString="7", status="entered-in-error"),
        observation("interference", "77565-0", valueString="7"),
        read_score=lambda resource: asked.append(resource["id"]),
    )
    assert asked == ["a list", "a text", "no scale", "two values"]
    assert found.verdict("a text") == ("rejected", "value-not-a-number")


def test_a_plugin_never_changes_the_newer_version_of_what_it_reads(workshop, version):
    older = version(5, 10, valueString="5/10")  # two values: the mapping cannot read it
    found = workshop.map(older, version(3, 20), read_score=lambda _: READ)
    assert value(found)[0] == 3
    assert found.accounted["Observation"].mapped == 1


def test_a_plugin_that_stops_undoes_the_load(workshop, observation, version):
    def stop(_):
        raise PluginError("stopped")

    workshop.map(version(1), run_id="first")
    with pytest.raises(PluginError):
        workshop.map(observation("x", valueInteger=7), read_score=stop, run_id="second")
    assert set(workshop.map(version(2), run_id="third").observations) == {"o"}


def test_a_resource_that_python_cannot_read_stays_rejected(workshop, observation):
    line = b'{"resourceType": "Observation", "id": "x", "status": "final", ' + b" ".join(
        [
            b'"code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},',
            b'"subject": {"reference": "Patient/p"}, "effectiveDateTime": "2020-01-02",',
            b'"valueString": "7/10",}',
        ]
    )
    found = workshop.map(
        line, observation("y", "72514-3", valueString="7"), read_score=lambda _: READ
    )
    assert found.verdict("x") == ("rejected", "value-not-a-number")
    assert found.verdict("y") == ("mapped", None)


def test_what_a_later_pull_does_not_bring_is_gone_without_its_json(workshop, version):
    workshop.map(version(1, 10), version(2, 10, "other"), run_id="first")
    found = workshop.map(version(2, 10, "other"), run_id="second")
    assert set(found.observations) == {"other"}
    assert tombstones(workshop) == [("Observation", "o", "second")]
    assert found.verdict("other") == ("mapped", None)


def test_among_changes_only_what_is_known_to_be_gone_is_gone(workshop, version):
    workshop.map(version(1, 10), version(2, 10, "other"), version(3, 10, "third"), run_id="first")
    found = workshop.map(
        version(4, 20), run_id="second", changes=["Observation"], gone={"Observation": ("other",)}
    )
    assert set(found.observations) == {"o", "third"}
    assert value(found) == (4, "abc-4", "second")
    assert tombstones(workshop) == [("Observation", "other", "second")]


def test_among_changes_an_older_version_came_late(workshop, version):
    workshop.map(version(2, 20), run_id="first")
    found = workshop.map(version(1, 10), run_id="second", changes=["Observation"])
    assert value(found) == (2, "abc-2", "first")


def test_what_says_the_same_is_not_written_again_unless_it_is_read_anew(workshop, version):
    workshop.map(version(1, 10), run_id="first")
    assert value(workshop.map(version(1, 10), run_id="second", is_read_anew=False))[2] == "first"
    assert value(workshop.map(version(1, 10), run_id="third", is_read_anew=True))[2] == "third"


def test_what_was_gone_comes_back_even_in_an_older_version(workshop, version):
    workshop.map(version(2, 20), run_id="first")
    workshop.map(version(2, 10, "other"), run_id="second")
    found = workshop.map(version(1, 10), version(2, 10, "other"), run_id="third")
    assert found.verdict("o") == ("mapped", None)
    assert tombstones(workshop) == []


def test_what_was_rejected_stands_in_one_view_by_id_or_by_line(workshop, version):
    workshop.map(version(1, 10), version(1, 10, "bad", status="nonsense"), b"{broken")
    with opened(workshop.store) as store:
        rows = store.rows("select type, id, line, reason from rejected order by line nulls first")
    assert rows == [
        ("Observation", "bad", None, "status-malformed"),
        ("Observation", None, 3, "malformed-line"),
    ]
