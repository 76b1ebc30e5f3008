from __future__ import annotations

import numpy as np
import pytest

from telephony.announcements.cadences import CADENCES, Cadence
from telephony.announcements.looks import FRAME_MS, Looker
from telephony.announcements.outcome import Category
from telephony.announcements.runs import Run, Runs
from telephony.announcements.tones import find_beep, find_cadence, find_information_tones
from tests.telephony.announcements.sounds import Audio, frames, on_the_line, pause, rhythm, tone

NOISES_DBFS = (-60.0, -40.0, -32.0)


def runs_of(audio: Audio, noise_dbfs: float = -60.0) -> list[Run]:
    looker, runs = Looker(), Runs()
    for frame in frames(on_the_line(audio, noise_dbfs)):
        runs.feed(looker.look(frame))
    return runs.all


def first_found(audio: Audio, noise_dbfs: float) -> tuple[Cadence, int] | None:
    """Return the first tone that is found, and when, in ms."""
    looker, runs = Looker(), Runs()
    for number, frame in enumerate(frames(on_the_line(audio, noise_dbfs))):
        runs.feed(looker.look(frame))
        found = find_cadence(runs.all)
        if found is not None:
            return found, number * FRAME_MS
    return None


def identify(value: object) -> str:
    return value.name if isinstance(value, Cadence) else str(value)


@pytest.mark.parametrize("noise_dbfs", NOISES_DBFS)
@pytest.mark.parametrize("cadence", CADENCES, ids=identify)
def test_every_tone_is_found_at_once_and_taken_for_no_other(cadence: Cadence, noise_dbfs: float) -> None:
    pattern = cadence.pattern_ms if len(cadence.pattern_ms) > 1 else (20_000,)
    found = first_found(rhythm(cadence.frequencies_hz, pattern, 16_000), noise_dbfs)
    assert found is not None
    assert found[0].category is cadence.category
    assert found[1] <= 4500


@pytest.mark.parametrize("duration_ms", [330, 380])
@pytest.mark.parametrize(
    ("frequencies_hz", "category"),
    [
        ((950, 1400, 1800), Category.LINE_FAULT),
        ((913.8, 1370.6, 1776.7), Category.NO_SUCH_NUMBER),
        ((985.2, 1370.6, 1776.7), Category.NO_SUCH_NUMBER),
        ((985.2, 1428.5, 1776.7), Category.NETWORK_BUSY),
    ],
)
def test_information_tones(frequencies_hz: tuple[float, ...], category: Category, duration_ms: int) -> None:
    three = [sound for frequency in frequencies_hz for sound in (tone([frequency], duration_ms), pause(20))]
    audio = [pause(400), *three, pause(300)]
    assert find_information_tones(runs_of(join(audio))) is category


def join(pieces: list[Audio]) -> Audio:
    return np.concatenate(pieces)


def glide(from_hz: float, to_hz: float, duration_ms: int) -> Audio:
    frequencies_hz = np.linspace(from_hz, to_hz, duration_ms * 8)
    result: Audio = 0.2 * np.sin(2 * np.pi * np.cumsum(frequencies_hz) / 8000)
    return result


@pytest.mark.parametrize("noise_dbfs", NOISES_DBFS)
@pytest.mark.parametrize("frequency_hz", [400, 700, 1000, 1400, 2000])
@pytest.mark.parametrize("duration_ms", [160, 400, 1000])
def test_beeps(frequency_hz: float, duration_ms: int, noise_dbfs: float) -> None:
    beep = find_beep(runs_of(join([pause(500), tone([frequency_hz], duration_ms), pause(200)]), noise_dbfs))
    assert beep is not None
    assert abs(beep.frequency_hz - frequency_hz) < 5
    assert abs(beep.duration_ms - duration_ms) <= 40


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(tone([697, 1209], 300), id="key"),
        pytest.param(tone([1000], 60), id="click"),
        pytest.param(tone([2100], 2600), id="fax"),
        pytest.param(glide(500, 700, 400), id="glide"),
    ],
)
def test_what_is_no_beep(audio: Audio) -> None:
    assert find_beep(runs_of(join([pause(500), audio, pause(200)]))) is None
