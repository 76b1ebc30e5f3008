"""A small HTTP server for download tests: files at paths, and faults that happen once and in order."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: an error status, a cut body, or other bytes than the right ones."""

    status: int = 0
    cut_after: int = -1
    corrupt: bool = False


@dataclass
class Seen:
    """A request that arrived."""

    path: str
    headers: dict[str, str]


@dataclass
class Shelf:
    """What the server has and does."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    seen: list[Seen] = field(default_factory=list)
    ranges: bool = True

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.seen]

    def put(self, path: str, body: bytes, media_type: str = "application/octet-stream") -> str:
        self.files[path] = body
        self.types[path] = media_type
        return self.url + path

    def put_json(self, path: str, document: Any, media_type: str = "application/json") -> str:
        return self.put(path, json.dumps(document).encode(), media_type)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        shelf = self.server.shelf
        shelf.seen.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}))
        fault = shelf.faults[self.path].pop(0) if shelf.faults[self.path] else Fault()
        if self.path in shelf.redirects:
            self.send_response(302)
            self.send_header("Location", shelf.redirects[self.path])
            self.end_headers()
        elif fault.status or self.path not in shelf.files:
            self.send_error(fault.status or 404)
        else:
            self._send(shelf, fault)

    def _send(self, shelf: Shelf, fault: Fault) -> None:
        body = shelf.files[self.path]
        if fault.corrupt:
            body = bytes([body[0] ^ 1]) + body[1:]
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and shelf.ranges else 0
        if start and start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Type", shelf.types[self.path])
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = start + fault.cut_after if fault.cut_after >= 0 else len(body)
        self.wfile.write(body[start:end])

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output clean; requests are in ``Shelf.seen``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    shelf: Shelf


class ShelfServer:
    """Runs a shelf on a free loopback port."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self.shelf = Shelf(url=f"http://127.0.0.1:{self._server.server_address[1]}")
        self._server.shelf = self.shelf
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Shelf:
        self._thread.start()
        return self.shelf

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
