from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.synthesis.kokoro_frames import FADE_SAMPLES, joined, speech_cuts

_SILENCE, _SPEECH = -9.3, 8.0


def _energy(*lengths: int) -> np.ndarray:
    """Silence, speech, silence, speech and so on, in frames."""
    parts = [np.full(2 * length, (_SILENCE, _SPEECH)[i % 2], np.float32) for i, length in enumerate(lengths)]
    return np.concatenate(parts)


def test_silence_around_a_clause_is_left_out_but_for_a_margin() -> None:
    assert speech_cuts(_energy(17, 20, 30)) == [15, 39]
    assert speech_cuts(_energy(0, 20)) == [0, 20]


def test_cuts_lie_in_pauses() -> None:
    assert speech_cuts(_energy(10, 15, 3, 60, 10))[1] in (25, 26, 27)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=12))
def test_pieces_are_long_enough_and_follow_each_other(lengths: list[int]) -> None:
    energy = _energy(*lengths, 1)
    cuts = speech_cuts(energy)
    sizes = [end - start for start, end in itertools.pairwise(cuts)]
    assert 0 <= cuts[0] <= cuts[-1] <= len(energy) // 2
    assert all(size >= 12 for size in sizes) or len(sizes) == 1
    assert len(sizes) == 1 or sizes[0] <= 28
    loud = np.flatnonzero(energy.reshape(-1, 2).max(axis=1) > 0)
    assert not len(loud) or (cuts[0] <= loud[0] and loud[-1] < cuts[-1])


def test_noise_without_speech_is_rendered_whole() -> None:
    assert speech_cuts(np.zeros(40, np.float32)) == [0, 20]


@pytest.mark.parametrize("late_samples", [-90, 0, 60])
def test_pieces_are_joined_where_their_waves_agree(late_samples: int) -> None:
    wave = np.sin(2 * np.pi * 150 * np.arange(6000) / 24_000).astype(np.float32)
    at = 1000
    tail = wave[at - FADE_SAMPLES : at + FADE_SAMPLES]
    result = joined(tail, np.roll(wave, late_samples), at)
    # As if the wave had never been cut.
    np.testing.assert_allclose(result[:3000], wave[at - FADE_SAMPLES :][:3000], atol=0.05)
