"""Whatever bytes an endpoint sends: chunks, or a BrainError, and never more than the limits allow."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from voicebot.connectors.answer import AnswerReader
from voicebot.errors import BrainError
from voicebot.protocol import Blacklist, Chunk, Hangup, Reply, ShortMessage
from voicebot.protocol.chunk import emit_packet
from voicebot.protocol.framing import Framing
from voicebot.settings.model import BrainSettings

LIMITS = BrainSettings(max_line_bytes=4096, max_answer_bytes=20_000)


class Pieces:
    """A body that comes in these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = [piece for piece in pieces if piece]

    async def readany(self) -> bytes:
        return self._left.pop(0) if self._left else b""

    def at_eof(self) -> bool:
        return not self._left


async def read(pieces: list[bytes]) -> tuple[list[Chunk], BrainError | None]:
    """Return the chunks of a body, and how it failed."""
    reader, chunks = AnswerReader(Pieces(pieces), LIMITS), list[Chunk]()
    try:
        while not (chunks and chunks[-1].done):
            chunks += await reader.read()
    except BrainError as error:
        return chunks, error
    return chunks, None


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(stream) + 1) for place in places} | {0, len(stream)})
    return [stream[start:end] for start, end in itertools.pairwise(at)]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BETWEEN = st.sampled_from([b"", b": ping\n\n", b"\r\n", b"event: x\n", b"\xef\xbb\xbf"])
BODIES = st.lists(st.tuples(TEXTS, st.sampled_from(Framing), BETWEEN), min_size=1, max_size=8)


def body(parts: list[tuple[str, Framing, bytes]]) -> tuple[bytes, list[Chunk]]:
    """Return an answer in mixed framings with all sorts of things between, and its chunks."""
    stream, chunks = b"", []
    for number, (text, framing, between) in enumerate(parts):
        done = number == len(parts) - 1
        instructions = (ShortMessage("1", "2", "3"), Blacklist(), Hangup()) if done else ()
        chunks.append(Chunk("s", "q", number, done=done, reply=Reply(text), instructions=instructions))
        stream += between + framing.encode(emit_packet(chunks[-1]))
    return stream, chunks


@given(BODIES, st.lists(st.integers(0, 10_000), max_size=30), st.booleans())
def test_an_answer_in_any_pieces_is_the_same(
    parts: list[tuple[str, Framing, bytes]], places: list[int], crlf: bool
) -> None:
    stream, chunks = body(parts)
    stream = stream.replace(b"\n", b"\r\n") if crlf else stream
    assert asyncio.run(read(cut(stream, places))) == (chunks, None)


@given(BODIES, st.integers(0, 10_000))
def test_an_answer_that_is_cut_off_keeps_its_beginning(parts: list[tuple[str, Framing, bytes]], place: int) -> None:
    stream, chunks = body(parts)
    got, error = asyncio.run(read([stream[: place % len(stream)]]))
    assert got == chunks[: len(got)]
    assert (error is None) == (got == chunks)


@given(
    BODIES,
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 6)), min_size=1, max_size=6),
    st.lists(st.integers(0, 10_000), max_size=5),
)
@example([("a", Framing.LINES, b"")], [(0, b"[" * 3, 0)], [])
def test_a_damaged_answer_is_read_or_refused(
    parts: list[tuple[str, Framing, bytes]], damages: list[tuple[int, bytes, int]], places: list[int]
) -> None:
    stream, _ = body(parts)
    for place, instead, length in damages:
        at = place % (len(stream) + 1)
        stream = stream[:at] + instead + stream[at + length :]
    got, error = asyncio.run(read(cut(stream, places)))
    assert error is not None or got[-1].done
    assert not any(chunk.done for chunk in got[:-1])


@given(st.integers(1, 400), st.sampled_from([b"x", b"\n", b": ping\n", b"data:\n", b"data: {\n", b"[", b"\xff"]))
def test_a_flood_ends(kibibytes: int, flood: bytes) -> None:
    pieces = [flood * (1024 // len(flood))] * kibibytes
    got, error = asyncio.run(read(pieces))
    assert not got
    assert error is not None
