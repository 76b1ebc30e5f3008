"""HTTP by hand: send bytes as they are, and take what comes back apart."""

from __future__ import annotations

import http.client
import io
import json
import socket
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from voicebot.protocol import FrameDecoder

PATIENCE_S = 15.0


@dataclass(frozen=True)
class Reply:
    """One response.

    Attributes:
        whole: its body came to its end.
    """

    status: int
    content_type: str
    body: bytes
    whole: bool

    def json(self) -> Any:
        return json.loads(self.body)

    def packets(self) -> list[dict[str, Any]]:
        decoder = FrameDecoder()
        return decoder.feed(self.body) + decoder.close()


@dataclass(frozen=True)
class Talk:
    """What a server said on one connection.

    Attributes:
        hung_up: we ended the connection, for the server was waiting for more.
    """

    replies: list[Reply]
    hung_up: bool


def talk(url: str, sent: bytes, quiet_s: float = PATIENCE_S) -> Talk:
    """Send bytes on a connection of their own, and read until the server closes it.

    Args:
        url: where the server is.
        sent: what is sent.
        quiet_s: a server that says nothing for so long is taken to wait for the rest of a request; then we close our
            side of the connection, and it has to close its own.

    Raises:
        TimeoutError: it does not.
    """
    with _connect(url) as connection:
        received, hung_up = b"", False
        try:
            connection.sendall(sent)
            connection.settimeout(quiet_s)
            while True:
                try:
                    piece = connection.recv(65536)
                except TimeoutError:
                    if hung_up:
                        raise
                    hung_up = True
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(PATIENCE_S)
                    continue
                if not piece:
                    break
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed while we were still sending: as good an end as any
    return Talk(take_apart(received), hung_up)


def first_reply(url: str, sent: bytes) -> Reply:
    """Send bytes on a connection of their own, and read the first response, as clients do."""
    with _connect(url) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as stream:
            return _read(stream)


def _connect(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port or 80), PATIENCE_S)


class _Stream:
    """As much of a socket as http.client wants."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def makefile(self, _mode: str) -> BinaryIO:
        return self._stream


class _Open(io.BytesIO):
    """http.client closes what it has read; more responses may follow."""

    def close(self) -> None:
        pass


def take_apart(received: bytes) -> list[Reply]:
    """Return the responses in what a server sent."""
    stream = _Open(received)
    replies = []
    while stream.tell() < len(received):
        replies.append(_read(stream))
    return replies


def _read(stream: BinaryIO) -> Reply:
    response = http.client.HTTPResponse(_Stream(stream))  # type: ignore[arg-type]
    response.begin()
    try:
        body, whole = response.read(), True
    except http.client.IncompleteRead as error:
        body, whole = error.partial, False
    return Reply(response.status, response.headers.get_content_type(), body, whole)
