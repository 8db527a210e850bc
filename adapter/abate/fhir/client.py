"""The client of a FHIR server, for reading and for writing; threads may share it.

It retries what may be sent again, and keeps to the limits of the study file. Messages name the URL
without its query and never the body: both may hold patient data.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from abate.errors import SourceError
from abate.fhir.capability import r4
from abate.http import display, urls
from abate.http.access import Access
from abate.http.budget import Budget, BudgetSpent, Limits
from abate.http.download import Downloaded, Lines, LinkExpired, fetch, refuse_other
from abate.http.failures import LOGIN_WANTED, NOT_HERE
from abate.http.response import FHIR_JSON, Answer
from abate.http.retry import Retry
from abate.http.transport import Parameters, Request, Transport
from abate.http.urls import origin
from abate.telemetry.log import SILENT, Log

__all__ = [
    "Answer",
    "BudgetSpent",
    "Downloaded",
    "FhirServer",
    "Limits",
    "LinkExpired",
]

JSON = "application/json"


class FhirServer:
    """A FHIR server at a base URL: a context manager that owns the HTTP sessions.

    Threads may share it: each has its own session, and all of them share one budget and one limit
    on requests at the same time.
    """

    def __init__(
        self,
        base: str,
        timeout_seconds: float = 60,
        access: Access | None = None,
        *,
        limits: Limits | None = None,
        log: Log = SILENT,
    ) -> None:
        """Prepare the sessions; nothing is sent yet.

        Args:
            base: the service base URL, as in `http://127.0.0.1:8080/fhir`.
            timeout_seconds: the longest wait for a connection, and for each piece of an answer.
            access: the login and the certificates to trust; without it, no login.
            limits: requests at once, requests in all, and seconds in all.
            log: gets a message for a long wait, and for an unusual answer of the server.

        Raises:
            SourceError: the URL is plain http to another machine.
        """
        self._access = access or Access()
        self._access.refuse_clear(base)
        self.base = base.rstrip("/")
        self.limits = limits or Limits()
        self.budget = Budget(self.limits)
        self.time: datetime | None = None
        self.newest: datetime | None = None
        self.newest_page: datetime | None = None
        self._log = log
        self._names: set[str] = set()
        self._transport = Transport(
            self.base, timeout_seconds, self._access, self.limits, self.budget
        )
        self._retry = Retry(self.limits, self.budget, log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transport.close()

    def note_resource(self, moment: datetime | None) -> None:
        """Note a resource's `lastUpdated`, unless it is later than the server's own time.

        A later one comes from another clock. If two threads note one at the same time, the earlier
        may stay: the next pull then reads some resources twice, and loses none.
        """
        if moment is not None and self.time is not None and moment <= self.time:
            self.newest = max(self.newest or moment, moment)

    def note_page(self, moment: datetime | None) -> None:
        """Note the `lastUpdated` of a searchset: when the server made it."""
        if moment is not None:
            self.newest_page = max(self.newest_page or moment, moment)

    def get(self, path: str, parameters: Parameters | None = None) -> Answer:
        """GET a path below the base, such as `Type/id`, or a URL from an answer of this server.

        Raises:
            SourceError: there is no answer, or the URL is on another origin.
        """
        return self.request("GET", path, parameters=parameters, is_read=True)

    def read_all(self, references: Iterable[str]) -> Answer:
        """Read the current versions of several `Type/id` by a batch Bundle; it is sent once.

        https://hl7.org/fhir/R4/http.html#transaction
        """
        entries = [{"request": {"method": "GET", "url": reference}} for reference in references]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        headers = {"Content-Type": FHIR_JSON}
        return self.request("POST", "", headers=headers, body=msgspec.json.encode(bundle))

    def transact(self, bundle: bytes) -> Answer:
        """POST a transaction Bundle to the base; repeated only if the server cannot have read it.

        Some servers accept it only with a trailing slash.
        """
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
        answer = self.request("POST", "", headers=headers, body=bundle)
        if answer.status in NOT_HERE:
            return self.request("POST", f"{self.base}/", headers=headers, body=bundle)
        return answer

    def delete(self, path: str) -> Answer:
        """DELETE a URL, such as the one of a job that is no longer needed."""
        return self.request("DELETE", path)

    def start(
        self, path: str, parameters: Parameters | None = None, body: bytes | None = None
    ) -> Answer:
        """Start an asynchronous job on the server; the request is not repeated.

        The request is a GET, or a POST if it has a `body`, a Parameters resource. The
        `content-location` of the answer is the URL of its status: https://hl7.org/fhir/async.html
        """
        headers = {"Prefer": "respond-async"}
        if body is None:
            return self.request("GET", path, parameters=parameters, headers=headers)
        headers["Content-Type"] = FHIR_JSON
        return self.request("POST", path, headers=headers, body=body)

    def poll(self, url: str) -> Answer:
        """Return the status of a job; the answer may be a redirect (303) to its result."""
        headers = {"Accept": JSON}
        named = f"{self.base} (its export)"
        return self.request(
            "GET", url, headers=headers, is_read=True, may_redirect=True, named=named
        )

    def request(  # noqa: PLR0913 - each one is a part of an HTTP request
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Parameters | None = None,
        is_read: bool = False,
        may_redirect: bool = False,
        named: str = "",
    ) -> Answer:
        """Send a request to the server, and return its answer.

        Args:
            method: the HTTP method.
            path: a path below the base, or a URL from an answer of this server.
            parameters: the parameters of the query.
            headers: more headers; they replace those that every request has.
            body: bytes, or the fields of a form.
            is_read: whether it may be sent again if the answer is missing or incomplete.
            may_redirect: whether a redirect is an answer; it is not followed in any case.
            named: the name in messages, if it is not the URL.

        Raises:
            SourceError: there is no answer, it is too large or too slow, or the URL is on another
                origin.
            BudgetSpent: the time or the requests of the study file are used up.
        """
        request = Request(
            method=method,
            url=self.resolve(path),
            headers={"Accept": FHIR_JSON, **(headers or {})},
            parameters=parameters,
            body=body,
            named=named,
        )
        for attempt in self._retry.attempts(is_read=is_read):
            with attempt:
                attempt.answer = self._transport.send(request)
        answer = attempt.outcome
        self.time = answer.date or self.time
        if "location" in answer.headers and 300 <= answer.status < 400 and not may_redirect:
            target = urls.join(f"{self.base}/", answer.headers["location"])
            raise urls.sent_away(answer.place, target)
        return answer

    def download(self, url: str, path: Path, *, authorised: bool) -> Downloaded:
        """Download a file of NDJSON to `path`; an error leaves no file.

        A redirect to another origin is followed without login and cookies.

        Args:
            url: the URL from the server's manifest.
            path: the new file, readable by its owner only.
            authorised: whether the login is sent (`requiresAccessToken`).

        Raises:
            LinkExpired: the link has expired (403, 410).
            SourceError: there is no answer, it is incomplete, or the URL may not be followed.
            StoreError: the file cannot be written.
        """
        address = self.resolve(url) if authorised else urls.join(f"{self.base}/", url)
        lines = Lines(path)
        with ExitStack() as undo:
            undo.callback(lines.remove)
            for attempt in self._retry.attempts(is_read=True):
                with attempt:
                    attempt.answer = fetch(self._transport, address, lines, is_known=authorised)
            refuse_other(attempt.outcome)
            undo.pop_all()
        return lines.written

    def capability(self) -> Mapping[str, Any]:
        """Return the CapabilityStatement.

        Raises:
            SourceError: there is no answer, a login is needed, or this is not a FHIR R4 server.
        """
        answer = self.get("metadata")
        if answer.status in LOGIN_WANTED:
            raise self.login_wanted(answer.status)
        return r4(self.base, answer)

    def get_json(self, path: str) -> Answer:
        """GET JSON that is not FHIR, such as `.well-known/smart-configuration`."""
        return self.request("GET", path, headers={"Accept": JSON}, is_read=True)

    def post_form(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST a form, such as to a token endpoint; the request is not repeated automatically."""
        return self.request(
            "POST",
            url,
            body=form,
            headers={"Accept": JSON, **(headers or {})},
            named=display.address(url),
        )

    def login_wanted(self, status: int) -> SourceError:
        """Return the error for an answer of 401, or of 403 to a request that is needed."""
        return self._access.login_wanted(self.base, status)

    def resolve(self, url: str) -> str:
        """Make `url` absolute: a relative one starts at the base.

        Raises:
            SourceError: it is on another origin, to which nothing is sent.
        """
        if not url:
            return self.base
        absolute = urls.join(f"{self.base}/", url)
        here = urls.at_home(self.base, absolute)
        if here is None:
            raise urls.sent_away(self.base, absolute)
        if origin(absolute) != origin(self.base):
            self._log_name(display.origin(absolute))
        return here

    def _log_name(self, name: str) -> None:
        if name not in self._names:
            self._names.add(name)
            self._log.warning(
                f"{self.base} calls itself {name} in its links: they are followed at "
                f"{display.origin(self.base)}, and no request is sent to another server"
            )
