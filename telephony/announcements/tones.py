"""The network's tones in runs of tone and pause: by rhythm, as special information tones, as a single beep."""

from __future__ import annotations

from collections.abc import Sequence

from telephony.announcements.cadences import CADENCES, Cadence
from telephony.announcements.outcome import Category
from telephony.announcements.runs import Run

_FREQUENCY_TOLERANCE_HZ = 14.0
# The two tones of a close pair beat: their common centre wanders.
_CLOSE_PAIR_HZ, _CLOSE_PAIR_TOLERANCE_HZ = 60.0, 22.0
_TIME_TOLERANCE, _TIME_TOLERANCE_MS = 0.12, 45
# What is nearly as loud as the tone before it is no pause.
_PAUSE_DB = 8.0
# A pause this long is one of ring-back, however long it becomes.
_LONG_PAUSE_MS = 1500

# Special information tones: ITU-T E.180 (950, 1400, 1800 Hz, 330 ms each) and Telcordia SR-2275, where the first two
# tones say what is the matter.
_SIT_MS = (200, 460)
_SIT_GAP_MS = 80
_SIT_THIRD_HZ = (1740.0, 1840.0)
_SIT_TOLERANCE_HZ = 17.0
_SITS: dict[tuple[float, float], Category] = {
    (913.8, 1370.6): Category.NO_SUCH_NUMBER,
    (985.2, 1370.6): Category.NO_SUCH_NUMBER,
    (913.8, 1428.5): Category.NETWORK_BUSY,
    (985.2, 1428.5): Category.NETWORK_BUSY,
    (950.0, 1400.0): Category.LINE_FAULT,
}

_BEEP_HZ = (380.0, 2050.0)
_BEEP_MS = (140, 1300)
_BEEP_REST_MS = 80
# A sung or hummed vowel glides; a machine's tone does not.
_BEEP_STEADY_HZ, _BEEP_STEADY_DB = 8.0, 4.0
_BEEP_LEAST_DBFS = -40.0
_BEEP_LEAST_FRAMES = 3


def find_cadence(runs: Sequence[Run], cadences: Sequence[Cadence] = CADENCES) -> Cadence | None:
    """Return the tone that the last runs make up, the very last still growing."""
    if not any(run.is_tone for run in runs):
        return None
    return next((cadence for cadence in cadences if _fits(cadence, runs)), None)


def find_information_tones(runs: Sequence[Run]) -> Category | None:
    """Return what special information tones at the end of the runs say."""
    tones = [run for run in runs[:-1] if run.is_tone or run.duration_ms > _SIT_GAP_MS][-3:]
    if len(tones) < 3 or not all(run.is_tone and not run.second_hz and _lasts(run, _SIT_MS) for run in tones):
        return None
    first, second, third = tones
    if not _SIT_THIRD_HZ[0] <= third.frequency_hz <= _SIT_THIRD_HZ[1]:
        return None
    for (first_hz, second_hz), category in _SITS.items():
        off_hz = max(abs(first.frequency_hz - first_hz), abs(second.frequency_hz - second_hz))
        if off_hz <= _SIT_TOLERANCE_HZ:
            return category
    return None


def find_beep(runs: Sequence[Run]) -> Run | None:
    """Return the beep that ended just now: one steady tone by itself, then something else."""
    if len(runs) < 2 or runs[-1].is_tone or runs[-1].duration_ms < _BEEP_REST_MS:
        return None
    beep = runs[-2]
    if not beep.is_tone or beep.second_hz or not _lasts(beep, _BEEP_MS):
        return None
    if not _BEEP_HZ[0] <= beep.frequency_hz <= _BEEP_HZ[1] or beep.level_dbfs < _BEEP_LEAST_DBFS:
        return None
    inner = beep.inner[1:-1]
    if len(inner) < _BEEP_LEAST_FRAMES or not all(look.is_tone for look in inner):
        return None
    frequencies, levels = [look.frequency_hz for look in inner], [look.level_dbfs for look in inner]
    steady = max(frequencies) - min(frequencies) <= _BEEP_STEADY_HZ and max(levels) - min(levels) <= _BEEP_STEADY_DB
    return beep if steady else None


def _lasts(run: Run, limits_ms: tuple[int, int]) -> bool:
    return limits_ms[0] <= run.duration_ms <= limits_ms[1]


def _fits(cadence: Cadence, runs: Sequence[Run]) -> bool:
    if len(cadence.pattern_ms) == 1:
        return _is_its_tone(cadence, runs[-1]) and runs[-1].duration_ms >= cadence.pattern_ms[0]
    wanted_ms = cadence.pattern_ms * cadence.repeats
    heard = runs[:-1] if runs[-1].is_tone else runs
    heard = heard[-len(wanted_ms) :]
    if len(heard) < len(wanted_ms) or not heard[0].is_tone:
        return False
    return _rhythm_fits(heard, wanted_ms) and _sound_fits(cadence, heard)


def _rhythm_fits(heard: Sequence[Run], wanted_ms: Sequence[int]) -> bool:
    for place, (run, wanted) in enumerate(zip(heard, wanted_ms, strict=True)):
        if run.is_tone != (place % 2 == 0):
            return False
        if not run.is_tone and wanted >= _LONG_PAUSE_MS:
            if run.duration_ms < _LONG_PAUSE_MS:
                return False
        elif abs(run.duration_ms - wanted) > max(_TIME_TOLERANCE_MS, _TIME_TOLERANCE * wanted):
            return False
    return True


def _sound_fits(cadence: Cadence, heard: Sequence[Run]) -> bool:
    tones = [run for run in heard if run.is_tone]
    if not all(_is_its_tone(cadence, run) for run in tones):
        return False
    tone_dbfs = min(run.level_dbfs for run in tones)
    return all(run.is_tone or run.level_dbfs < tone_dbfs - _PAUSE_DB for run in heard)


def _is_its_tone(cadence: Cadence, run: Run) -> bool:
    lower_hz, higher_hz = cadence.frequencies_hz[0], cadence.frequencies_hz[-1]
    if not run.is_tone:
        return False
    if higher_hz - lower_hz > _CLOSE_PAIR_HZ:
        return (
            abs(run.frequency_hz - lower_hz) <= _FREQUENCY_TOLERANCE_HZ
            and abs(run.second_hz - higher_hz) <= _FREQUENCY_TOLERANCE_HZ
        )
    tolerance_hz = _CLOSE_PAIR_TOLERANCE_HZ if higher_hz > lower_hz else _FREQUENCY_TOLERANCE_HZ
    return not run.second_hz and abs(run.frequency_hz - (lower_hz + higher_hz) / 2) <= tolerance_hz
