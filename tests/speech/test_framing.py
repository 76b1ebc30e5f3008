from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.framing import Framer


def test_a_frame_of_the_right_length_passes_through_uncopied() -> None:
    frame = bytes(range(8))
    (out,) = Framer(4).feed(frame)
    assert out is frame


@pytest.mark.parametrize("extra", [-2, -1, 1, 2])
def test_the_leftover_waits_for_the_next_piece(extra: int) -> None:
    framer = Framer(4)
    data = bytes(range(8 + extra))
    frames = framer.feed(data)
    assert len(frames) == (8 + extra) // 8
    assert framer.pending_bytes == (8 + extra) % 8
    rest = framer.feed(bytes(8 - (8 + extra) % 8))
    assert len(rest) == 1
    assert framer.pending_bytes == 0


def test_nothing_in_nothing_out() -> None:
    framer = Framer(4)
    assert framer.feed(b"") == []
    assert framer.flush() == b""


def test_flush_fills_the_last_frame_with_silence_once() -> None:
    framer = Framer(3)
    framer.feed(b"\1\2")
    assert framer.flush() == b"\1\2\0\0\0\0"
    assert framer.flush() == b""


def test_a_frame_has_at_least_one_sample() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Framer(0)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 12))
def test_no_byte_is_lost_or_moved(pieces: list[bytes], frame_samples: int) -> None:
    framer = Framer(frame_samples)
    frames = [frame for piece in pieces for frame in framer.feed(piece)]
    assert {len(frame) for frame in frames} <= {frame_samples * 2}
    whole = b"".join(pieces)
    out = b"".join(frames)
    assert whole.startswith(out)
    assert len(whole) - len(out) == framer.pending_bytes < frame_samples * 2
