"""A pull from files: what they may be, what lands, and what is said of it."""

import gzip
import json
import sys

import pytest

from abate.auth import servers
from abate.errors import NothingFound, SourceError, StudyFileError
from abate.mapping import statements
from abate.source.files import reader

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CANARY = "Zwitscher-Canary"
SCORES = ["s10", "s17"]


def bundle(*resources, kind="collection"):
    entries = [{"fullUrl": f"urn:x:{n}", "resource": one} for n, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def lines(resources):
    return "".join(json.dumps(one) + "\n" for one in resources).encode()


def versioned(resources):
    meta = {"versionId": "1", "lastUpdated": "2026-02-01T10:00:00Z"}
    return [{**one, "meta": meta} for one in resources]


def test_files_bring_the_rows_that_a_search_of_the_same_server_brings(house, resources, serve):
    base = serve(versioned(resources))
    house.write("all.ndjson", versioned(resources))
    house.run(base=base)
    from_files = house.rows()
    (house.folder / "abate-output" / "store.duckdb").unlink()
    house.run(base=base, source='strategy = "population"')
    assert all(from_files.values())
    assert [[row[1] for row in rows] for rows in from_files.values()] == [
        ["p1"], ["t1"], ["c1"], SCORES,
    ]  # fmt: skip
    assert _without_versions(from_files) == _without_versions(house.rows())


def _without_versions(rows):
    """The sandbox writes version and time of its own; resource and content hold them."""
    return {table: [(row[:2], *row[4:6], *row[8:-1]) for row in of] for table, of in rows.items()}


def test_no_server_is_opened(house, resources, monkeypatch):
    monkeypatch.setattr(servers, "FhirServer", None)
    house.write("all.ndjson", resources)
    house.run()
    assert house.ids("observation") == SCORES


def test_absolute_references_are_those_of_the_url(house, resources):
    for one in resources[1:]:
        one["subject"] = {"reference": "https://fhir.example.com/r4/Patient/p1"}
    house.write("all.ndjson", resources)
    house.run()
    assert house.ask("select distinct patient_id from observation") == [("p1",)]
    assert house.ids("patient") == ["p1"]


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, zstd.compress, bytes, lambda content: b"\xef\xbb\xbf\n\n" + content],
    ids=["gzip", "zstd", "plain", "with a mark and blank lines"],
)
@pytest.mark.parametrize("name", ["all.ndjson", "all.json", "all"])
def test_ndjson_is_read_as_what_it_holds_whatever_its_name(house, resources, pack, name):
    house.write(name, pack(lines(resources)))
    house.run("all*")
    assert house.ids("observation") == SCORES


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "batch"])
@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bytes])
def test_a_bundle_of_any_type_gives_its_resources(house, resources, indent, kind, pack):
    text = json.dumps(bundle(*resources, kind=kind), indent=indent)
    house.write("all.json", pack(text.encode()))
    house.run("all.json")
    assert house.ids("observation") == SCORES
    assert house.ids("condition") == ["c1"]


def test_single_resources_give_themselves(house, resources):
    for place, one in enumerate(resources):
        house.write(f"deep/er/{place}.json", json.dumps(one, indent=place % 2 or None))
    house.run("deep/**/*.json")
    assert house.ids("observation") == SCORES


def test_a_line_may_be_a_bundle_and_a_bundle_may_hold_one(house, resources):
    house.write("all.ndjson", [bundle(*resources[:2]), bundle(bundle(*resources[2:]))])
    house.run()
    assert house.ids("observation") == SCORES
    assert house.ids("procedure") == ["t1"]


def test_entries_without_a_resource_are_none(house, resources):
    whole = bundle(*resources)
    whole["entry"].append({"request": {"method": "DELETE", "url": "Patient/p9"}})
    house.write("all.json", json.dumps(whole))
    house.run("all.json")
    assert house.ask("select sum(received) from ledger") == [(5,)]


def test_the_bytes_of_a_resource_stay_as_they_were_sent(house, resources):
    text = json.dumps(bundle(*resources)).replace(
        '"valueInteger": 5', '"valueQuantity":{"value":5.00}'
    )
    house.write("all.json", text)
    house.run("all.json")
    assert house.ask("select distinct raw from observation") == [("5.00",)]


def test_other_types_are_counted_and_nothing_more(house, resources):
    others = [{"resourceType": "Encounter", "id": CANARY}] * 2 + [{"resourceType": "Parameters"}]
    others.append({"resourceType": "Zwitscher"})
    house.write("all.ndjson", [*others, *resources])
    house.run()
    assert (
        "excluded, of types that abate does not read: 2 Encounter, 1 Parameters, 1 an unknown type"
        in (house.said)
    )
    assert CANARY not in " ".join(house.said)


def test_the_books_hold_every_line_and_files_are_their_pages(house, resources):
    house.write("1.ndjson", resources)
    house.write("2.ndjson", resources[3:])
    house.run()
    assert house.ask("select * exclude (run_id) from ledger order by type") == [
        ("files", "Condition", None, 1, 1, 0),
        ("files", "Observation", None, 4, 2, 0),
        ("files", "Patient", None, 1, 1, 0),
        ("files", "Procedure", None, 1, 1, 0),
    ]
    sql = "select received, mapped, ignored, rejected from accounted where type = 'Observation'"
    assert house.ask(sql) == [(4, 2, 2, 0)]


def test_of_several_versions_in_several_files_the_newest_counts(house, resources):
    old, new = (
        [{**one, "meta": {"lastUpdated": f"2026-02-0{day}T00:00:00Z"}} for one in resources]
        for day in (1, 2)
    )
    new[3]["valueInteger"] = 9
    house.write("1.ndjson", new)
    house.write("2.ndjson", old)
    house.run()
    assert house.ask("select value from observation order by id") == [(9.0,), (5.0,)]


def test_a_broken_line_is_rejected_by_the_name_of_its_file_and_its_number_there(house, resources):
    house.write("a.ndjson", resources)
    house.write("b.ndjson", lines(resources[:4]) + b"\n{cut" + b"\n[]\n" + lines(resources[4:]))
    house.run()
    assert house.ask("select file, type, line, reason from rejected order by line") == [
        ("b.ndjson", "Observation", 6, "malformed-line"),
        ("b.ndjson", "Observation", 7, "no-resource"),
    ]


def test_a_broken_line_has_the_type_that_the_name_of_its_file_tells(house, resources):
    house.write("all.ndjson", resources)
    house.write("Patient.000.ndjson", b"{cut\n")
    house.write("other.ndjson", b"{cut\n")
    house.run()
    assert house.ask("select file, type, line from rejected order by file") == [
        ("Patient.000.ndjson", "Patient", 1),
        ("other.ndjson", "Observation", 1),
    ]


def test_a_resource_without_an_id_is_rejected_by_its_entry(house, resources):
    del resources[3]["id"]
    whole = bundle(*resources)
    del whole["entry"][3]["fullUrl"]
    house.write("all.json", json.dumps(whole))
    house.run("all.json")
    assert house.ask("select file, type, line, reason from rejected") == [
        ("all.json", "Observation", 4, "no-id")
    ]


def test_what_no_index_procedure_needs_is_let_go_of_or_ignored(house, resources):
    more = json.loads(
        json.dumps(resources).replace('"p1"', '"p2"').replace("Patient/p1", "Patient/p2")
    )
    more[1] = {**more[1], "id": "t2", "code": {"coding": [{"system": "urn:s", "code": "no"}]}}
    house.write("all.ndjson", [*resources, *more[:2]])
    house.run()
    assert house.ids("patient") == ["p1"]
    assert house.ask("select id, state from procedure order by id")[0] == ("t1", "mapped")


def test_the_files_are_the_whole_each_time(house, resources):
    house.write("all.ndjson", resources)
    house.run()
    house.write("all.ndjson", resources[:4])
    house.run()
    assert house.ids("observation") == ["s10"]
    assert house.ask("select type, id from tombstone") == [("Observation", "s17")]


def test_a_search_after_files_is_of_everything(house, resources, serve):
    base, search = serve(resources), 'strategy = "population"'
    house.run(base=base, source=search)
    house.write("all.ndjson", resources[:4])
    house.run(base=base)
    assert house.ask("select moment from watermark") == [(None,)]
    house.run(base=base, source=search)
    assert house.ids("observation") == SCORES


def test_a_file_that_two_patterns_name_is_read_once(house, resources):
    house.write("all.ndjson", resources)
    house.run("all.ndjson", "*.ndjson", str(house.folder / "all.ndjson"))
    assert house.ask("select received from ledger where type = 'Patient'") == [(1,)]


def test_a_name_that_a_glob_finds_is_shown_where_it_is_a_type_and_a_number(house, resources):
    """A file may be called after a patient."""
    house.write("Observation.000.ndjson", resources)
    house.write("CANARY_Anna_MRN4711.ndjson", resources)
    (house.folder / "CANARY_Bert.ndjson").write_text('{"cut', "utf-8")
    with pytest.raises(SourceError, match=r"^file 2 of \*\.ndjson is truncated"):
        house.run("*.ndjson")
    assert [one.partition(" (")[0] for one in house.said if one.startswith("reading")] == [
        "reading file 1 of *.ndjson",
        "reading file 2 of *.ndjson",
    ]
    (house.folder / "CANARY_Bert.ndjson").unlink()
    house.run("*.ndjson")
    assert "reading Observation.000.ndjson (2 of 2)" in house.said


def test_a_name_with_brackets_is_a_name(house, resources):
    house.write("all[1].ndjson", resources)
    house.run("all[1].ndjson")
    assert house.ids("observation") == SCORES


@pytest.mark.parametrize("files", [["none.ndjson"], ["none/*.ndjson"], ["all.ndjson", "*.zst"]])
def test_a_pattern_that_leads_to_no_file_stops_the_run(house, resources, files):
    house.write("all.ndjson", resources)
    with pytest.raises(SourceError, match=rf"{files[-1].replace('*', '.')} of \[source\] files"):
        house.run(*files)


def test_a_folder_is_no_file(house, resources):
    house.write("export/all.ndjson", resources)
    with pytest.raises(SourceError, match=r"export of .* is a folder: .* as export/\*"):
        house.run("export")


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("kept", [0, 3, 20, -3])
def test_a_packed_file_that_is_cut_off_stops_the_run_and_is_named(house, resources, pack, kept):
    house.write("good.ndjson", resources)
    house.run()
    name = f"bad.ndjson.{'gz' if pack is gzip.compress else 'zst'}"
    house.write(name, pack(lines(resources * 40))[:kept])
    with pytest.raises(SourceError, match=r"^file 1 of bad\* is truncated or damaged"):
        house.run("good.ndjson", "bad*")
    with pytest.raises(SourceError, match=rf"^{name} is truncated or damaged"):
        house.run("good.ndjson", name)
    assert house.ids("observation") == SCORES


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_packed_file_that_is_damaged_stops_the_run(house, resources, pack):
    packed = bytearray(pack(lines(resources)))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    house.write("bad.ndjson", bytes(packed))
    with pytest.raises(SourceError, match=r"^bad\.ndjson is truncated or damaged"):
        house.run("bad.ndjson")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"resourceType": "Bundle",\n "entry": [{"resource": {"id": "CANARY"', "neither NDJSON"),
        ('{"resourceType": "Bundle",\n "entry": {"CANARY": 1}}', "Bundle that cannot be read"),
        ('{"resourceType": "Bundle", "entry": 7}', "Bundle that cannot be read"),
        ('{"resourceType": "Bundle", "type": "history"}', "type history"),
        ("CANARY\n<html>", "neither NDJSON"),
    ],
)
def test_a_bundle_that_cannot_be_read_stops_the_run_and_is_named(house, text, words):
    house.write("bad.json", text.replace("CANARY", CANARY))
    with pytest.raises(SourceError, match=rf"^bad\.json .*{words}") as caught:
        house.run("bad.json")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_may_not_be_read_stops_the_run_and_is_named(house, resources, monkeypatch):
    house.write("all.ndjson", resources)
    path = type(house.folder)
    opened = path.open

    def refuse(self, *arguments, **named):
        if self.name == "all.ndjson":
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **named)

    monkeypatch.setattr(path, "open", refuse)
    with pytest.raises(SourceError, match=r"^all\.ndjson cannot be read: Permission denied"):
        house.run("all.ndjson")


def test_a_line_that_is_too_long_is_named_by_its_number(tmp_path):
    (tmp_path / "long").write_bytes(b"{}\n" + b"x" * 21)
    with (
        (tmp_path / "long").open("rb") as file,
        pytest.raises(SourceError, match=r"^long, line 2, is longer than"),
    ):
        list(reader.contents(file, reader.Called("long", "long"), largest=20))


def test_a_bundle_that_is_too_large_is_refused(tmp_path):
    (tmp_path / "large").write_bytes(b"{\n" + b"x\n" * 10)
    with (
        (tmp_path / "large").open("rb") as file,
        pytest.raises(SourceError, match=r"^large is larger than"),
    ):
        list(reader.contents(file, reader.Called("large", "large"), largest=20))


def test_files_without_an_index_procedure_or_a_score_are_nothing_to_study(house, resources):
    house.write("all.ndjson", [one for one in resources if one["id"] != "t1"])
    with pytest.raises(NothingFound, match=r"\[index\]"):
        house.run()
    house.write("all.ndjson", resources[:3])
    with pytest.raises(NothingFound, match=r"\[scores\]"):
        house.run()


@pytest.mark.parametrize("source", ['strategy = "files"', 'files = ["a"]'])
def test_the_strategy_and_its_files_go_together(house, source):
    with pytest.raises(StudyFileError, match="require each other"):
        house.run(source=source)


def test_many_lines_of_other_types_between_two_cost_no_line(house, resources):
    other = b'{"resourceType": "Encounter"}\n' * 200_000
    house.write("all.ndjson", lines(resources[:4]) + other + b"{cut\n" + lines(resources[4:]))
    house.run()
    assert house.ids("observation") == SCORES
    assert house.ask("select line from rejected") == [(200_005,)]


def searches(house):
    """What the store knows of each type: its state."""
    return dict(house.ask("select type, state from search order by type"))


def test_a_type_of_which_files_hold_nothing_is_not_known(house, resources):
    """The files of an export without Conditions do not say that there are none."""
    house.write("all.ndjson", resources)
    house.run()
    assert searches(house)["Condition"] == "works"
    without = [one for one in resources if one["resourceType"] != "Condition"]
    house.write("all.ndjson", without)
    house.run()
    assert searches(house)["Condition"] == "open"


def test_what_another_mapping_has_read_is_not_what_this_one_reads(house, resources, monkeypatch):
    """The next pull is whole, and each row is read anew."""
    house.write("all.ndjson", resources)
    readings = []
    for fingerprint in (statements.fingerprint(), statements.fingerprint(), "another"):
        monkeypatch.setattr(statements, "fingerprint", lambda found=fingerprint: found)
        house.run()
        readings += house.ask("select reading from watermark")
    assert readings[0] == readings[1] != readings[2]
