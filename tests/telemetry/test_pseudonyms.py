"""Keyed hashes: the same for the same resource and key, and for no other."""

import hashlib
import hmac
import stat

from abate.telemetry.pseudonyms import naming, pseudonym


def test_a_pseudonym_is_the_hmac_of_type_and_id():
    whole = hmac.new(b"key", b"Procedure/4711", hashlib.sha256).hexdigest()
    assert pseudonym(b"key", "Procedure", "4711") == f"Procedure~{whole[:12]}"


def test_two_types_or_two_keys_give_two_pseudonyms():
    one = pseudonym(b"key", "Procedure", "4711")
    assert one.partition("~")[2] != pseudonym(b"key", "Patient", "4711").partition("~")[2]
    assert one != pseudonym(b"other", "Procedure", "4711")


def test_a_folder_keeps_its_key_for_its_owner_alone(tmp_path):
    first = naming(tmp_path)("Patient", "4711")
    assert naming(tmp_path)("Patient", "4711") == first
    path = tmp_path / "log.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(path.read_text("ascii"))) == 32


def test_a_key_is_made_only_when_a_resource_is_named(tmp_path):
    naming(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_folder_has_another_key(tmp_path):
    (tmp_path / "b").mkdir()
    assert naming(tmp_path)("Patient", "4711") != naming(tmp_path / "b")("Patient", "4711")


def test_what_is_no_key_is_replaced(tmp_path):
    (tmp_path / "log.key").write_bytes(b"\xff short")
    naming(tmp_path)("Patient", "4711")
    assert len(bytes.fromhex((tmp_path / "log.key").read_text("ascii"))) == 32


def test_without_a_folder_a_key_lasts_as_long_as_its_holder():
    one, other = naming(None), naming(None)
    assert one("Patient", "4711") == one("Patient", "4711") != other("Patient", "4711")
