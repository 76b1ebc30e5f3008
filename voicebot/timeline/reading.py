"""From the lines of a call's log to its story."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from voicebot.errors import TimelineError
from voicebot.runtime.timeline_file import VERSION
from voicebot.timeline.marks import UNKNOWN, mark
from voicebot.timeline.story import Clip, Mark, Story, Timer, Turn, Understood, Utterance

# What the picture shows elsewhere, or what no caller notices.
_NOT_MARKED = frozenset(
    {"CallAnswered", "Tick", "Transcribe", "DropTranscription", "HurryTranscription", "CancelAsk", "RecordCaller"}
    | {"SpeechResumed", "ClipTimed", "Rehearsed"}
)
_AT_ONCE_MS = 50.0
_DUE_MS = 60.0  # a timer that ends this close to its time has gone off

Line = dict[str, Any]


def read_story(lines: Iterable[str]) -> Story:
    """Read the log of a call. Lines that are no log lines are counted and left out: a crash may cut the last one.

    Raises:
        TimelineError: the first line does not tell which call it is, or a newer version of the program wrote it.
    """
    given = iter(lines)
    reader = _Reader(_header(next(given, "")))
    for text in given:
        reader.take(_parsed(text))
    return reader.story


def _header(text: str) -> Story:
    line = _parsed(text)
    if line is None or "version" not in line or "call" not in line:
        raise TimelineError("its first line does not tell which call it is: this is not the log of a call, or damaged")
    if line["version"] != VERSION:
        raise TimelineError(f"it is of version {line['version']}; this program reads version {VERSION}")
    return Story(
        call=str(line["call"]),
        line=str(line.get("line", "")),
        started_at=str(line.get("started_at", "")),
        recording=str(line.get("recording", "")),
        recording_ms=float(line.get("recording_ms", 0.0)),
        content=bool(line.get("content", True)),
    )


def _parsed(text: str) -> Line | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


class _Reader:
    """Takes one line after the other."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._ended_clip: Clip | None = None
        self._silence_ms: float | None = None
        self._waited_ms = 0.0
        self._longest_ms: object = None
        self._query_ends_ms = 0.0
        self._timers: dict[str, Timer] = {}
        self._handlers: dict[str, Callable[[float, Line], None]] = {
            "SpeechGrew": self._speech_grew,
            "SpeechPaused": self._speech_paused,
            "EndOfTurn": self._end_of_turn,
            "UtteranceEnded": self._utterance_ended,
            "SpeechDropped": self._speech_dropped,
            "CallerPartial": lambda at, line: self._said(at, line, final=False),
            "TranscriptReady": lambda at, line: self._said(at, line, final=True),
            "Ask": self._ask,
            "ChunkArrived": self._chunk,
            "Speak": self._speak,
            "AudioReady": self._audio_ready,
            "ClipStarted": self._clip_started,
            "ClipFinished": self._clip_over,
            "ClipStopped": self._clip_over,
            "ClipPaused": self._clip_paused,
            "RecordHeard": self._heard,
        }

    def take(self, line: Line | None) -> None:
        """Take a line; None is one that could not be read."""
        try:
            self._take(line or {})
        except (AttributeError, KeyError, TypeError, ValueError):
            self.story.damaged += 1

    def _take(self, line: Line) -> None:
        at_ms = float(line["at"])
        self.story.length_ms = max(self.story.length_ms, at_ms)
        if "timers" in line:
            self._set_timers(at_ms, {str(name): float(due_ms) for name, due_ms in line["timers"].items()})
            return
        name = str(line["event"] if "event" in line else line["action"])
        handler = self._handlers.get(name)
        if handler is not None:
            handler(at_ms, line)
            return
        if name == "ResumeSpeaking":
            self._resume(at_ms)
        elif name == "SetEndOfSpeech":
            if line["duration_ms"] == self._longest_ms:
                return
            self._longest_ms = line["duration_ms"]
        if name not in _NOT_MARKED and not (name == "SetRingback" and not line["on"]):
            self.story.marks.append(mark(at_ms, name, line))

    # --- the caller

    def _utterance(self, line: Line) -> Utterance | None:
        wanted = int(line["utterance_id"])
        return next((item for item in reversed(self.story.utterances) if item.utterance_id == wanted), None)

    def _speech_grew(self, at_ms: float, line: Line) -> None:
        if self._utterance(line) is None:
            start_ms = at_ms - float(line["speech_ms"])
            self.story.utterances.append(Utterance(int(line["utterance_id"]), start_ms))

    def _speech_paused(self, at_ms: float, line: Line) -> None:
        utterance = self._utterance(line)
        if utterance is not None:
            utterance.pauses_ms.append(at_ms)

    def _end_of_turn(self, _at_ms: float, line: Line) -> None:
        self._silence_ms, self._waited_ms = float(line["silence_ms"]), float(line["waited_ms"])

    def _utterance_ended(self, at_ms: float, line: Line) -> None:
        utterance = self._utterance(line)
        if utterance is not None:
            utterance.end_ms = at_ms
            utterance.speech_end_ms = at_ms - (self._silence_ms or 0.0)
            self._query_ends_ms = min(at_ms, utterance.speech_end_ms + self._waited_ms)
        self._silence_ms = None

    def _speech_dropped(self, at_ms: float, line: Line) -> None:
        utterance = self._utterance(line)
        if utterance is not None:
            utterance.end_ms = utterance.speech_end_ms = at_ms
            utterance.dropped = True

    def _said(self, at_ms: float, line: Line, *, final: bool) -> None:
        said, known = Understood(at_ms, _words(line["text"]), final), self.story.understood
        again = bool(known) and known[-1].text == said.text and not known[-1].final
        if again and final and at_ms - known[-1].at_ms < _AT_ONCE_MS:
            known[-1] = said
        elif final or not again:
            known.append(said)

    # --- turns

    def _turn(self, turn_id: object) -> Turn | None:
        return next((item for item in reversed(self.story.turns) if item.turn_id == turn_id), None)

    def _ask(self, at_ms: float, line: Line) -> None:
        if self._turn(line["turn_id"]) is not None:
            return  # asked once more, because the brain had lost the session
        turn = Turn(int(line["turn_id"]), _words(line["text"]), at_ms, silence=bool(line.get("silence")))
        if turn.text:
            ended = [item for item in self.story.utterances if item.end_ms is not None and not item.dropped]
            if ended and not any(item.speech_end_ms == ended[-1].speech_end_ms for item in self.story.turns):
                turn.speech_end_ms, turn.end_of_turn_ms = ended[-1].speech_end_ms, self._query_ends_ms
            finals = [item.at_ms for item in self.story.understood if item.final]
            turn.understood_ms = finals[-1] if finals else None
        self.story.turns.append(turn)
        self.story.marks.append(Mark(at_ms, f"asks ({turn.turn_id}): {_asked(turn)}", "ask"))

    def _chunk(self, at_ms: float, line: Line) -> None:
        turn = self._turn(line["turn_id"])
        if turn is None:
            return
        if turn.first_chunk_ms is None:
            turn.first_chunk_ms = at_ms
        if line.get("done"):
            turn.done_ms = at_ms

    # --- the bot's voice

    def _clip(self, line: Line) -> Clip | None:
        return next((item for item in reversed(self.story.clips) if item.clip_id == line["clip_id"]), None)

    def _speak(self, at_ms: float, line: Line) -> None:
        turn_id = self.story.turns[-1].turn_id if self.story.turns else 0
        self.story.clips.append(Clip(int(line["clip_id"]), _words(line["text"]), at_ms, turn_id))

    def _audio_ready(self, at_ms: float, line: Line) -> None:
        clip = self._clip(line)
        if clip is not None and clip.ready_ms is None:
            clip.ready_ms = at_ms
            turn = self._turn(clip.turn_id)
            if turn is not None and turn.first_audio_ms is None:
                turn.first_audio_ms = at_ms

    def _clip_started(self, at_ms: float, line: Line) -> None:
        clip = self._clip(line)
        if clip is not None:
            clip.start_ms = at_ms
            turn = self._turn(clip.turn_id)
            if turn is not None and turn.playing_ms is None:
                turn.playing_ms = at_ms

    def _clip_over(self, at_ms: float, line: Line) -> None:
        clip = self._ended_clip = self._clip(line)
        if clip is not None:
            clip.end_ms = at_ms
            clip.complete = line.get("event") == "ClipFinished"
            if clip.start_ms is None and line.get("heard_ms"):
                clip.start_ms = at_ms - float(line["heard_ms"])

    def _clip_paused(self, at_ms: float, line: Line) -> None:
        clip = self._clip(line)
        if clip is not None:
            clip.pauses_ms.append((at_ms, None))

    def _resume(self, at_ms: float) -> None:
        for clip in self.story.clips:
            if clip.end_ms is None and clip.pauses_ms and clip.pauses_ms[-1][1] is None:
                clip.pauses_ms[-1] = clip.pauses_ms[-1][0], at_ms

    def _heard(self, _at_ms: float, line: Line) -> None:
        if self._ended_clip is not None:
            self._ended_clip.heard = _words(line["text"])

    # --- timers

    def _set_timers(self, at_ms: float, running: dict[str, float]) -> None:
        for name, timer in list(self._timers.items()):
            if running.get(name) == timer.due_ms:
                continue
            timer.end_ms = at_ms
            timer.fired = at_ms >= timer.due_ms - _DUE_MS
            del self._timers[name]
        for name, due_ms in running.items():
            if name not in self._timers:
                self._timers[name] = Timer(name, at_ms, due_ms)
                self.story.timers.append(self._timers[name])


def _asked(turn: Turn) -> str:
    if turn.text:
        return turn.text
    return "nobody speaks" if turn.silence else "begin" if turn.turn_id == 1 else "what now"


def _words(text: object) -> str:
    """Return a text of the log; None stands for words that were not kept."""
    return UNKNOWN if text is None else str(text)
