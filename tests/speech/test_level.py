from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.level import SILENCE_DBFS, EnergyGate, is_faint, level_dbfs


def tone(dbfs: float, samples: int = 1600) -> bytes:
    """A sine whose mean power is ``dbfs``."""
    amplitude = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    return (amplitude * np.sin(np.arange(samples) * 2 * np.pi / 16)).astype(np.int16).tobytes()


@pytest.mark.parametrize("dbfs", [-3.1, -20, -40])
def test_level_of_a_sine(dbfs: float) -> None:
    assert level_dbfs(tone(dbfs)) == pytest.approx(dbfs, abs=0.1)


def test_level_of_silence() -> None:
    assert level_dbfs(bytes(640)) == SILENCE_DBFS


def feed(gate: EnergyGate, levels: Iterable[float]) -> list[bool]:
    """Judge levels, speech remembered, as a detector does."""
    opened = []
    for level in levels:
        opened.append(gate.is_open(level))
        if opened[-1]:
            gate.note_speech(level)
        gate.decay()
    return opened


def around(dbfs: float, spread_db: float, frames: int) -> list[float]:
    """Levels that scatter evenly."""
    scatter = np.random.default_rng(4).uniform(-spread_db / 2, spread_db / 2, frames)
    return [float(level) for level in dbfs + scatter]


@pytest.mark.parametrize("spread_db", [0, 4, 9])
def test_noise_alone_opens_the_gate_no_longer_than_it_takes_to_learn_it(spread_db: float) -> None:
    opened = feed(EnergyGate(20), around(-45, spread_db, 500))
    assert sum(opened[:50]) <= 30
    assert not any(opened[50:])


def test_a_caller_who_speaks_at_once_is_heard_at_once() -> None:
    assert all(feed(EnergyGate(20), [-20.0, -24.0, -18.0]))


def test_what_no_packet_brought_is_not_taken_for_a_quiet_line() -> None:
    gate = EnergyGate(20)
    feed(gate, [SILENCE_DBFS] * 100)
    assert sum(feed(gate, around(-45, 4, 100))) <= 10


def test_speech_passes_over_babble_fifteen_db_below_and_the_babble_does_not() -> None:
    gate = EnergyGate(20)
    feed(gate, around(-37, 9, 200))
    speech = [level for _ in range(10) for level in [*around(-22, 10, 30), *around(-37, 9, 20)]]
    opened = feed(gate, speech)
    blocks = [(opened[at : at + 30], opened[at + 30 : at + 50]) for at in range(0, 500, 50)]
    assert all(all(words) for words, _ in blocks)
    assert sum(sum(gap) for _, gap in blocks) < 0.15 * 200
    assert sum(feed(gate, around(-37, 9, 100))) < 15


def test_long_speech_without_a_pause_does_not_shut_itself_out() -> None:
    gate = EnergyGate(20)
    feed(gate, [-60.0] * 50)
    assert sum(feed(gate, around(-22, 24, 1500))) > 1200


def test_a_din_does_not_make_the_bot_deaf() -> None:
    gate = EnergyGate(20)
    feed(gate, around(-30, 6, 500))
    assert all(feed(gate, around(-22, 6, 50)))


def test_what_lies_far_under_recent_speech_is_shut_out_until_the_speech_is_forgotten() -> None:
    gate = EnergyGate(20)
    for _ in range(20):
        gate.is_open(-80.0)
    gate.note_speech(-10.0)
    assert not gate.is_open(-46.0)
    for _ in range(100):
        gate.decay()
    assert gate.is_open(-46.0)


def test_nothing_under_the_minimum_passes() -> None:
    gate = EnergyGate(20)
    for _ in range(20):
        gate.is_open(-80.0)
    assert not gate.is_open(-58.5)
    assert gate.is_open(-57.5)


@given(st.lists(st.floats(-120, 0), max_size=600))
def test_the_floor_lies_among_the_levels_and_the_threshold_above_it(levels: list[float]) -> None:
    gate = EnergyGate(20)
    for level in levels:
        gate.is_open(level)
        assert -70 <= gate.floor_dbfs <= max(-70.0, *levels)
        assert gate.quiet_dbfs >= gate.threshold_dbfs >= -58


@given(st.lists(st.floats(-120, 0), min_size=260, max_size=400))
def test_what_was_long_ago_does_not_count(levels: list[float]) -> None:
    levels = [max(level, -89.0) for level in levels]
    fresh, old = EnergyGate(20), EnergyGate(20)
    for level in [-30.0, *levels]:
        old.is_open(level)
    for level in levels:
        fresh.is_open(level)
    assert (fresh.floor_dbfs, fresh.threshold_dbfs) == (old.floor_dbfs, old.threshold_dbfs)


@pytest.mark.parametrize(("dbfs", "faint"), [(-120.0, True), (-59.0, True), (-57.0, False), (-10.0, False)])
def test_what_is_faint_is_below_all_speech(dbfs: float, faint: bool) -> None:
    assert is_faint(tone(dbfs)) is faint
