"""A socket in front of the sandbox, on which a fault may say what it likes, byte for byte."""

import socket
import socketserver
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from struct import pack
from wsgiref.handlers import format_date_time

from werkzeug.test import Client

from abate.sandbox import Sandbox
from exports import Exports
from fault import RESET, Asked, Said, honest
from tokens import Tokens

# No cell needs as many: a pull that asks more does not end.
MOST_REQUESTS = 3000


class Front(socketserver.ThreadingTCPServer):
    """The sandbox, with a clock of its own, behind a fault: one answer a connection."""

    allow_reuse_address = daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = f"http://127.0.0.1:{self.server_address[1]}"
        self.base = f"{self.root}/fhir"
        self.storage = Storage(self)
        self.begin()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def begin(self, disguised=None, *, has_login=False):
        """Begin anew, without a resource and without a fault.

        Args:
            disguised: what the server shows of some resources in place of what the sandbox keeps,
                which is stricter than many a server.
            has_login: whether it wants a token.
        """
        self.disguised = disguised or {}
        self.deletions = []
        self.tokens = Tokens() if has_login else None
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.sandbox = Sandbox(referential_integrity=False, clock=lambda: self.now)
        self.exports = Exports(self)
        self.fault = honest
        self.requests = 0
        self.broken = []

    def put(self, *resources):
        """Write resources as they are now; a moment passes."""
        self.now += timedelta(minutes=7)
        for one in resources:
            url = f"/fhir/{one['resourceType']}/{one['id']}"
            answer = Client(self.sandbox).put(url, json=one)
            assert answer.status_code in (200, 201), answer.text

    def delete(self, kind, identifier):
        """Delete a resource; a moment passes."""
        self.now += timedelta(minutes=7)
        assert Client(self.sandbox).delete(f"/fhir/{kind}/{identifier}").status_code == 204
        self.deletions.append((self.now, f"{kind}/{identifier}"))

    def honest(self, asked):
        """What is said where there is no fault."""
        refused = self.tokens and self.tokens.answer(asked)
        said = refused or self.exports.answer(asked)
        if said is None:
            return self.ask(asked.method, asked.target, asked.body)
        return said.having(Date=format_date_time(self.now.timestamp()))

    def ask(self, method, target, body=b"", pairs=None):
        """What the sandbox says."""
        form = {"content_type": "application/x-www-form-urlencoded"} if body else {}
        answer = Client(self.sandbox).open(
            target, method=method, base_url=self.root, data=body, query_string=pairs, **form
        )
        date = format_date_time(self.now.timestamp())
        said = Said(status=answer.status_code, body=answer.data, headers={"Date": date})
        return self._shown(said) if self.disguised else said

    def _shown(self, said):
        bundle = said.json
        for entry in bundle.get("entry", []):
            resource = entry.get("resource", {})
            resource.update(self.disguised.get(resource.get("id"), {}))
        return said.of(bundle)

    def reply(self, method, target, body, headers):
        """What goes over the wire."""
        self.requests += 1
        if self.requests > MOST_REQUESTS:
            return Said(status=418).raw
        try:
            answer = self.fault(Asked(method, target, body, self, headers))
        except Exception as error:
            self.broken.append(error)
            raise
        return answer.raw if isinstance(answer, Said) else answer


class Storage(socketserver.ThreadingTCPServer):
    """The same files at another address of this machine, where no login may go."""

    allow_reuse_address = daemon_threads = True
    block_on_close = False

    def __init__(self, front):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.front = front
        self.root = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def reply(self, method, target, body, headers):
        """A file, to who shows nothing."""
        if "authorization" in headers:
            return Said(status=400).raw
        return self.front.exports.answer(Asked(method, target, body, self.front)).raw


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        line = self.rfile.readline().decode()
        if not line:
            return
        headers = dict(one.decode().strip().lower().split(": ", 1) for one in self._head())
        body = self.rfile.read(int(headers.get("content-length", 0)))
        method, target, _ = line.split(" ")
        answer = self.server.reply(method, target, body, headers)
        with suppress(OSError):
            for piece in [answer] if isinstance(answer, bytes) else answer:
                self._write(piece)

    def _head(self):
        return iter(lambda: self.rfile.readline() or b"\r\n", b"\r\n")

    def _write(self, piece):
        if piece is RESET:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
            self.request.close()
            return
        self.request.sendall(piece)
