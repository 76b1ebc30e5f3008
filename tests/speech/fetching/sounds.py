"""Sounds as files of all kinds, and a server that gives them away."""

from __future__ import annotations

import asyncio
import io
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
TONE_HZ = 700.0
HANG = b"<hang>"
PCM, A_LAW, U_LAW = 1, 6, 7


def tone(rate_hz: int, seconds: float = 0.5, hz: float = TONE_HZ) -> Samples:
    """Return a tone."""
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    return (np.sin(2 * np.pi * hz * times) * 8000).astype(np.int16)


def wav(
    data: bytes, rate_hz: int, channels: int = 1, codec: int = PCM, bits: int = 16, length: int | None = None,
    extra: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a WAV file; ``length`` is what the header says of the data."""
    align = channels * bits // 8
    head = struct.pack("<HHIIHH", codec, channels, rate_hz, rate_hz * align, align, bits)
    size = len(data) if length is None else length
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + extra + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(chunks) + 4, 0xFFFFFFFF)) + b"WAVE" + chunks


def encoded(samples: Samples, rate_hz: int, container: str, codec: str) -> bytes:
    """Return a file of another kind."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        fifo = av.AudioFifo()
        fifo.write(frame)
        resampler = av.AudioResampler(
            stream.format, "mono", rate_hz, frame_size=stream.codec_context.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


@dataclass
class FileHost:
    """What the server does and what it saw.

    Attributes:
        script: the pieces of the response to a path; HANG waits for the client to go.
    """

    script: Callable[[str], Sequence[bytes]]
    url: str = ""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
            path = lines[0].split()[1]
            self.requests.append((path, headers))
            self.asked.set()
            for piece in self.script(path):
                if piece == HANG:
                    await reader.read(1)
                    return
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.gone.set()
            writer.close()


def response(body: bytes, status: str = "200 OK", *headers: str, announced: bool = True) -> bytes:
    """Return a whole response."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    lines += [f"Content-Length: {len(body)}"] if announced else []
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def file_host(script: Callable[[str], Sequence[bytes]] | Sequence[bytes]) -> AsyncIterator[FileHost]:
    """Run a server on a free port; the script gets the path."""
    host = FileHost(script if callable(script) else lambda _: script)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield host
    finally:
        server.close()
        await server.wait_closed()
