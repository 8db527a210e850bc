"""Secrets: from the environment only, named by their variable, and seen by nobody."""

import pytest

from abate.auth.secrets import Secret, secret, variable
from abate.errors import AbateError

KINDS = {
    "basic": "ABATE_SOURCE_PASSWORD",
    "bearer": "ABATE_SOURCE_TOKEN",
    "client-secret": "ABATE_SOURCE_CLIENT_SECRET",
    "smart": "ABATE_SOURCE_PRIVATE_KEY",
}


@pytest.mark.parametrize(("kind", "name"), KINDS.items())
def test_each_kind_has_a_variable(kind, name):
    assert variable("source", kind) == name
    assert secret("source", kind, {name: "s"}).value == "s"
    target = name.replace("SOURCE", "TARGET")
    assert secret("target", kind, {name: "s", target: "t"}).value == "t"


@pytest.mark.parametrize(("kind", "name"), KINDS.items())
def test_one_that_is_missing_is_named_with_its_kind(kind, name):
    with pytest.raises(AbateError) as refused:
        secret("source", kind, {})
    assert str(refused.value) == (
        f"a login of kind {kind!r} ([source.auth]) needs a secret in the environment: set "
        f"{name}, or {name}_FILE to the path of a file that contains it"
    )


def test_a_file_may_hold_it_and_its_last_line_break_is_none_of_it(tmp_path):
    path = tmp_path / "token"
    path.write_text("  abc.def\r\n")
    found = secret("source", "bearer", {"ABATE_SOURCE_TOKEN_FILE": str(path)})
    assert found.value == "abc.def"


def test_both_are_one_too_many(tmp_path):
    path = tmp_path / "token"
    path.write_text("b")
    both = {"ABATE_SOURCE_TOKEN": "a", "ABATE_SOURCE_TOKEN_FILE": str(path)}
    with pytest.raises(AbateError, match="ABATE_SOURCE_TOKEN and ABATE_SOURCE_TOKEN_FILE are both"):
        secret("source", "bearer", both)


def test_a_file_that_is_not_there_is_told_and_its_path_is_not(tmp_path):
    path = {"ABATE_SOURCE_TOKEN_FILE": str(tmp_path / "MARKER")}
    with pytest.raises(AbateError, match="file of ABATE_SOURCE_TOKEN_FILE cannot be read: No such"):
        secret("source", "bearer", path)
    with pytest.raises(AbateError) as refused:
        secret("source", "bearer", path)
    assert "MARKER" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "token"
    path.write_bytes(b"\xff\xfeMARKER")
    with pytest.raises(AbateError, match="is not UTF-8 text"):
        secret("source", "bearer", {"ABATE_SOURCE_TOKEN_FILE": str(path)})


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_one_is_none(tmp_path, empty):
    path = tmp_path / "token"
    path.write_text(empty)
    with pytest.raises(AbateError, match="ABATE_SOURCE_TOKEN is empty"):
        secret("source", "bearer", {"ABATE_SOURCE_TOKEN": empty})
    with pytest.raises(AbateError, match="the file of ABATE_SOURCE_TOKEN_FILE is empty"):
        secret("source", "bearer", {"ABATE_SOURCE_TOKEN_FILE": str(path)})


@pytest.mark.parametrize("value", ["MARKER two", "MARKER\nX: 1", "MARKER\u20ac"])
def test_what_cannot_stand_in_a_header_is_no_token_and_not_shown(enter, front, monkeypatch, value):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", value)
    with pytest.raises(AbateError, match="a character that is invalid in a token") as refused:
        enter(auth={"kind": "bearer"})
    assert "MARKER" not in str(refused.value)
    assert front.requests == []


def test_a_secret_shows_its_variable_and_not_its_value():
    assert repr(Secret("ABATE_SOURCE_TOKEN", "MARKER")) == "Secret(name='ABATE_SOURCE_TOKEN')"


def test_no_object_of_a_login_shows_what_it_holds(enter, authority, key, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_PASSWORD", "MARKER")
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "MARKER")
    monkeypatch.setenv("ABATE_SOURCE_PRIVATE_KEY", key.private_pem().decode())
    authority.register("abate", key)
    name = {"client_id": "abate"}
    auths = [{"kind": "basic", "username": "me"}, {"kind": "client-secret", **name}]
    servers = [enter(auth=auth) for auth in (*auths, {"kind": "smart", **name})]
    servers[2].get("Patient")
    secrets = ["MARKER", "TUFSS0VS", *key.private_pem().decode().splitlines()[1:-1]]
    for server in servers:
        login = server._access.login
        tokens = getattr(login, "_tokens", None)
        parts = [server, server._access, login, tokens, getattr(tokens, "_token", None)]
        if tokens:
            endpoint = tokens._ask.__self__
            parts += [endpoint, endpoint.client, endpoint.client.show(endpoint.find())]
        for marker in secrets:
            assert marker not in repr(parts)
