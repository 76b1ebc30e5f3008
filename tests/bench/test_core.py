from __future__ import annotations

from collections import Counter

from voicebot.bench.core import MINUTES, conversation, measure


def test_ten_minutes_of_conversation_go_by_the_script() -> None:
    call = conversation()
    asked = Counter(query.query_text for query in call.queries if query.query_text)
    assert asked == {
        "I would like to move my appointment to next week": MINUTES,
        "wait, how much is that": MINUTES,
        "42#": MINUTES,
    }
    silences = sum(query.silence for query in call.queries)
    assert silences == MINUTES
    assert len(call.queries) == 1 + silences + asked.total()  # and the greeting
    # Each minute the caller stops the bot once; what is not meant to does not.
    assert call.actions["PauseSpeaking"] == MINUTES
    assert call.actions["StopSpeaking"] == MINUTES
    assert call.actions["ResumeSpeaking"] == 0
    assert call.events["ClipStarted"] == call.events["ClipFinished"] + call.events["ClipStopped"]
    assert call.events["SpeechGrew"] > 2_000
    assert not call.over


def test_the_figures_are_those_of_the_conversation() -> None:
    figures = measure(1)
    assert figures.conversation_ms == 60_000
    assert figures.queries == 5
    assert figures.events > 250
    assert figures.seconds > 0
