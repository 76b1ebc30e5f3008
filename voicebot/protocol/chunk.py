"""``Chunk``: one piece of an answer, and the packets that carry chunks on the wire."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from voicebot.protocol.expectation import Expectation, emit_expectation, parse_expectation
from voicebot.protocol.fields import Fields
from voicebot.protocol.instruction import Instruction, emit_instructions, parse_instructions
from voicebot.protocol.reply import AudioField, Reply, emit_reply, parse_reply
from voicebot.protocol.understanding import Understanding, emit_understanding, parse_understanding

logger = logging.getLogger(__name__)

IDENTIFY_DURATION_MS = (200, 3000)
"""Range of a sensible end-of-speech time: below it words are torn apart, above it the caller thinks we are gone."""
NODE_SILENT_DURATION_S = (1, 120)
"""Range of a sensible silence. The page's own example says 1000 (seconds)."""
_RUNNING, _DONE = "running", "done"


# Not frozen: that takes four times as long to make, and an answer is many of them. Nobody changes one all the same.
@dataclass(slots=True)
class Chunk:
    """One piece of an answer.

    Attributes:
        session_id: the session the answer belongs to; the next query carries it.
        query_id: one id for all chunks of an answer.
        chunk_id: counts from 0 without gaps.
        done: this is the last chunk of the answer.
        reply: text for the caller, if any.
        instructions: what to do once all of the answer was heard, in order.
        identify_duration_ms: silence that ends the caller's next utterance; None keeps what is set.
        node_silent_duration_s: silence after which the brain wants to be told; None keeps what is set.
        expects: what the answer asks the caller for, in its first chunk; None if the brain does not tell.
        complete: of a speculative answer, in its first chunk: True: the words are all that was asked for; False: they
            are nothing that was; None: they are understood, and there may be more to come.
        understood: what the query was taken for, in its last chunk; None if the brain does not tell.
    """

    session_id: str
    query_id: str
    chunk_id: int
    done: bool = False
    reply: Reply | None = None
    instructions: tuple[Instruction, ...] = ()
    identify_duration_ms: int | None = None
    node_silent_duration_s: int | None = None
    expects: Expectation | None = None
    complete: bool | None = None
    understood: Understanding | None = None


def parse_packet(data: object) -> list[Chunk]:
    """Read one JSON object of an answer stream. ``answer`` is a list: a packet may hold several chunks, or none.

    Durations are brought into their sane range with a log line; they go to the packet's first chunk.

    Args:
        data: the JSON value, or its fields if they are to be read in a special way (``LenientFields``).

    Raises:
        ProtocolError: a required field is missing or a field has the wrong type.
    """
    fields = data if isinstance(data, Fields) else Fields(data)
    session_id, query_id = fields.text("sessionId"), fields.text("queryId")
    identify_ms = _duration(fields, "identifyDuration", IDENTIFY_DURATION_MS)
    silent_s = _duration(fields, "nodeSilentDurationSeconds", NODE_SILENT_DURATION_S)
    expected = fields.object("expects")
    expects = parse_expectation(expected) if expected is not None else None
    said = dict(fields.items()).get("complete")
    complete = said if isinstance(said, bool) else None  # somebody else's field of that name may hold anything
    understood = parse_understanding(dict(fields.items()).get("understood"))
    chunks = []
    for answer in fields.objects("answer"):
        chunk = _parse_answer(answer, session_id, query_id, identify_ms, silent_s)
        chunk.expects, chunk.complete = expects, complete
        chunk.understood = understood if chunk.done else None
        chunks.append(chunk)
        identify_ms = silent_s = expects = complete = None
    return chunks


def _parse_answer(
    answer: Fields, session_id: str, query_id: str, identify_ms: int | None, silent_s: int | None
) -> Chunk:
    chunk_id = answer.integer("chunkId")
    if chunk_id is None:
        answer.fail("chunkId", "is missing")
    status = answer.text("status")
    if status not in (_RUNNING, _DONE):
        answer.fail("status", "expected 'running' or 'done'")
    reply, instruction = answer.object("reply"), answer.object("instruction")
    return Chunk(
        session_id=session_id,
        query_id=query_id,
        chunk_id=chunk_id,
        done=status == _DONE,
        reply=parse_reply(reply) if reply is not None else None,
        instructions=parse_instructions(instruction) if instruction is not None else (),
        identify_duration_ms=identify_ms,
        node_silent_duration_s=silent_s,
    )


def _duration(fields: Fields, name: str, allowed: tuple[int, int]) -> int | None:
    value = fields.integer(name)
    if value is None or value <= 0:  # the page: only values above 0 count
        return None
    clamped = min(max(value, allowed[0]), allowed[1])
    if clamped != value and fields.lenient:
        fields.note(name, f"{value} is out of range, {clamped} taken instead")
    elif clamped != value:
        logger.warning("%s %d is out of range, %d taken instead", name, value, clamped)
    return clamped


def emit_packet(chunk: Chunk, audio_field: AudioField = AudioField.BOTH) -> dict[str, Any]:
    """Write a chunk as a packet with the page's field names, in the page's order."""
    reply = emit_reply(chunk.reply, audio_field) if chunk.reply is not None else None
    answer = emit_answer(chunk.chunk_id, chunk.done, reply, chunk.instructions)
    durations = (chunk.identify_duration_ms, chunk.node_silent_duration_s)
    return emit_envelope(chunk.session_id, chunk.query_id, answer, *durations)


def emit_envelope(
    session_id: str,
    query_id: str,
    answer: dict[str, Any],
    identify_duration_ms: int | None = None,
    node_silent_duration_s: int | None = None,
    expects: Expectation | None = None,
    complete: bool | None = None,
    understood: Understanding | None = None,
) -> dict[str, Any]:
    """Write a packet with one entry from ``emit_answer``."""
    packet: dict[str, Any] = {"sessionId": session_id, "queryId": query_id, "answer": [answer]}
    if identify_duration_ms:
        packet["identifyDuration"] = identify_duration_ms
    if node_silent_duration_s:
        packet["nodeSilentDurationSeconds"] = node_silent_duration_s
    if expects is not None:
        packet["expects"] = emit_expectation(expects)
    if complete is not None:
        packet["complete"] = complete
    if understood is not None:
        packet["understood"] = emit_understanding(understood)
    return packet


def emit_answer(
    chunk_id: int, done: bool, reply: dict[str, Any] | None, instructions: tuple[Instruction, ...] = ()
) -> dict[str, Any]:
    """Write one entry of a packet's ``answer``, with a reply from ``emit_reply``."""
    answer: dict[str, Any] = {"chunkId": chunk_id, "status": _DONE if done else _RUNNING}
    if reply is not None:
        answer["reply"] = reply
    if instructions:
        answer["instruction"] = emit_instructions(instructions)
    return answer
