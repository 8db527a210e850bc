"""The one HTTP session to a FHIR server, for reading and for writing.

Messages name the URL without its query and never the body: both may hold patient data.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from abate.addresses import is_loopback, origin, place
from abate.errors import SourceError
from abate.source.access import Access, OwnOrigin, login_refused

FHIR_JSON = "application/fhir+json"
JSON = "application/json"
BACKOFF_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 120
RETRIED = (408, 425, 429, 500, 502, 503, 504)
_ITS_URL = "its URL"


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
            self.body.decode("utf-8")  # msgspec passes over the texts that it does not read.
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError:
            raise SourceError(f"{self.place} answered {self.status} with other JSON") from None
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise SourceError(f"{self.place} answered {self.status} with broken JSON") from None


class FhirServer:
    """A FHIR R4 server at a base URL: a context manager that owns the HTTP session."""

    def __init__(
        self, base: str, timeout_seconds: float = 60, access: Access | None = None
    ) -> None:
        """Prepare the session; nothing is sent yet.

        Args:
            base: the service base URL, as in `http://127.0.0.1:8080/fhir`.
            timeout_seconds: how long to wait for a connection, and for each piece of an answer.
            access: the login and whom to trust; without it, no login.

        Raises:
            SourceError: plain http would go over a network.
        """
        self.base = base.rstrip("/")
        self._timeout = timeout_seconds
        self._access = access or Access()
        self._access.refuse_clear(self.base)
        # A proxy of the environment is for other machines: it would see the patients' ids.
        self._proxies = {"no_proxy": "*"} if is_loopback(self.base) else None
        self._session = requests.Session()
        # HAPI 8.8 as shipped answers a repeated search up to a minute stale without no-cache; with
        # no-store it gives one page and a wrong total (2026-11).
        self._session.headers.update(
            {"Accept": FHIR_JSON, "User-Agent": "abate", "Cache-Control": "no-cache"}
        )
        self._session.auth = OwnOrigin(self.base, self._access.login)
        self._session.cert = self._access.cert
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=_retry("GET")))
        self._searching = HTTPAdapter(max_retries=_retry("POST"))

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
        """Read `Type/id` as it stands now."""
        return self.get(reference)

    def search(self, kind: str, parameters: Mapping[str, str], *, private: bool) -> Answer:
        """Search a type; `private` ones go in the body, so that ids stay out of access logs."""
        if not private:
            return self.get(kind, parameters)
        url = self.resolve(f"{kind}/_search")
        self._session.mount(url, self._searching)
        return self._send("POST", url, data=parameters)

    def transact(self, bundle: bytes) -> Answer:
        """POST a transaction Bundle to the base; never repeated by itself."""
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
        return self._send("POST", self.base, data=bundle, headers=headers)

    def get_json(self, path: str) -> Answer:
        """GET what is JSON and no FHIR, as `.well-known/smart-configuration`."""
        return self._send("GET", self.resolve(path), headers={"Accept": JSON})

    def post_form(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST a form, as to a token endpoint; never repeated by itself."""
        sent = {"Accept": JSON, **(headers or {})}
        return self._send("POST", self.resolve(url), data=form, headers=sent)

    def capability(self) -> Mapping[str, Any]:
        """The CapabilityStatement.

        Raises:
            SourceError: nobody answers, a login is wanted, or this is no FHIR R4 server.
        """
        answer = self.get("metadata")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise self.login_wanted(answer.status)
        return _r4(self.base, answer)

    def resolve(self, url: str) -> str:
        """`url` made absolute; relative ones start at the base.

        Raises:
            SourceError: it leads to another origin, where nothing of ours may go.
        """
        absolute = _joined(self.base, url)
        if origin(absolute) != origin(self.base):
            raise _sent_away(self.base, absolute)
        return absolute

    def login_wanted(self, status: int) -> SourceError:
        """The error where the server answers 401, or 403 to what we need."""
        return self._access.login_wanted(self.base, status)

    def _send(self, method: str, url: str, **options: Any) -> Answer:
        response = self._request(method, url, **options)
        login = self._access.login
        if login is not None and response.status_code == HTTPStatus.UNAUTHORIZED:
            if login.renew(response.request):
                response = self._request(method, url, **options)
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                raise login_refused(place(url))
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.is_redirect:
            raise _sent_away(place(url), _joined(self.base, headers["location"]))
        return Answer(
            status=response.status_code, headers=headers, body=response.content, place=place(url)
        )

    def _request(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                timeout=self._timeout,
                proxies=self._proxies,
                # Said with each request: of the session's own, REQUESTS_CA_BUNDLE gets the better.
                verify=self._access.verify,
                allow_redirects=False,
                **options,
            )
        except requests.RequestException as error:
            raise SourceError(
                f"{place(url)} cannot be reached ({_reason(error)}): check that the server runs, "
                f"and {_ITS_URL}"
            ) from None


def _sent_away(where: str, target: str) -> SourceError:
    return SourceError(
        f"{where} sends us on to {place(target)}, which is not followed: use the address "
        "that the server calls itself by"
    )


def _r4(base: str, answer: Answer) -> Mapping[str, Any]:
    if answer.status != HTTPStatus.OK:
        if answer.status in RETRIED:
            raise SourceError(
                f"{answer.place} answered {answer.status}, also when asked again: the server has "
                "trouble. Try later."
            )
        raise _no_fhir(f"{answer.place} answered {answer.status}")
    try:
        statement = answer.json()
    except SourceError as error:
        raise _no_fhir(str(error)) from None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise _no_fhir(f"{answer.place} answered with JSON that is no CapabilityStatement")
    version = str(statement.get("fhirVersion", "of no version"))
    if version != "4.0" and not version.startswith("4.0."):
        raise SourceError(
            f"{base} speaks FHIR {version[:16]}, and abate needs R4 (4.0.1). "
            "Many servers offer R4 at another base URL, such as /r4."
        )
    return statement


def _no_fhir(found: str) -> SourceError:
    return SourceError(
        f"{found}: this is not the base URL of a FHIR server. Check {_ITS_URL}; it often ends in "
        "/fhir or /r4."
    )


def _retry(method: str) -> Retry:
    return Retry(
        total=3,
        connect=1,
        backoff_factor=BACKOFF_SECONDS,
        backoff_jitter=BACKOFF_SECONDS,
        status_forcelist=RETRIED,
        allowed_methods=[method],
        retry_after_max=LONGEST_WAIT_SECONDS,
        raise_on_status=False,
    )


def _joined(base: str, url: str) -> str:
    """`url` below `base`, unless it is absolute; servers are seen to write a port twice."""
    try:
        absolute = urljoin(f"{base}/", url)
        origin(absolute)
    except ValueError:
        raise SourceError(f"{base} sends us on to a text that is no URL") from None
    return absolute


def _reason(error: requests.RequestException) -> str:
    reasons: dict[type[requests.RequestException], str] = {
        requests.exceptions.ProxyError: "the proxy that the environment names does not answer",
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
