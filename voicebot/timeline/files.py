"""Finds the files of a recorded call and reads them."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from voicebot.errors import TimelineError
from voicebot.runtime.archive import safe_name
from voicebot.runtime.timeline_file import SUFFIX
from voicebot.timeline.reading import read_story
from voicebot.timeline.story import Story

Samples = NDArray[np.float32]

_HEADER_BYTES = 44
_COMPRESSED = (".opus", ".mp3")
_FEW = 5


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: the caller left, the bot right, -1 to 1."""

    rate_hz: int
    caller: Samples
    bot: Samples


def find_log(call: str, recordings: Path) -> Path:
    """Find the log of a call.

    Args:
        call: its id, a file of it, or a folder that holds the files of one call.
        recordings: where the service keeps recordings.

    Raises:
        TimelineError: there is none, or several; the message says what to do.
    """
    path = Path(call)
    if path.is_dir():
        return _only_log(path)
    if path.is_file():
        return _log_beside(path)
    log = recordings / f"{safe_name(call)}{SUFFIX}"
    if log.is_file():
        return log
    if log.with_name(log.name.removesuffix(SUFFIX) + ".wav").is_file():
        raise TimelineError(f"call {call} was recorded, but {_LOG_IS_MISSING}")
    raise TimelineError(f"there is no call {call!r} in {recordings}, and no such file or folder. {_known(recordings)}")


_LOG_IS_MISSING = (
    "there is no log of it: recording.timeline must be on while the call goes on, and calls from before there were "
    "logs have none"
)


def _only_log(folder: Path) -> Path:
    logs = sorted(folder.glob(f"*{SUFFIX}"))
    if len(logs) == 1:
        return logs[0]
    if not logs:
        raise TimelineError(f"{folder}: there is no log of a call (*{SUFFIX}) in this folder")
    names = ", ".join(log.name.removesuffix(SUFFIX) for log in logs[:_FEW])
    more = f" and {len(logs) - _FEW} more" if len(logs) > _FEW else ""
    raise TimelineError(f"{folder}: there are {len(logs)} calls in this folder, name one of them: {names}{more}")


def _log_beside(file: Path) -> Path:
    if file.name.endswith(SUFFIX):
        return file
    log = file.with_name(file.stem + SUFFIX)
    if log.is_file():
        return log
    raise TimelineError(f"{file}: {_LOG_IS_MISSING}")


def _known(recordings: Path) -> str:
    latest = sorted(recordings.glob(f"*{SUFFIX}"), key=lambda log: log.stat().st_mtime, reverse=True)[:_FEW]
    if not latest:
        return "No call was recorded with a log there yet: turn on recording.enabled"
    return f"The latest there: {', '.join(log.name.removesuffix(SUFFIX) for log in latest)}"


def load_story(log: Path) -> Story:
    """Read the log of a call.

    Raises:
        TimelineError: it cannot be read, or is not the log of a call.
    """
    try:
        return read_story(log.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError as error:
        raise TimelineError(f"{log}: cannot be read: {error.strerror}") from error
    except TimelineError as error:
        raise TimelineError(f"{log}: {error.message}") from error


def load_sound(recording: Path) -> Sound | None:
    """Read the recording of a call; None if it is not there any more.

    Raises:
        TimelineError: it is not a recording of a call.
    """
    if not recording.is_file():
        compressed = next((path for kind in _COMPRESSED if (path := recording.with_suffix(kind)).is_file()), None)
        return None if compressed is None else _decoded(compressed)
    try:
        with wave.open(str(recording), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (2, 2):
                raise TimelineError(f"{recording}: is not a recording of a call: expected stereo of 16 bit")
            rate_hz = file.getframerate()
        # A recording that goes on, or whose end was lost, has more than its header knows.
        pcm = np.fromfile(recording, "<i2", offset=_HEADER_BYTES)
    except (OSError, EOFError, wave.Error) as error:
        raise TimelineError(f"{recording}: cannot be read as a recording: {error}") from error
    pairs = (pcm[: pcm.size // 2 * 2].reshape(-1, 2) / np.float32(32768)).astype(np.float32)
    return Sound(rate_hz, pairs[:, 0], pairs[:, 1])


def _decoded(recording: Path) -> Sound:
    """Read a recording that was compressed after the call."""
    try:
        with av.open(str(recording)) as file:
            rate_hz = file.streams.audio[0].rate
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate_hz)
            frames = [each.to_ndarray() for frame in file.decode(audio=0) for each in resampler.resample(frame)]
    except (OSError, av.FFmpegError, IndexError) as error:
        raise TimelineError(f"{recording}: cannot be read as a recording: {error}") from error
    both = np.concatenate(frames, axis=1) if frames else np.zeros((2, 0), np.float32)
    return Sound(rate_hz, both[0], both[1])
