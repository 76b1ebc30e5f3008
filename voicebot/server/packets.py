"""From the chunks of a brain to the packets of the page."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from voicebot.protocol.chunk import Chunk, emit_answer, emit_envelope
from voicebot.protocol.expectation import Expectation
from voicebot.protocol.framing import Framing
from voicebot.protocol.instruction import Instruction
from voicebot.protocol.reply import AudioField, Reply, emit_part, emit_reply
from voicebot.protocol.understanding import Understanding
from voicebot.server.tokens import split_tokens

logger = logging.getLogger(__name__)

Durations = tuple[int | None, int | None]
"""``identify_duration_ms`` and ``node_silent_duration_s`` of a chunk."""
NO_DURATIONS: Durations = (None, None)
Extension = tuple[Expectation | None, bool | None]
"""``expects`` and ``complete`` of a chunk: a brain tells them only to who has asked for them."""


class Packets:
    """Writes one answer as packets, and keeps to the page's rules whatever the brain does.

    * chunk ids count from 0 without gaps, and all packets carry the same two ids;
    * durations stand in the first packet only;
    * ``done`` comes once, in the last packet, whose reply is empty, as in the page's example: clients differ in
      whether they speak what stands there.

    Attributes:
        begun: something was written.
        done: the last packet was written; whatever comes now is left out.
    """

    def __init__(
        self,
        session_id: str,
        framing: Framing,
        audio_field: AudioField,
        *,
        by_token: bool = False,
        audio_url: Callable[[str], str] | None = None,
        wordless: bool = False,
    ) -> None:
        """Begin an answer.

        Args:
            session_id: of the query; a brain that has another name for the session is believed.
            framing: how packets follow each other.
            audio_field: name of the audio field.
            by_token: cut sentences into tokens, which have no audio.
            audio_url: makes the address of a sentence's audio; None for answers without.
            wordless: chunks that say nothing become packets, too, for what stands beside the words.
        """
        self.begun = False
        self.done = False
        self._session_id = session_id
        self._query_id = ""
        self._framing = framing
        self._audio_field = audio_field
        self._by_token = by_token
        self._audio_url = audio_url
        self._wordless = wordless
        self._next_id = 0
        self._durations = NO_DURATIONS
        self._extension: Extension = (None, None)
        self._understood: Understanding | None = None
        self._last = Reply("")

    def write(self, chunks: Iterable[Chunk]) -> bytes:
        """Return the packets of some chunks; there may be more or fewer of them than chunks."""
        return b"".join(packet for chunk in chunks for packet in self._write(chunk))

    def say(self, text: str, durations: Durations = NO_DURATIONS) -> bytes:
        """Return packets with a sentence of the server's own."""
        self._durations = NO_DURATIONS if self.begun else durations
        return b"".join(self._pieces(Reply(text), ()))

    def close(self, instructions: tuple[Instruction, ...] = ()) -> bytes:
        """Return the last packet: ``done``, with an empty reply."""
        self.done = True
        return self._packet(emit_part(self._last, "", None, self._audio_field), instructions, done=True)

    def _write(self, chunk: Chunk) -> list[bytes]:
        if self.done:
            logger.warning("a brain went on after its done chunk; chunk %d left out", chunk.chunk_id)
            return []
        if not self.begun:
            self._session_id = chunk.session_id or self._session_id
            self._query_id = self._query_id or chunk.query_id
            first, second = self._durations
            self._durations = (chunk.identify_duration_ms or first, chunk.node_silent_duration_s or second)
            self._extension = (chunk.expects, chunk.complete)
        reply = chunk.reply
        if reply is not None:
            self._last = reply
        instructions = chunk.instructions
        packets = []
        if reply is not None and reply.text:
            packets = self._pieces(reply, () if chunk.done else instructions)
        elif (instructions or self._wordless) and not chunk.done:
            empty = emit_reply(reply, self._audio_field) if reply is not None else None
            packets = [self._packet(empty, instructions)]
        if chunk.done:
            self._understood = chunk.understood
            packets.append(self.close(instructions))
        return packets

    def _pieces(self, reply: Reply, instructions: tuple[Instruction, ...]) -> list[bytes]:
        if not self._by_token:
            url = reply.audio_url
            if url is None and self._audio_url is not None and not reply.text.isspace():
                url = self._audio_url(reply.text)
            return [self._packet(emit_part(reply, reply.text, url, self._audio_field), instructions)]
        *tokens, last = split_tokens(reply.text)
        packets = [self._packet(emit_part(reply, token, None, self._audio_field), ()) for token in tokens]
        packets.append(self._packet(emit_part(reply, last, None, self._audio_field), instructions))
        return packets

    def _packet(self, reply: dict[str, Any] | None, instructions: tuple[Instruction, ...], done: bool = False) -> bytes:
        self._query_id = self._query_id or str(uuid.uuid4())
        answer = emit_answer(self._next_id, done, reply, instructions)
        understood = self._understood if done else None
        packet = emit_envelope(
            self._session_id, self._query_id, answer, *self._durations, *self._extension, understood=understood
        )
        self.begun = True
        self._next_id += 1
        self._durations, self._extension = NO_DURATIONS, (None, None)
        return self._framing.encode(packet)
