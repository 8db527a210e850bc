"""The one HTTP session to a FHIR server, for reading and for writing.

Messages name the URL without its query and never the body: both may hold patient data.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from abate.errors import SourceError

FHIR_JSON = "application/fhir+json"
BACKOFF_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 120
RETRIED = (408, 425, 429, 500, 502, 503, 504)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered: status, headers (names in lower case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return "json" in self.headers.get("content-type", "")

    def json(self) -> Any:
        """The body as Python values.

        Raises:
            SourceError: it is no JSON.
        """
        return self.decode(Any)

    def decode(self, kind: Any) -> Any:
        """The body as `kind`, by msgspec.

        Raises:
            SourceError: it is no JSON, or not of that shape.
        """
        if not self.is_json:
            found = self.headers.get("content-type", "no content type").split(";")[0]
            raise SourceError(f"{self.place} answered {self.status} with {found}, not with JSON")
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.MsgspecError:
            raise SourceError(f"{self.place} answered {self.status} with broken JSON") from None


class FhirServer:
    """A FHIR R4 server at a base URL: a context manager that owns the HTTP session."""

    def __init__(self, base: str, timeout_seconds: float = 60) -> None:
        """Prepare the session; nothing is sent yet.

        Args:
            base: the service base URL, as in `http://127.0.0.1:8080/fhir`.
            timeout_seconds: how long to wait for a connection, and for each piece of an answer.
        """
        self.base = base.rstrip("/")
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.headers.update({"Accept": FHIR_JSON, "User-Agent": "abate"})
        self._session.mount(self.base, HTTPAdapter(max_retries=_retry(["GET"])))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """GET a path below the base, or a URL that this server gave (a next link).

        Raises:
            SourceError: no answer, or the URL is on another origin.
        """
        return self._send("GET", self.resolve(path), params=parameters)

    def read(self, reference: str) -> Answer:
        """Read `Type/id` as it stands now, past any cache."""
        return self._send("GET", self.resolve(reference), headers={"Cache-Control": "no-cache"})

    def search(self, kind: str, parameters: Mapping[str, str], *, private: bool) -> Answer:
        """Search a type; `private` ones go in the body, so that ids stay out of access logs."""
        if not private:
            return self.get(kind, parameters)
        url = self.resolve(f"{kind}/_search")
        self._session.mount(url, HTTPAdapter(max_retries=_retry(["GET", "POST"])))
        return self._send("POST", url, data=parameters)

    def transact(self, bundle: bytes) -> Answer:
        """POST a transaction Bundle to the base; never repeated by itself."""
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
        return self._send("POST", self.base, data=bundle, headers=headers)

    def capability(self) -> Mapping[str, Any]:
        """The CapabilityStatement.

        Raises:
            SourceError: nobody answers, a login is wanted, or this is no FHIR R4 server.
        """
        answer = self.get("metadata")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise SourceError(
                f"{self.base} wants a login (it answered {answer.status}), and this version of "
                "abate has none. Use a server or a proxy on this network that needs no login."
            )
        if answer.status != HTTPStatus.OK:
            raise SourceError(
                f"{answer.place} answered {answer.status}: this is not the base URL of a FHIR "
                "server. Check [source] url; it often ends in /fhir or /r4."
            )
        return _r4(self.base, answer)

    def resolve(self, url: str) -> str:
        """`url` made absolute; relative ones start at the base.

        Raises:
            SourceError: it leads to another origin, where nothing of ours may go.
        """
        absolute = urljoin(f"{self.base}/", url)
        if _origin(absolute) != _origin(self.base):
            raise SourceError(
                f"{self.base} sends us to another origin ({_place(absolute)}), which is not "
                "followed: set [source] url to the address that the server calls itself by"
            )
        return absolute

    def _send(self, method: str, url: str, **options: Any) -> Answer:
        try:
            response = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise SourceError(f"{_place(url)} cannot be reached: {_reason(error)}") from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            status=response.status_code, headers=headers, body=response.content, place=_place(url)
        )


def _r4(base: str, answer: Answer) -> Mapping[str, Any]:
    try:
        statement = answer.json()
    except SourceError as error:
        raise SourceError(f"{error}: this is not the base URL of a FHIR server") from None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise SourceError(f"{answer.place} is no CapabilityStatement: {base} is no FHIR server")
    version = str(statement.get("fhirVersion", "nothing"))
    if not version.startswith("4.0"):
        raise SourceError(
            f"{base} speaks FHIR {version[:16]}, and abate needs R4 (4.0.1). "
            "Many servers offer R4 at another base URL, such as /r4."
        )
    return statement


def _retry(methods: list[str]) -> Retry:
    return Retry(
        total=3,
        connect=1,
        backoff_factor=BACKOFF_SECONDS,
        backoff_jitter=BACKOFF_SECONDS,
        status_forcelist=RETRIED,
        allowed_methods=methods,
        retry_after_max=LONGEST_WAIT_SECONDS,
        raise_on_status=False,
    )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _place(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _reason(error: requests.RequestException) -> str:
    reasons: dict[type[requests.RequestException], str] = {
        requests.exceptions.SSLError: "its certificate is not trusted",
        requests.exceptions.ConnectTimeout: "it did not answer in time",
        requests.exceptions.ReadTimeout: "it did not answer in time",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        requests.exceptions.ContentDecodingError: "the answer is damaged",
        requests.exceptions.ConnectionError: "nobody answers there, or the connection broke",
    }
    for kind, words in reasons.items():
        if isinstance(error, kind):
            return words
    return type(error).__name__
