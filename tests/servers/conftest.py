"""Real FHIR servers for the tests: HAPI on loopback, built by Maven, ended with the session.

They cost a build and some twenty seconds of start, so pytest leaves this folder out unless it is
named: `pytest tests/servers`. Then nothing is skipped: without Java or Maven the tests fail.
"""

import contextlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
import requests
from filelock import FileLock

HERE = Path(__file__).parent
PROJECT = HERE / "hapi"
TARGET = PROJECT / "target"
CLASS_PATH = TARGET / "cp.txt"
BUILT = TARGET / "built"
MAIN_CLASS = "abate.testserver.Main"
# Half the start and half the memory of Java's own choice, measured on two cores.
JAVA_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx2g")
SECONDS_TO_BUILD = 600
SECONDS_TO_START = 180
SECONDS_TO_STOP = 10
FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"


def pytest_ignore_collect(collection_path, config):
    """Leave this folder out unless the command line names it or something in it."""
    inside = collection_path == HERE or HERE in collection_path.parents
    return True if inside and not _asked_for(config) else None


def pytest_terminal_summary(terminalreporter, config):
    """Say that there was more to test."""
    if not _asked_for(config):
        terminalreporter.write_line(
            "Tests against a real FHIR server were left out; `make test-servers` runs them."
        )


def _asked_for(config):
    start = config.invocation_params.dir
    named = [(start / argument.split("::")[0]).resolve() for argument in config.args]
    return any(path == HERE or HERE in path.parents for path in named)


@pytest.fixture(scope="session")
def hapi(tmp_path_factory):
    """The base URL of an R4 server that finds all matches before it answers a search."""
    with running_hapi(tmp_path_factory.mktemp("hapi")) as base:
        yield base


@pytest.fixture(scope="session")
def hapi_defaults(tmp_path_factory):
    """The base URL of an R4 server that searches and pages as HAPI ships."""
    with running_hapi(tmp_path_factory.mktemp("hapi-defaults"), "--defaults") as base:
        yield base


@pytest.fixture(scope="session")
def hapi_r5(tmp_path_factory):
    """The base URL of an R5 server."""
    with running_hapi(tmp_path_factory.mktemp("hapi-r5"), "--release", "r5") as base:
        yield base


@contextlib.contextmanager
def running_hapi(folder, *flags):
    """Start a server with these flags; its log goes to the folder."""
    log = folder / "server.log"
    with log.open("wb") as errors, _start(_built_class_path(), flags, errors) as server:
        try:
            yield _address(server, log)
        finally:
            _stop(server)


def _built_class_path():
    TARGET.mkdir(exist_ok=True)
    with FileLock(TARGET / "build.lock", timeout=SECONDS_TO_BUILD):
        if not _up_to_date():
            _build()
    return os.pathsep.join([str(TARGET / "classes"), CLASS_PATH.read_text().strip()])


def _up_to_date():
    if not (BUILT.exists() and CLASS_PATH.exists() and (TARGET / "classes").is_dir()):
        return False
    sources = [PROJECT / "pom.xml", *(PROJECT / "src").rglob("*")]
    jars = CLASS_PATH.read_text().strip().split(os.pathsep)
    newest = max(source.stat().st_mtime for source in sources)
    return newest <= BUILT.stat().st_mtime and all(Path(jar).exists() for jar in jars)


def _build():
    command = [_program("mvn"), "-q", "-B", "-Dstyle.color=never", "compile"]
    build = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS_TO_BUILD, check=False
    )
    if build.returncode != 0:
        pytest.fail(f"Maven could not build {PROJECT.name}:\n{build.stdout}{build.stderr}", False)
    BUILT.touch()


def _start(class_path, flags, errors):
    command = [_program("java"), *JAVA_FLAGS, "-cp", class_path, MAIN_CLASS, *flags]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
    )


def _program(name):
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"`{name}` is not on the PATH; server tests need Java 17 and Maven 3.8", False)
    return found


def _address(server, log):
    """Wait for the READY line; a server that takes too long is killed, which ends its stdout."""
    timer = threading.Timer(SECONDS_TO_START, server.kill)
    timer.start()
    try:
        line = server.stdout.readline()
    finally:
        timer.cancel()
    if not line.startswith("READY "):
        pytest.fail(f"HAPI did not start; its log ends:\n{log.read_text()[-4000:]}", False)
    return line.removeprefix("READY ").strip()


def _stop(server):
    """Closing stdin is the server's signal to end."""
    server.stdin.close()
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.kill()


@pytest.fixture(scope="session")
def server(hapi):
    """A client of the R4 server."""
    with Client(hapi) as client:
        yield client


@pytest.fixture(scope="session")
def server_as_shipped(hapi_defaults):
    """A client of the R4 server that searches and pages as HAPI ships."""
    with Client(hapi_defaults) as client:
        yield client


@pytest.fixture
def client_of():
    """A client of the server at a base URL."""
    with contextlib.ExitStack() as clients:
        yield lambda base: clients.enter_context(Client(base))


class Client:
    """FHIR over requests, with paths relative to the base."""

    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
        self.session.headers.update({"Accept": FHIR_JSON, "Content-Type": FHIR_JSON})

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.session.close()

    def get(self, path, **options):
        return self.session.get(f"{self.base}/{path}", timeout=60, **options)

    def read(self, resource):
        return self.get(self.address(resource))

    def put(self, resource, **options):
        return self.session.put(self.url(resource), json=resource, timeout=60, **options)

    def validate(self, resource):
        url = f"{self.base}/{resource['resourceType']}/$validate"
        return self.session.post(url, json=resource, timeout=120)

    def transact(self, *resources, **request):
        """Put these in one transaction, each with these further elements of entry.request."""
        return self.send([self.entry(resource, **request) for resource in resources])

    def send(self, entries):
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return self.session.post(self.base, json=bundle, timeout=60)

    def entry(self, resource, **request):
        return {
            "fullUrl": self.url(resource),
            "resource": resource,
            "request": {"method": "PUT", "url": self.address(resource), **request},
        }

    def search(self, type_name, form, **headers):
        headers = {"Content-Type": FORM, **headers}
        url = f"{self.base}/{type_name}/_search"
        answer = self.session.post(url, data=form, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def delete(self, resource):
        return self.session.delete(self.url(resource), timeout=60)

    def url(self, resource):
        return f"{self.base}/{self.address(resource)}"

    def address(self, resource):
        return f"{resource['resourceType']}/{resource['id']}"

    def version(self, resource):
        return self.read(resource).json()["meta"]["versionId"]
