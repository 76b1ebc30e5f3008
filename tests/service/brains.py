"""A dialogue engine of somebody else: it greets each caller with one sentence and what a test wants done."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_AFTER_TRANSFER = {"2": "They are busy. Goodbye.", "-1": "Nobody is there. Goodbye."}


class OrderingBrain:
    """Answers ``POST /stream/query`` with the page's own field names.

    Attributes:
        orders: instruction maps of the greeting, by the caller's number.
        results: what became of transfers, of each query that said so, by the caller's number.
        url: where it answers.
    """

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.results: dict[str, list[str]] = defaultdict(list)
        self.url = ""

    def answer(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the one packet of an answer."""
        variables = query.get("variables") or {}
        caller = query.get("sessionId", "").removeprefix("session-") or variables["caller"]
        text, instruction = "One moment please.", self.orders[caller]
        # The header is for callers whom the PBX sends back after a blind transfer.
        told = variables.get("Trans_result") or variables.get("X-Transfer-Result")
        if told:
            self.results[caller].append(told)
            text, instruction = _AFTER_TRANSFER.get(told, "Nobody is there. Goodbye."), {"system_hangup": None}
        reply = {"type": 1, "text": text, "replySource": "TASK", "allowInterrupt": False}
        answer = {"chunkId": 0, "status": "done", "reply": reply, "instruction": instruction}
        return {"sessionId": f"session-{caller}", "queryId": "q", "answer": [answer]}


@contextlib.contextmanager
def ordering_brain() -> Iterator[OrderingBrain]:
    """Run an ``OrderingBrain`` on a free port."""
    brain = OrderingBrain()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(brain.answer(query), ensure_ascii=False).encode() + b"\n"
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    brain.url = f"http://127.0.0.1:{server.server_port}/stream/query"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield brain
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
