"""Where the service's text messages go: an HTTP server that is busy the first time each one comes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TIMEOUT_S = 30.0


@dataclass
class Mailbox:
    """What came in: headers and content of each request."""

    url: str = ""
    requests: list[tuple[Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, call_id: str, count: int) -> list[tuple[Mapping[str, str], dict[str, Any]]]:
        """Wait until a call's message has come so often; return those requests."""

        def of_the_call() -> list[tuple[Mapping[str, str], dict[str, Any]]]:
            return [request for request in self.requests if request[1]["callId"] == call_id]

        with self.arrived:
            assert self.arrived.wait_for(lambda: len(of_the_call()) >= count, TIMEOUT_S), "no text message came"
            return of_the_call()


@contextlib.contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run a mailbox on a free port."""
    box = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with box.arrived:
                known = any(content["id"] == before["id"] for _, before in box.requests)
                box.requests.append((dict(self.headers), content))
                box.arrived.notify_all()
            self.send_response(204 if known else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_address[1]}/sms"
    thread = threading.Thread(target=server.serve_forever, name="mailbox")
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
