"""`abate keygen`: two files, one for nobody else's eyes, and what to do next."""

import json
import os
import stat

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from abate.auth import keys
from abate.auth.secrets import Secret
from abate.cli.commands.keygen import command


@pytest.fixture(params=["ES384", "RS384"])
def made(request, abate, tmp_path):
    folder = tmp_path / "keys"
    ran = abate("keygen", "--algorithm", request.param, "--out", folder, "--json")
    assert (ran.exit_code, ran.err) == (0, "")
    return ran.json


def test_the_private_key_is_its_owner_s_only(made, tmp_path):
    path = tmp_path / "keys" / "abate-private-key.pem"
    assert made["private_key"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text("ascii").startswith("-----BEGIN PRIVATE KEY-----\n")


def test_it_is_so_whatever_the_umask_is(tmp_path):
    before = os.umask(0)
    try:
        command(["--out", str(tmp_path / "keys")], standalone_mode=False)
    finally:
        os.umask(before)
    path = tmp_path / "keys" / "abate-private-key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_key_set_holds_the_public_key_only(made, tmp_path):
    path = tmp_path / "keys" / "abate-jwks.json"
    assert made["jwks"] == str(path)
    [jwk] = json.loads(path.read_text("utf-8"))["keys"]
    told = {"kid": made["kid"], "use": "sig", "alg": made["algorithm"], "key_ops": ["verify"]}
    assert {key: jwk[key] for key in told} == told
    parts = {"ES384": {"kty", "crv", "x", "y"}, "RS384": {"kty", "n", "e"}}
    assert set(jwk) - set(told) == parts[made["algorithm"]]


def test_the_two_are_a_pair_by_the_thumbprint(made, tmp_path):
    key = keys.read(Secret("X", (tmp_path / "keys" / "abate-private-key.pem").read_text()))
    assert key.kid == made["kid"] == key.key.thumbprint()
    public = KeySet.import_key_set(json.loads((tmp_path / "keys" / "abate-jwks.json").read_text()))
    signed = key.sign({"kid": key.kid}, {"iss": "abate"})
    assert jws.deserialize_compact(signed, public, algorithms=["ES384", "RS384"]).payload


@pytest.mark.parametrize("there", ["abate-private-key.pem", "abate-jwks.json"])
def test_a_file_that_is_there_stays_as_it_is(abate, tmp_path, there):
    path = tmp_path / there
    path.write_text("mine")
    ran = abate("keygen", "--out", tmp_path)
    assert (ran.exit_code, ran.out) == (2, "")
    assert f"{path} already exists and is not overwritten" in ran.err
    assert [one.name for one in tmp_path.iterdir()] == [there]
    assert path.read_text() == "mine"


def test_what_to_do_next_is_told_and_the_key_is_not(abate, tmp_path):
    ran = abate("keygen", "--out", tmp_path)
    path = tmp_path / "abate-private-key.pem"
    assert "register the JWKS at the server" in ran.out
    assert f"ABATE_SOURCE_PRIVATE_KEY_FILE={path}" in ran.out
    assert 'kind = "smart"' in ran.out
    for line in path.read_text().splitlines():
        assert line not in ran.out


def test_a_folder_that_cannot_be_made_is_told(abate, tmp_path):
    (tmp_path / "file").write_text("")
    ran = abate("keygen", "--out", tmp_path / "file" / "keys")
    assert ran.exit_code == 1
    assert "Not a directory" in ran.err
