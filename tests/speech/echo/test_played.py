from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.echo import PlayedAudio

FRAME = 160


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * FRAME


@given(st.lists(st.integers(1, 4), max_size=60))
def test_each_frame_goes_with_its_own_however_late_it_is_taken(lags: list[int]) -> None:
    played = PlayedAudio()
    noted = taken = 0
    for lag in lags:
        for _ in range(lag):
            played.note(frame(noted))
            noted += 1
        while taken < noted:
            assert played.take(FRAME) == frame(taken)
            taken += 1


def test_where_nothing_was_played_there_is_silence() -> None:
    assert PlayedAudio().take(FRAME) == bytes(2 * FRAME)


def test_frames_of_another_length_get_the_same_audio() -> None:
    played = PlayedAudio()
    pcm = b"".join(map(frame, range(6)))
    for number in range(6):
        played.note(frame(number))
    assert b"".join(played.take(240) for _ in range(4)) == pcm


def test_the_echo_of_lost_frames_is_forgotten_within_two_seconds() -> None:
    played = PlayedAudio()
    for number in range(10):
        played.note(frame(number))  # their partners were thrown away
    for number in range(10, 110):
        played.note(frame(number))
        last = played.take(FRAME)
    assert last == frame(109)


def test_a_short_lag_is_no_loss() -> None:
    played = PlayedAudio()
    for number in range(40):
        played.note(frame(number))
    assert [played.take(FRAME) for _ in range(40)] == [frame(number) for number in range(40)]
    for number in range(100):
        played.note(frame(number))
        assert played.take(FRAME) == frame(number)


def test_two_threads_share_it() -> None:
    played = PlayedAudio()

    def write() -> None:
        for number in range(500):
            played.note(frame(number))

    writer = threading.Thread(target=write)
    writer.start()
    got = b""
    while len(got) < 100 * 2 * FRAME:
        piece = played.take(FRAME)
        got += piece if any(piece) or not got else b""
        if not writer.is_alive():
            break
    writer.join()
    numbers = [int.from_bytes(got[at : at + 2], "little") for at in range(0, len(got), 2 * FRAME)]
    assert numbers == sorted(numbers)
