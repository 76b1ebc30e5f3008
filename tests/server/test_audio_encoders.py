from __future__ import annotations

import io
import itertools
import math
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.server.audio.encoders import make_encoder
from voicebot.server.audio.formats import AudioFormat
from voicebot.server.audio.g711 import to_alaw, to_ulaw

Samples = npt.NDArray[np.int16]

ALL_SAMPLES = np.arange(-32768, 32768, dtype=np.int32).astype("<i2")
# Decision values of the positive half, as step and number of steps of each segment: G.711 tables 2a (14 bit) and
# 1a (12 bit, the least significant bit of its 13 being the sign's).
ULAW_STEPS = [(1, 1), (2, 15), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16), (256, 16)]
ALAW_STEPS = [(1, 32), (2, 16), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16)]


def tone(rate_hz: int, length_samples: int) -> Samples:
    return np.asarray(np.sin(np.arange(length_samples) * 2 * np.pi * 440 / rate_hz) * 12000, "<i2")


def encoded(audio_format: AudioFormat, rate_hz: int, pcm: bytes, cuts: list[int] | None = None) -> tuple[bytes, bytes]:
    """Return what is streamed, and the whole file."""
    encoder = make_encoder(audio_format, rate_hz)
    edges = [0, *sorted(2 * min(cut, len(pcm) // 2) for cut in cuts or []), len(pcm)]
    fed = [encoder.feed(pcm[start:stop]) for start, stop in itertools.pairwise(edges)]
    streamed = b"".join([encoder.header(), *fed, encoder.finish()])
    return streamed, encoder.whole(streamed)


def decoded(file: bytes, container: str) -> Samples:
    with av.open(io.BytesIO(file), format=container) as opened:
        frames = [frame.to_ndarray().reshape(-1) for frame in opened.decode(audio=0)]
    return np.concatenate(frames) if frames else np.zeros(0, np.int16)


def steps(segments: list[tuple[int, int]]) -> list[int]:
    return [step for step, count in segments for _ in range(count)]


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_a_wav_holds_the_samples(rate_hz: int) -> None:
    pcm = tone(rate_hz, 1001).tobytes()
    streamed, whole = encoded(AudioFormat.WAV, rate_hz, pcm)
    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate_hz)
        assert file.readframes(2000) == pcm
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    assert streamed[44:] == whole[44:]
    assert streamed[:44].count(b"\xff\xff\xff\xff") == 2
    assert decoded(streamed, "wav").tobytes() == pcm


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize(("audio_format", "tag"), [(AudioFormat.PCMU, 7), (AudioFormat.PCMA, 6)])
@pytest.mark.parametrize("length_samples", [0, 1, 1000, 1001])
def test_a_wav_of_g711(audio_format: AudioFormat, tag: int, rate_hz: int, length_samples: int) -> None:
    samples = tone(rate_hz, length_samples)
    streamed, whole = encoded(audio_format, rate_hz, samples.tobytes())
    even = length_samples + length_samples % 2
    assert len(streamed) == len(whole) == 58 + even
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    assert int.from_bytes(whole[20:22], "little") == tag
    assert int.from_bytes(whole[46:50], "little") == int.from_bytes(whole[54:58], "little") == even
    assert streamed[58:] == whole[58:]
    for file in (streamed, whole):
        heard = decoded(file, "wav").astype(np.int32)
        assert len(heard) == even
        assert np.abs(heard[:length_samples] - samples).max(initial=0) <= 512
        assert np.abs(heard[length_samples:]).max(initial=0) <= 8


@pytest.mark.parametrize(("encode", "codec"), [(to_ulaw, "pcm_mulaw"), (to_alaw, "pcm_alaw")])
def test_every_code_comes_back_as_itself(encode: Callable[[bytes], bytes], codec: str) -> None:
    values = codes_as_samples(codec, bytes(range(256)))
    again = np.frombuffer(encode(values.astype("<i2").tobytes()), np.uint8)
    silent_twice = values == 0  # μ-law has a zero of either sign
    assert np.array_equal(again[~silent_twice], np.arange(256)[~silent_twice])
    assert set(again[silent_twice]) <= {0xFF}


@pytest.mark.parametrize(
    ("encode", "codec", "segments", "unit"),
    [(to_ulaw, "pcm_mulaw", ULAW_STEPS, 4), (to_alaw, "pcm_alaw", ALAW_STEPS, 16)],
)
def test_samples_change_their_code_where_g711_says(
    encode: Callable[[bytes], bytes], codec: str, segments: list[tuple[int, int]], unit: int
) -> None:
    edges = np.cumsum(steps(segments))[:-1] * unit
    codes = np.frombuffer(encode(ALL_SAMPLES.tobytes()), np.uint8)
    heard = codes_as_samples(codec, codes.tobytes())
    upper, lower = heard[32768:], -heard[:32768][::-1]
    for half in (upper, lower):
        assert np.array_equal(np.flatnonzero(np.diff(half)) + 1, edges)


@pytest.mark.parametrize(("encode", "codec", "sox"), [(to_ulaw, "pcm_mulaw", "ul"), (to_alaw, "pcm_alaw", "al")])
def test_other_encoders_hear_it_the_same_way(encode: Callable[[bytes], bytes], codec: str, sox: str) -> None:
    # They round what lies on a decision value differently, and none of them is further off than one code.
    ours = np.frombuffer(encode(ALL_SAMPLES.tobytes()), np.uint8)
    raw = ["-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-"]
    command = ["sox", "-D", *raw, "-t", sox, "-"]
    theirs = subprocess.run(command, input=ALL_SAMPLES.tobytes(), capture_output=True, check=True).stdout
    values = [codes_as_samples(codec, codes) for codes in (ours.tobytes(), theirs)]
    ranks = [np.searchsorted(np.unique(values[0]), value) for value in values]
    assert np.abs(ranks[0] - ranks[1]).max() <= 1
    assert np.mean(ranks[0] == ranks[1]) > 0.98


def codes_as_samples(codec: str, codes: bytes) -> npt.NDArray[np.int32]:
    context = av.CodecContext.create(codec, "r")
    context.layout = "mono"
    context.sample_rate = 8000
    frames = context.decode(av.Packet(codes))
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int32)


@pytest.mark.parametrize(("rate_hz", "bits_per_s"), [(8000, 32_000), (16000, 64_000)])
def test_an_mp3_is_as_long_as_the_sound(rate_hz: int, bits_per_s: int, tmp_path: Path) -> None:
    samples = tone(rate_hz, 2 * rate_hz + 77)
    streamed, whole = encoded(AudioFormat.MP3, rate_hz, samples.tobytes(), [100, 700, 701, 9000])
    assert streamed == whole
    frames = math.ceil((len(samples) + 1105) / 576)
    assert len(whole) == frames * 576 * bits_per_s // 8 // rate_hz
    heard = decoded(whole, "mp3")
    assert len(heard) == frames * 576
    there = slice(rate_hz // 2, rate_hz)
    assert np.corrcoef(heard[1105:][there], samples[there])[0, 1] > 0.999
    file = tmp_path / "a.mp3"
    file.write_bytes(whole)
    fields = "stream=codec_name,sample_rate,channels,bit_rate"
    command = ["ffprobe", "-v", "error", "-show_entries", fields, "-of", "csv=p=0", str(file)]
    told = subprocess.run(command, capture_output=True, check=True, text=True)
    assert (told.stdout.strip(), told.stderr) == (f"mp3,{rate_hz},1,{bits_per_s}", "")


@given(st.sampled_from(AudioFormat), st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=6))
def test_it_does_not_matter_how_the_sound_is_cut(audio_format: AudioFormat, length: int, cuts: list[int]) -> None:
    pcm = tone(8000, length).tobytes()
    assert encoded(audio_format, 8000, pcm, cuts) == encoded(audio_format, 8000, pcm)


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_silence_of_no_length(audio_format: AudioFormat) -> None:
    _, whole = encoded(audio_format, 8000, b"")
    if whole:
        assert len(decoded(whole, "wav")) == 0
