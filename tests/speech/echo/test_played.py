from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.echo import PlayedAudio
from voicebot.speech.framing import Framer

FRAME = 160


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * FRAME


@given(st.lists(st.integers(1, 9), max_size=60))
def test_frames_that_are_judged_together_get_what_belongs_to_them(lumps: list[int]) -> None:
    played = PlayedAudio()
    noted = 0
    for lump in lumps:
        for _ in range(lump):
            played.note(frame(noted))
            noted += 1
        assert played.take(lump * FRAME) == b"".join(map(frame, range(noted - lump, noted)))


def test_where_nothing_was_played_there_is_silence() -> None:
    assert PlayedAudio().take(FRAME) == bytes(2 * FRAME)


@pytest.mark.parametrize("samples", [80, 240])
def test_frames_of_another_length_get_the_same_audio(samples: int) -> None:
    played, framer = PlayedAudio(), Framer(samples)
    taken = b""
    for number in range(60):
        played.note(frame(number))
        taken += b"".join(played.take(samples) for _ in framer.feed(frame(number)))
    assert taken == b"".join(map(frame, range(60)))


def test_what_was_played_with_frames_that_nobody_judged_is_forgotten() -> None:
    played = PlayedAudio()
    for number in range(1000):
        played.note(frame(number))  # their partners were thrown away
    assert played.take(2 * FRAME) == frame(998) + frame(999)
    played.note(frame(1000))
    assert played.take(FRAME) == frame(1000)
