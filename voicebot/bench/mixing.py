"""Put a case together: clips, pauses, levels and noise become one recording with its labels."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.bench.cases import Case, Part
from voicebot.caller.audio import load_clip
from voicebot.caller.words import Words, active_dbov, find_words, loud_span

NOMINAL_DBOV = -26.0
"""Active level of speech that signal-to-noise ratios count from where a case has no speech (ITU-T P.56, G.191)."""
_LEAD_MS = 300  # of noise before and behind speech
_MARGIN_MS = 40
_LIMIT = 32767

Samples = npt.NDArray[np.float64]
Speak = Callable[[str, str], bytes]
"""Speaks a text with a voice; returns PCM at the bench's rate."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A case as a recording.

    Attributes:
        case: what it is.
        file: the recording, mono, at the line's rate.
        start_ms, end_ms: first and last sound of what the caller says (or of the noise), from its beginning.
        clear_start, clear_end: the edge can be told to some tens of milliseconds, so that times may count from it.
    """

    case: Case
    file: Path
    start_ms: float
    end_ms: float
    clear_start: bool
    clear_end: bool


def render(case: Case, speech: Path, folder: Path, rate_hz: int, speak: Speak) -> Rendered:
    """Write the recording of a case.

    Args:
        case: what to put together.
        speech: folder of recorded speech.
        folder: where the recording goes.
        rate_hz: its rate.
        speak: a voice for parts that are spoken by a machine.

    Raises:
        OSError: a clip is missing.
        ValueError: a clip is not 16-bit mono.
    """
    parts = [_samples(part, case.language, speech, rate_hz, speak) for part in case.parts]
    if len(parts) > 1:
        parts = [
            trimmed(samples, rate_hz) if isinstance(part, str) else samples
            for part, samples in zip(case.parts, parts, strict=True)
        ]
        parts = _with_pauses_as_stated(case, parts, rate_hz)
    voice = np.concatenate(parts) if parts else np.zeros(0)
    if case.level_dbov is not None:
        voice = voice * 10 ** ((case.level_dbov - _active_dbov(voice, rate_hz)) / 20)
    edges = _edges(case, parts, rate_hz)
    lead_ms = 0.0
    if case.background is not None:
        noise_only = not any(map(_is_sound, case.parts))
        lead_ms = 0.0 if noise_only else float(_LEAD_MS)
        voice, edges = _over_noise(case, voice, edges, noise_only, speech, rate_hz)
    start, end = edges[0], edges[1]
    file = folder / f"{case.id}.wav"
    _write(file, voice, rate_hz)
    return Rendered(case, file, start + lead_ms, end + lead_ms, edges[2], edges[3])


def _with_pauses_as_stated(case: Case, parts: list[Samples], rate_hz: int) -> list[Samples]:
    """Return the parts with pauses that are shorter by the silence which clips keep around their words."""
    edges = [_silence_around(part, samples, rate_hz) for part, samples in zip(case.parts, parts, strict=True)]
    shortened = []
    for number, (part, samples) in enumerate(zip(case.parts, parts, strict=True)):
        before = edges[number - 1][1] if number else 0
        after = edges[number + 1][0] if number + 1 < len(edges) else 0
        shortened.append(samples[: max(0, samples.size - before - after)] if isinstance(part, int) else samples)
    return shortened


def _silence_around(part: Part, samples: Samples, rate_hz: int) -> tuple[int, int]:
    """Return the silence before and behind the words of a part that was cut out around them."""
    if isinstance(part, int) or (isinstance(part, Mapping) and "say" not in part):
        return 0, 0
    margin = _MARGIN_MS * rate_hz // 1000
    words = _words_of(part, samples, rate_hz)
    before, behind = int(words.start_ms * rate_hz / 1000), samples.size - int(words.end_ms * rate_hz / 1000)
    return min(margin, before), min(margin, behind)


Edges = tuple[float, float, bool, bool]


def _edges(case: Case, parts: list[Samples], rate_hz: int) -> Edges:
    """Return where the sound begins and ends: in its first and its last part."""
    lengths = [part.size * 1000 / rate_hz for part in parts]
    loud = [number for number, part in enumerate(case.parts) if _is_sound(part)]
    if not loud:
        return 0.0, sum(lengths), True, True
    first, last = loud[0], loud[-1]
    begin, finish = (_words_of(case.parts[number], parts[number], rate_hz) for number in (first, last))
    start_ms = sum(lengths[:first]) + begin.start_ms
    end_ms = sum(lengths[:last]) + finish.end_ms
    return start_ms, end_ms, begin.clear_start, finish.clear_end


def _words_of(part: Part, samples: Samples, rate_hz: int) -> Words:
    """Return where a part is to be heard; what a machine made has silence around it and needs no second opinion."""
    made = isinstance(part, Mapping) and "clip" not in part
    span = loud_span(_clipped(samples), rate_hz) if made else None
    found = Words(*span, True, True) if span else find_words(_clipped(samples), rate_hz)
    return found or Words(0.0, samples.size * 1000 / rate_hz, False, False)


def _over_noise(
    case: Case, voice: Samples, edges: Edges, noise_only: bool, speech: Path, rate_hz: int
) -> tuple[Samples, Edges]:
    assert case.background is not None, "the caller looked"
    lead = 0 if noise_only else _LEAD_MS * rate_hz // 1000
    length = voice.size + 2 * lead
    noise = _load(speech / case.background.clip, rate_hz)
    noise = np.resize(noise, length)
    reference = NOMINAL_DBOV if noise_only else _active_dbov(voice, rate_hz)
    noise *= 10 ** ((reference - case.background.snr_db - _mean_dbov(noise)) / 20)
    mixed = noise
    mixed[lead : lead + voice.size] += voice
    return mixed, edges


def _samples(part: Part, language: str, speech: Path, rate_hz: int, speak: Speak) -> Samples:
    if isinstance(part, int):
        return np.zeros(rate_hz * part // 1000)
    if isinstance(part, str):
        return _load(speech / part, rate_hz)
    if "say" in part:
        pcm = speak(str(part["say"]), str(part.get("voice", language)))
        spoken: Samples = np.frombuffer(pcm, "<i2").astype(np.float64)
        return cut_out(spoken, loud_span(_clipped(spoken), rate_hz), rate_hz)
    if "sound" in part:
        return _SOUNDS[str(part["sound"])](np.random.default_rng(int(part.get("seed", 0))), rate_hz)
    whole = _load(speech / str(part["clip"]), rate_hz)
    return whole[int(part["from_ms"]) * rate_hz // 1000 : int(part["to_ms"]) * rate_hz // 1000]


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """Return a clip without the silence around its words, so that pauses are what they say."""
    words = find_words(_clipped(samples), rate_hz)
    return cut_out(samples, None if words is None else (words.start_ms, words.end_ms), rate_hz)


def cut_out(samples: Samples, span_ms: tuple[float, float] | None, rate_hz: int) -> Samples:
    """Return a stretch of a clip and a little around it, faded where it is cut; all of it if there is no stretch."""
    if span_ms is None:
        return samples
    margin = _MARGIN_MS * rate_hz // 1000
    first = max(0, int(span_ms[0] * rate_hz / 1000) - margin)
    last = min(samples.size, int(span_ms[1] * rate_hz / 1000) + margin)
    cut: Samples = samples[first:last].copy()
    ramp = np.linspace(0.0, 1.0, min(margin // 2, cut.size // 2), endpoint=False)
    cut[: ramp.size] *= ramp
    cut[cut.size - ramp.size :] *= ramp[::-1]
    return cut


def cough(random: np.random.Generator, rate_hz: int) -> Samples:
    """Return noise with the shape of a cough: a hard burst, a soft tail, and the same again, shorter."""
    return np.concatenate(list(_cough(random, rate_hz))) * 6000


def _cough(random: np.random.Generator, rate_hz: int) -> Iterator[Samples]:
    for burst_ms, strength in ((220, 1.0), (160, 0.7)):
        time_s = np.arange(rate_hz * burst_ms // 1000) / rate_hz
        envelope = np.minimum(1.0, time_s / 0.004) * np.exp(-time_s / (burst_ms / 4000))
        yield strength * envelope * random.normal(0, 1, time_s.size)
        yield np.zeros(rate_hz * 90 // 1000)


def click(random: np.random.Generator, rate_hz: int) -> Samples:
    """Return three knocks, as of a receiver that is laid down."""
    knocks = []
    for gap_ms in (120, 180, 0):
        time_s = np.arange(rate_hz * 30 // 1000) / rate_hz
        knocks += [np.exp(-time_s / 0.006) * random.normal(0, 1, time_s.size), np.zeros(rate_hz * gap_ms // 1000)]
    return np.concatenate(knocks) * 9000


_SOUNDS: Mapping[str, Callable[[np.random.Generator, int], Samples]] = {"cough": cough, "click": click}


def _is_sound(part: Part) -> bool:
    return not isinstance(part, int)


def _load(file: Path, rate_hz: int) -> Samples:
    return np.frombuffer(load_clip(file, rate_hz), "<i2").astype(np.float64)


def _clipped(samples: Samples) -> npt.NDArray[np.int16]:
    return np.clip(np.round(samples), -_LIMIT, _LIMIT).astype(np.int16)


def _active_dbov(samples: Samples, rate_hz: int) -> float:
    return active_dbov(_clipped(samples), rate_hz)


def _mean_dbov(samples: Samples) -> float:
    power = float(np.mean((samples / 32768) ** 2)) if samples.size else 0.0
    return 10 * math.log10(power) if power else NOMINAL_DBOV


def _write(file: Path, samples: Samples, rate_hz: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(_clipped(samples).astype("<i2").tobytes())
