"""The event log of a call as a file, written while the call goes on: ``<recordings>/<call>.timeline.jsonl``.

The first line tells which call it is, the others are an event, an action or the running timers each:

    {"version": 1, "call": "f0707a6bbe2cd893", "line": "desk", "recording": "f0707a6bbe2cd893.wav", ...}
    {"at": 0.0, "event": "CallAnswered"}
    {"at": 0.0, "action": "Ask", "turn_id": 1, "text": "", "silence": false}
    {"at": 0.0, "timers": {"answer": 65000.0, "max_call": 1800000.0}}

``at`` is in milliseconds since the call was answered, counted by the frames of the recording, so that it names a place
in the sound: ``recording_ms`` of the first line plus ``at`` is the time from the recording's first sample. Where the
stream stands still (on hold) so does this clock. It is as exact as the event loop is prompt: what a frame brought about
is noted at most one frame of 20 ms late when the loop is idle.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from voicebot.conversation.actions import Action
from voicebot.conversation.eventlog import Value, entry
from voicebot.conversation.events import CallAnswered, Event, SpeechGrew

logger = logging.getLogger(__name__)

SUFFIX = ".timeline.jsonl"
VERSION = 1

# A disk that hangs longer than this takes loses entries rather than filling the memory.
_MAX_WAITING = 10_000
# Speech grows with every frame. Five notes a second are enough for a picture.
_SPEECH_STEP_MS = 200
# A timer that is only moved by less than this has not changed: its end is computed anew from two clocks.
_TIMER_STEP_MS = 50.0


@dataclass(frozen=True, slots=True)
class TimelineHeader:
    """Which call a log belongs to.

    Attributes:
        call: its id.
        line: name of the line that took it.
        language: what is spoken.
        recording: name of the recording's file, in the same folder.
        rate_hz: its sample rate.
        started_at: when the call came in, ISO 8601.
        content: what was said is in the log.
    """

    call: str
    line: str
    language: str
    recording: str
    rate_hz: int
    started_at: str
    content: bool


class TimelineFile:
    """Writes the log of a call on a thread of its own; an ``EventLog``.

    Each line is flushed, so that a crash leaves all that happened before it. The file is made when the call is
    answered: calls that never are leave none.

    Args:
        path: the file; its folder exists.
        header: which call it is.
        position_ms: length of the recording so far.
    """

    def __init__(self, path: Path, header: TimelineHeader, position_ms: Callable[[], float]) -> None:
        self.path = path
        self.dropped = 0
        self._header = header
        self._position_ms = position_ms
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._zero_ms = 0.0
        self._early: list[dict[str, Any]] = []
        self._speech: tuple[int, int] = (-1, 0)
        self._timers: dict[str, float] = {}

    def happened(
        self, event: Event, actions: Sequence[Action], timers: Mapping[str, float], *, hidden: bool = False
    ) -> None:
        """Note an event, what it led to, and the timers that run from now on."""
        if isinstance(event, CallAnswered) and self._thread is None:
            self._begin()
        at_ms, content = self._now_ms(), self._header.content and not hidden
        if actions or self._is_news(event):
            self._put({"at": at_ms, "event": type(event).__name__, **entry(event, content=content)})
        for action in actions:
            self._put({"at": at_ms, "action": type(action).__name__, **entry(action, content=content)})
        self._note_timers(at_ms, timers)

    def note(self, what: str, **values: Value) -> None:
        """Note what is known outside the core only."""
        self._put({"at": self._now_ms(), "event": what, **values})

    def close(self) -> None:
        """Nothing follows: the file is completed. Never blocks."""
        if self._thread is not None:
            self._waiting.put(None)

    def join(self, timeout_s: float = 5.0) -> None:
        """Wait until the file is complete. Blocks: not for an event loop."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    # --- event loop

    def _begin(self) -> None:
        self._zero_ms = self._position_ms()
        header = {"version": VERSION, **asdict(self._header), "recording_ms": round(self._zero_ms, 1)}
        self._waiting.put(header)
        for line in self._early:
            self._waiting.put({**line, "at": 0.0})
        self._early.clear()
        self._thread = threading.Thread(target=self._main, name="timeline", daemon=True)
        self._thread.start()

    def _now_ms(self) -> float:
        return round(self._position_ms() - self._zero_ms, 1)

    def _is_news(self, event: Event) -> bool:
        """Tell whether an event is worth a line that led to nothing: not each frame of somebody's speech is."""
        if not isinstance(event, SpeechGrew):
            return True
        utterance_id, noted_ms = self._speech
        if event.utterance_id == utterance_id and event.speech_ms - noted_ms < _SPEECH_STEP_MS:
            return False
        self._speech = (event.utterance_id, event.speech_ms)
        return True

    def _note_timers(self, at_ms: float, timers: Mapping[str, float]) -> None:
        ends = {name: round(at_ms + left_ms, 1) for name, left_ms in timers.items()}
        before = self._timers
        moved = (abs(end_ms - before[name]) > _TIMER_STEP_MS for name, end_ms in ends.items() if name in before)
        if ends.keys() != before.keys() or any(moved):
            self._timers = ends
            self._put({"at": at_ms, "timers": ends})

    def _put(self, line: dict[str, Any]) -> None:
        if self._thread is None:
            self._early.append(line)
        elif self._waiting.qsize() < _MAX_WAITING:
            self._waiting.put(line)
        else:
            self.dropped += 1

    # --- the writer's thread

    def _main(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                self._write_lines(file)
        except OSError as error:
            logger.error("The timeline %s stops: %s", self.path.name, error)
        if self.dropped:
            logger.warning("The timeline %s lacks %d lines: the disk was too slow", self.path.name, self.dropped)

    def _write_lines(self, file: BinaryIO) -> None:
        while (line := self._waiting.get()) is not None:
            file.write((json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
