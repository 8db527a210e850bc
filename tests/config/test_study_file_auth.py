"""The tables of a login and of TLS: what each kind takes, and that no secret stands there."""

import pytest

from abate.config.reader import read

SECRET = "hunter2"
SOURCE = 'url = "http://127.0.0.1:8080/fhir"\n'


def test_without_a_table_there_is_no_login(small):
    source = read(small).settings.source
    assert (source.auth.kind, source.insecure_http, source.ca) == ("none", False, None)


@pytest.mark.parametrize(
    "auth",
    [
        'kind = "none"',
        'kind = "basic"\nusername = "me"',
        'kind = "bearer"',
        'kind = "client-secret"\nclient_id = "abate"\ntoken_url = "https://x.example/t?p=1"',
        (
            'kind = "smart"\nclient_id = "abate"\nscopes = ["system/*.rs"]\nkid = "k"\n'
            'jku = "https://x.example/jwks.json"'
        ),
    ],
)
def test_each_kind_takes_its_keys(small, auth):
    text = small.read_text("utf-8").replace(SOURCE, f"{SOURCE}\n[source.auth]\n{auth}\n")
    small.write_text(f'{text}\n[target]\nurl = "https://y.example"\n[target.auth]\n{auth}\n')
    settings = read(small).settings
    assert settings.source.auth == settings.target.auth
    assert settings.source.auth.kind in auth


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ('kind = "oauth"', "line 9: source.auth.kind: expected 'none', 'basic', 'bearer'"),
        ('kind = "basic"', "line 8: source.auth.username: kind = 'basic' requires this key"),
        ('kind = "smart"', "line 8: source.auth.client_id: kind = 'smart' requires this key"),
        ('username = "me"', "line 9: source.auth.username: kind = 'none' does not use this key"),
        (
            'kind = "client-secret"\nclient_id = "a"\nkid = "k"',
            "line 11: source.auth.kid: kind = 'client-secret' does not use this key",
        ),
        (
            f'kind = "client-secret"\nclient_id = "a"\ntoken_url = "http://x.example/{SECRET}"',
            "line 11: source.auth.token_url: expected an https URL: secrets are sent to it",
        ),
        (
            f'kind = "client-secret"\nclient_id = "a"\ntoken_url = "https://me:{SECRET}@x.example/"',
            "line 11: source.auth.token_url: the URL contains a user name or password",
        ),
        (
            'kind = "basic"\nusername = "a:b"',
            "source.auth.username: expected a user name without",
        ),
        (
            'kind = "smart"\nclient_id = "a"\nscopes = ["a b"]',
            "source.auth.scopes.1: expected one scope per entry",
        ),
    ],
)
def test_a_login_that_says_too_little_or_too_much_is_told(fault, auth, words):
    [line] = fault(SOURCE, f"{SOURCE}\n[source.auth]\n{auth}\n")
    assert words in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "token",
        "secret",
        "client_secret",
        "private_key",
        "access_token",
        "api_key",
        "key",
    ],
)
@pytest.mark.parametrize("table", ["source", "target"])
def test_a_secret_in_a_login_is_refused_and_not_shown(fault, table, name):
    add = f'kind = "bearer"\n{name} = "{SECRET}"\n'
    head = '[target]\nurl = "https://x.example"\n' if table == "target" else ""
    [line] = fault(SOURCE, f"{SOURCE}\n{head}[{table}.auth]\n{add}")
    assert f"{table}.auth.{name}: unknown key. A study file must not contain secrets" in line
    assert f"they come from the environment (ABATE_{table.upper()}_...)" in line
    assert SECRET not in line


def test_a_secret_in_the_place_of_a_table_is_not_shown(fault):
    assert SECRET not in fault(SOURCE, f'{SOURCE}auth = "Bearer {SECRET}"\n')[0]


def test_a_key_without_its_certificate_is_told(fault):
    assert fault(SOURCE, f'{SOURCE}certificate_key = "key.pem"\n') == [
        (
            "small.toml, line 7: source.certificate_key: this key needs a "
            "certificate, but none is set"
        )
    ]


def test_how_a_server_is_entered_does_not_change_what_results_depend_on(small):
    before = read(small).digest
    text = small.read_text("utf-8")
    more = 'ca = "ca.pem"\ninsecure_http = true\n[source.auth]\nkind = "bearer"\n'
    small.write_text(text.replace(SOURCE, SOURCE + more))
    assert read(small).digest == before
    target = '[target]\nurl = "https://x.example"\n'
    small.write_text(f"{text}\n{target}")
    other = read(small).digest
    assert other != before
    small.write_text(f'{text}\n{target}ca = "ca.pem"\n[target.auth]\nkind = "bearer"\n')
    assert read(small).digest == other
