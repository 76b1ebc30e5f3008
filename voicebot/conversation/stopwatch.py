"""Takes the times of a call and keeps its record. Knows the clock so that the core need not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.conversation.record import CallRecord, Heard, TurnRecord
from voicebot.protocol.chunk import Chunk


class Stopwatch:
    """Notes what happened in a call, and when.

    Args:
        info: the call.
        line: name of the line that took it.
        on_turn: told when the answer of a turn becomes audible, or a caller's words are known.
    """

    def __init__(self, info: CallInfo, line: str, on_turn: Callable[[str, TurnRecord], None] | None = None) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self.record = CallRecord(info, line, now)
        self._on_turn = on_turn or (lambda _what, _turn: None)
        self._zero_s = time.monotonic()
        self._speech_end_ms: float | None = None
        self._utterance_end_ms: float | None = None
        self._transcript_ms: float | None = None
        self._end_of_speech_ms = 0
        self._clip_turns: dict[int, int] = {}

    def answered(self) -> None:
        """Start the clock."""
        self._zero_s = time.monotonic()

    def utterance_ended(self, since_speech_ms: float, end_of_speech_ms: int) -> None:
        """The caller's utterance ended now; its last sound was ``since_speech_ms`` ago."""
        self._utterance_end_ms = self._now_ms()
        self._speech_end_ms = self._utterance_end_ms - since_speech_ms
        self._end_of_speech_ms = end_of_speech_ms

    def transcribed(self) -> None:
        """A transcript arrived."""
        self._transcript_ms = self._now_ms()

    def asked(self, turn_id: int, *, begun_by_caller: bool) -> None:
        """A query left for the brain."""
        turn = self.record.turn(turn_id)
        if turn.asked_ms is not None:
            return  # once more, because the brain had lost the session: the caller has waited since the first time
        turn.asked_ms = self._now_ms()
        if begun_by_caller:
            turn.speech_end_ms, self._speech_end_ms = self._speech_end_ms, None
            turn.utterance_end_ms, self._utterance_end_ms = self._utterance_end_ms, None
            turn.transcript_ms, self._transcript_ms = self._transcript_ms, None
            turn.end_of_speech_ms = self._end_of_speech_ms

    def chunk(self, turn_id: int, chunk: Chunk) -> None:
        """A chunk of an answer arrived."""
        turn = self.record.turn(turn_id)
        if turn.first_chunk_ms is None:
            turn.first_chunk_ms = self._now_ms()
        if chunk.reply is not None and not turn.source:
            turn.source = chunk.reply.reply_source.value
        if chunk.reply is not None and (chunk.reply.text or chunk.reply.audio_url):
            turn.interruptible &= chunk.reply.allow_interrupt
        self.record.session_id = chunk.session_id or self.record.session_id
        turn.understood = chunk.understood or turn.understood
        turn.instructions += [type(item).__name__ for item in chunk.instructions]

    def speaking(self, clip_id: int, turn_id: int) -> None:
        """A clip of a turn is about to be spoken."""
        self._clip_turns[clip_id] = turn_id

    def audio_ready(self, clip_id: int) -> None:
        """The first audio of a clip is in the playout."""
        turn = self.record.turn(self._clip_turns[clip_id])
        if turn.first_audio_ms is None:
            turn.first_audio_ms = self._now_ms()

    def clip_started(self, clip_id: int) -> None:
        """The first sample of a clip left for the caller."""
        turn_id = self._clip_turns.get(clip_id)
        if turn_id is None:
            return
        turn = self.record.turn(turn_id)
        if turn.playing_ms is None:
            turn.playing_ms = self._now_ms()
            self._on_turn("playing", turn)

    def caller_said(self, turn_id: int, text: str) -> None:
        """The caller's words of a turn."""
        turn = self.record.turn(turn_id)
        turn.caller_text = text
        self._on_turn("caller", turn)

    def caller_heard(self, turn_id: int, text: str, *, complete: bool) -> None:
        """The caller heard a text, or the beginning of it."""
        turn = self.record.turn(turn_id)
        turn.heard.append(Heard(text, complete, self._now_ms()))
        self._on_turn("heard", turn)

    def failed(self, turn_id: int, code: str) -> None:
        """Something failed in a turn."""
        self.record.turn(turn_id).failures.append(code)

    def ended(self, cause: HangupCause, underrun_frames: int) -> None:
        """The call is over."""
        self.record.cause = cause
        self.record.duration_ms = self._now_ms()
        self.record.underrun_frames = underrun_frames

    def _now_ms(self) -> float:
        return (time.monotonic() - self._zero_s) * 1000
