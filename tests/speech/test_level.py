from __future__ import annotations

import math

import numpy as np
import pytest

from voicebot.speech.level import SILENCE_DBFS, EnergyGate, level_dbfs


def tone(dbfs: float, samples: int = 1600) -> bytes:
    """A sine whose mean power is ``dbfs``."""
    amplitude = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    return (amplitude * np.sin(np.arange(samples) * 2 * np.pi / 16)).astype(np.int16).tobytes()


@pytest.mark.parametrize("dbfs", [-3.1, -20, -40])
def test_level_of_a_sine(dbfs: float) -> None:
    assert level_dbfs(tone(dbfs)) == pytest.approx(dbfs, abs=0.1)


def test_level_of_silence() -> None:
    assert level_dbfs(bytes(640)) == SILENCE_DBFS


def test_a_constant_level_never_opens_the_gate() -> None:
    gate = EnergyGate(20)
    assert not any(gate.is_open(-50.0) for _ in range(500))


def test_speech_over_noise_opens_it_and_the_floor_stays() -> None:
    gate = EnergyGate(20)
    for _ in range(50):
        gate.is_open(-50.0)
    assert gate.is_open(-44.0)
    assert not gate.is_open(-46.0)
    assert gate.floor_dbfs == -50.0


def test_the_floor_follows_noise_that_grows_within_its_window() -> None:
    gate = EnergyGate(20)
    for _ in range(50):
        gate.is_open(-70.0)
    opened = [gate.is_open(-50.0) for _ in range(200)]
    assert opened[0]
    assert not opened[-1]
    # Two seconds are 100 frames; the window moves in steps of a tenth.
    assert 100 <= opened.index(False) <= 120


def test_however_loud_the_line_loud_speech_passes() -> None:
    gate = EnergyGate(20)
    assert all(gate.is_open(-25.0) for _ in range(500))


def test_what_lies_far_under_recent_speech_is_shut_out_until_the_speech_is_forgotten() -> None:
    gate = EnergyGate(20)
    gate.is_open(-90.0)
    gate.note_speech(-10.0)
    assert not gate.is_open(-46.0)
    for _ in range(100):
        gate.decay()
    assert gate.is_open(-46.0)


def test_nothing_under_the_minimum_passes() -> None:
    gate = EnergyGate(20)
    gate.is_open(-100.0)
    assert not gate.is_open(-60.5)
    assert gate.is_open(-59.5)
