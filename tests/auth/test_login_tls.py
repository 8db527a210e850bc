"""TLS: a site's own authority, and our own certificate for servers that want one."""

import ssl
from contextlib import ExitStack

import pytest
import trustme
from joserfc.jwk import RSAKey
from pytest_httpserver import HTTPServer

from abate.errors import SourceError, StudyFileError
from abate.fhir.client import FhirServer

STATEMENT = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The authority of a site, and the files that its people are given."""
    folder = tmp_path_factory.mktemp("site")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    client = authority.issue_cert("abate@hospital.example")
    client.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    client.private_key_pem.write_to_path(folder / "key.pem")
    client.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    (folder / "no.pem").write_text("MARKER, and no PEM")
    return authority, folder


@pytest.fixture
def secured(site):
    """A FHIR server with a certificate of the site; it may want one of its clients."""
    authority, _ = site
    with ExitStack() as servers:

        def start(*, wants_ours):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            if wants_ours:
                authority.configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED
            server = servers.enter_context(HTTPServer("127.0.0.1", 0, ssl_context=context))
            server.expect_request("/fhir/metadata").respond_with_json(STATEMENT)
            return server.url_for("/fhir")

        yield start


@pytest.fixture
def reach(enter, site):
    """Ask a server for its statement, with files of the site in `[source]`."""
    _, folder = site

    def ask(base, **files):
        paths = {key: str(folder / name) for key, name in files.items()}
        return enter(base=base, **paths).capability()

    return ask


def test_a_server_of_a_site_is_trusted_by_its_own_authority(secured, reach):
    assert reach(secured(wants_ours=False), ca="ca.pem")["fhirVersion"] == "4.0.1"


def test_without_it_the_server_is_not_trusted(secured, reach):
    with pytest.raises(SourceError, match="its certificate is not trusted"):
        reach(secured(wants_ours=False))


def test_the_environment_does_not_take_the_place_of_the_study_file(
    secured, reach, monkeypatch, tmp_path
):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert reach(secured(wants_ours=False), ca="ca.pem")["fhirVersion"] == "4.0.1"


@pytest.mark.parametrize(
    "files",
    [{"certificate": "both.pem"}, {"certificate": "certificate.pem", "certificate_key": "key.pem"}],
)
def test_our_certificate_opens_a_server_that_wants_one(secured, reach, files):
    assert reach(secured(wants_ours=True), ca="ca.pem", **files)["fhirVersion"] == "4.0.1"


def test_without_our_certificate_it_stays_shut(secured, reach):
    with pytest.raises(SourceError, match="cannot be reached"):
        reach(secured(wants_ours=True), ca="ca.pem")


def test_paths_start_at_the_folder_of_the_study_file(enter, secured, tmp_path, site):
    authority, _ = site
    authority.cert_pem.write_to_path(tmp_path / "beside.pem")
    found = enter(base=secured(wants_ours=False), ca="beside.pem").capability()
    assert found["fhirVersion"] == "4.0.1"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca": "nowhere.pem"}, r"\[source\] ca: the file cannot be used: No such file"),
        ({"ca": "no.pem"}, r"\[source\] ca: the file cannot be used: it is not a PEM"),
        (
            {"certificate": "certificate.pem"},
            r"\[source\] certificate: .* it is not a PEM file, or its key",
        ),
        ({"certificate": "no.pem"}, r"\[source\] certificate: .* it is not a PEM"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_any_request(reach, files, words):
    with pytest.raises(StudyFileError, match=words) as refused:
        reach("https://127.0.0.1:9/fhir", **files)
    assert "MARKER" not in str(refused.value)


def test_a_locked_key_does_not_wait_for_somebody_to_type(reach, site):
    _, folder = site
    locked = RSAKey.generate_key(2048).as_pem(private=True, password="x")
    (folder / "locked.pem").write_bytes(locked)
    with pytest.raises(StudyFileError, match="needs a password"):
        reach(
            "https://127.0.0.1:9/fhir",
            certificate="certificate.pem",
            certificate_key="locked.pem",
        )


def test_our_certificate_is_shown_to_no_other_origin(enter, site, monkeypatch):
    """The session to a token endpoint elsewhere has the authority, and not the certificate."""
    _, folder = site
    monkeypatch.setenv("ABATE_SOURCE_CLIENT_SECRET", "s")
    server = enter(
        base="https://127.0.0.1:9/fhir",
        ca=str(folder / "ca.pem"),
        certificate=str(folder / "both.pem"),
        auth={"kind": "client-secret", "client_id": "abate"},
    )
    asking = server._access.login._tokens._ask.__self__
    with (
        asking.enter("https://127.0.0.1:9/token") as own,
        asking.enter("https://x.example/") as far,
    ):
        assert own._transport._known.mine().cert == str(folder / "both.pem")
        assert far._transport._known.mine().cert is None
        assert far._access.verify == own._access.verify == str(folder / "ca.pem")
    assert isinstance(own, FhirServer)
