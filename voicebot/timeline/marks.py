"""The names of the moments in a call, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voicebot.timeline.story import Mark

UNKNOWN = "…"
"""Stands for words that were not kept."""

_MARKS: dict[str, tuple[str, str]] = {
    "StopSpeaking": ("stops speaking", "stop"),
    "PauseSpeaking": ("falls silent: {why}", "stop"),
    "ResumeSpeaking": ("goes on: {why}", "go"),
    "EndAfter": ("a pause of {silence_ms} ms will do", "plain"),
    "TurnEndJudged": ("by the sound finished: {probability}", "plain"),
    "Rehearse": ("asks on trial", "plain"),
    "AnsweredBy": ("answered by: {kind}", "plain"),
    "HangUp": ("hangs up", "stop"),
    "CallEnded": ("call over", "stop"),
    "StartTransfer": ("transfers", "go"),
    "SetEndOfSpeech": ("longest pause: {duration_ms} ms", "plain"),
    "DigitPressed": ("key {digit}", "plain"),
    "CallHeld": ("on hold: {held}", "plain"),
    "RecordFailure": ("failure: {code}", "failure"),
    "AnswerFailed": ("no answer: {code}", "failure"),
    "TranscriptFailed": ("not transcribed: {code}", "failure"),
    "ClipFailed": ("not spoken: {code}", "failure"),
    "StoreInstruction": ("keeps an order", "plain"),
    "SetRingback": ("ringing tone", "plain"),
}


_REASONS = {
    "voice": "the caller speaks",
    "words": "the caller's words",
    "longest": "the caller speaks on",
    "keys": "a key",
    "backchannel": "only an mhm",
    "noise": "a noise",
    "pickup": "only a hello",
}


def mark(at_ms: float, name: str, line: Mapping[str, object]) -> Mark:
    """Name a moment in words: those above, or the event's own name taken apart with what it tells."""
    if name in _MARKS:
        text, kind = _MARKS[name]
        for key, value in line.items():
            text = text.replace(
                f"{{{key}}}", _REASONS.get(str(value), _shown(value)) if key == "why" else _shown(value)
            )
        return Mark(at_ms, text.removesuffix(": "), kind)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    told = [_shown(value) for key, value in line.items() if key in ("why", "rule", "kind", "reason") and value]
    return Mark(at_ms, ": ".join([words, ", ".join(told)]) if told else words)


def _shown(value: object) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2g}"
    return str(value)
