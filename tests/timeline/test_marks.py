from __future__ import annotations

import pytest

from voicebot.timeline.marks import UNKNOWN, mark


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("PauseSpeaking", {"why": "words"}, "falls silent: the caller's words"),
        ("EndAfter", {"silence_ms": 260, "attempt": 1}, "a pause of 260 ms will do"),
        ("TurnEndJudged", {"probability": 0.8734, "attempt": 1}, "by the sound finished: 0.87"),
        ("DigitPressed", {"digit": None}, f"key {UNKNOWN}"),
        ("CallHeld", {"held": True}, "on hold: yes"),
        ("SomethingNew", {"reason": "a test", "other": 3}, "something new: a test"),
    ],
)
def test_moments_are_told_in_plain_words(name: str, line: dict[str, object], text: str) -> None:
    found = mark(12.0, name, line)
    assert (found.at_ms, found.text) == (12.0, text)
