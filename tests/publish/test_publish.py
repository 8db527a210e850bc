"""Publish: what is new, what differs, what stays as it is."""

import requests


def counts(ran):
    assert ran.exit_code == 0, ran.err
    return ran.json["create"], ran.json["update"], ran.json["unchanged"]


def test_first_all_is_created_and_then_all_is_unchanged(abate, ran, around):
    assert counts(abate("publish", ran, "--json")) == (4 + around, 0, 0)
    assert counts(abate("publish", ran, "--json")) == (0, 0, 4 + around)


def test_unchanged_moves_no_version(abate, ran, source, around):
    abate("publish", ran)
    before = source.ours()
    abate("publish", ran)
    assert len(before) == 4 + around
    assert source.ours() == before


def test_the_same_data_run_again_are_unchanged(abate, study):
    created, *others = counts(abate("sync", study, "--json"))
    assert others == [0, 0]
    assert counts(abate("sync", study, "--json")) == (0, 0, created)


def test_a_dry_run_shows_the_difference_and_writes_nothing(abate, ran, source, around):
    shown = abate("publish", ran, "--dry-run", "--json")
    assert counts(shown) == (4 + around, 0, 0)
    assert shown.json["dry_run"] is True
    assert source.ours() == {}
    assert not (ran.parent / "abate-output" / "bundle.json").exists()


def test_a_dry_run_after_a_publication_says_unchanged(abate, ran, around):
    abate("publish", ran)
    assert counts(abate("publish", ran, "--dry-run", "--json")) == (0, 0, 4 + around)


def test_a_changed_score_updates_what_follows_from_it_and_nothing_else(abate, study, source):
    abate("sync", study)
    before = source.ours()
    score = source.get("Observation/lesion-08-Wk1").json()
    score["valueQuantity"]["value"] = 1
    source.put(score)
    # Lesion 8 from 2 to 1 in place of 2 to 4: of seven pairs all are falls. 2 / 2^7.
    assert counts(abate("sync", study, "--json"))[0] == 0
    assert source.statistic("week/falls")["valueQuantity"]["value"] == 7
    test = source.statistic("week/sign-test")
    p = [one["valueQuantity"]["value"] for one in test["component"] if "p-value" in str(one)]
    assert p == [0.015625]
    after = source.ours()
    same = [name for name in before if before[name] == after[name]]
    ties = f"Observation/{source.statistic('week/ties')['id']}"
    assert ties in same
    assert [name for name in same if name.startswith("Group")]


def test_a_figure_that_was_tampered_with_is_put_right(abate, ran, source, around):
    abate("publish", ran)
    falls = source.statistic("week/falls")
    falls["valueQuantity"]["value"] = 99
    source.put(falls)
    shown = abate("publish", ran, "--json")
    assert counts(shown) == (0, 1, 3 + around)
    [change] = [one for one in shown.json["changes"] if one["action"] == "update"]
    assert change["differs"] == ["valueQuantity"]
    assert source.statistic("week/falls")["valueQuantity"]["value"] == 6


def test_a_p_that_was_tampered_with_is_put_right(abate, ran, source, around):
    abate("publish", ran)
    test = source.statistic("week/sign-test")
    [p] = [one for one in test["component"] if "p-value" in str(one)]
    p["valueQuantity"]["value"] = 0.001
    source.put(test)
    assert counts(abate("publish", ran, "--json")) == (0, 1, 3 + around)
    assert "0.125" in str(source.statistic("week/sign-test")["component"])


def test_a_signature_is_not_taken_back(abate, ran, source, around):
    abate("publish", ran)
    [report] = source.all("DiagnosticReport").values()
    source.put({**report, "status": "final"})
    assert counts(abate("publish", ran, "--json")) == (0, 0, 4 + around)
    [report] = source.all("DiagnosticReport").values()
    assert report["status"] == "final"


def test_what_was_deleted_there_is_created_again(abate, ran, source, around):
    abate("publish", ran)
    falls = source.statistic("week/falls")
    [provenance] = source.all("Provenance").values()
    [report] = source.all("DiagnosticReport").values()
    for name in (f"Provenance/{provenance['id']}", f"DiagnosticReport/{report['id']}"):
        assert requests.delete(f"{source.base}/{name}", timeout=5).status_code < 300
    assert source.get(f"Provenance/{provenance['id']}").status_code == 410
    assert counts(abate("publish", ran, "--json")) == (2, 0, 2 + around)
    assert source.statistic("week/falls") == falls


def test_the_report_may_go_to_another_server_than_the_source(abate, study, source, serve):
    text = study.read_text()
    target = type(source)(serve([]))
    study.write_text(text.replace("[codes]", f'[target]\nurl = "{target.base}"\n\n[codes]'))
    created = counts(abate("sync", study, "--json"))[0]
    assert len(target.ours()) == created > 0
    assert source.ours() == {}


def test_the_bundle_that_was_sent_is_kept_for_its_owner_only(abate, ran):
    abate("publish", ran)
    bundle = ran.parent / "abate-output" / "bundle.json"
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert '"type":"transaction"' in bundle.read_text()


def test_no_patient_is_in_what_is_published(abate, ran, source):
    abate("publish", ran)
    text = str(source.ours())
    assert not [word for word in ("Patient/", "Procedure/", "Zwitscher", "CANARY") if word in text]
