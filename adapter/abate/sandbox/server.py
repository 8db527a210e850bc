"""The sandbox on a socket: Werkzeug's threaded server, with connections kept alive.

For demos, tests and authors of plugins; not for production.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from abate.errors import AbateError
from abate.sandbox.requests import BASE
from abate.sandbox.responses import FHIR_JSON

if TYPE_CHECKING:
    from abate.sandbox.app import Sandbox


class _Handler(WSGIRequestHandler):
    """One connection, for any number of requests.

    Werkzeug's own handler closes it after each request, and waits 10 ms for the rest of a body.
    """

    server: "_Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    error_content_type = FHIR_JSON
    error_message_format = (
        '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",'
        '"diagnostics":"the request is not valid HTTP (%(code)d)"}]}'
    )

    def setup(self) -> None:
        """Register the connection with the server."""
        super().setup()
        self.server.remember(self.connection)

    def finish(self) -> None:
        """Remove the connection from the server."""
        self.server.forget(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request, with a Content-Length, so that another can follow."""
        environ = self.make_environ()
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ["wsgi.input"] = BytesIO(self._body(environ))
        chunks, status, headers = run_wsgi_app(self.server.app, environ)
        body = b"".join(chunks)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: a URL may name a patient."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - Werkzeug's name.
        """Log nothing: the request line may name a patient."""

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return DechunkedInput(cast("IO[bytes]", self.rfile)).read()
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit():
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))


class _Server(ThreadedWSGIServer):
    """A server whose threads end with it, even if clients keep connections open."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, listening: socket.socket, app: "Sandbox") -> None:
        self._connections: set[socket.socket] = set()
        self._connections_lock = Lock()
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listening.fileno())
        self._closing = False  # Werkzeug closes the unused socket.

    def remember(self, connection: socket.socket) -> None:
        """Remember a connection, to close it when the server stops."""
        with self._connections_lock:
            self._connections.add(connection)
            if self._closing:
                _end(connection)

    def forget(self, connection: socket.socket) -> None:
        """Forget a connection that has closed."""
        with self._connections_lock:
            self._connections.discard(connection)

    def server_close(self) -> None:
        """Close all connections and wait for their threads."""
        with self._connections_lock:
            self._closing = True
            for connection in self._connections:
                _end(connection)
        super().server_close()


@contextmanager
def running(sandbox: "Sandbox", host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a sandbox in a thread, and yield its base URL, `http://127.0.0.1:PORT/fhir`.

    Args:
        sandbox: the sandbox.
        host: the address to listen on; any other than loopback opens it to the network.
        port: the port; 0 takes a free one.

    Raises:
        AbateError: the address is in use, or does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise AbateError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    with listening:
        server = _Server(listening, sandbox)
    thread = Thread(target=server.serve_forever, args=(0.02,), name="sandbox", daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{server.port}{BASE}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # The client closed the connection first.
        return
