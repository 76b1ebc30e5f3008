"""What becomes of recordings after the call: compressed, noted in the call's record, deleted when they are old.

A recording that is being written is locked by its writer (flock), so a lock that can be had means: finished, or its
writer has died. Each step can be broken off at any time and is done again: the compressed file gets its name only when
it is whole, and the WAV goes last.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from telephony.line.recorder import HEADER_BYTES, wav_header
from voicebot.runtime.archive import facts
from voicebot.settings.model import RecordingSettings

logger = logging.getLogger(__name__)

LOOK_S = 20.0
SETTLED_S = 10.0
"""Age of a recording from which on its call's record is written."""
_DAY_S = 86_400.0
_BITS_PER_S = 32_000
_CODECS = {"opus": ("ogg", "libopus", "flt"), "mp3": ("mp3", "libmp3lame", "s16p")}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where recordings and the records of calls lie."""

    recordings: Path
    calls: Path


class RecordingKeeper:
    """Looks after recordings in the background, one at a time.

    Args:
        settings: what is kept, how, and how long.
        folders: where.
    """

    def __init__(self, settings: RecordingSettings, folders: Folders) -> None:
        self._settings = settings
        self._folders = folders
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if there is anything to do."""
        if self._settings.format != "wav" or self._settings.keep_days:
            self._task = asyncio.create_task(self._run(), name="recordings")

    async def stop(self) -> None:
        """Stop. A recording that is being worked on is done again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.to_thread(self.work)
            await asyncio.sleep(LOOK_S)

    def work(self) -> None:
        """Do all that is to be done. Blocks."""
        try:
            if self._settings.format != "wav":
                for path in sorted(self._folders.recordings.glob("*.wav")):
                    if path.stat().st_mtime < time.time() - SETTLED_S:
                        self._compress(path)
            if self._settings.keep_days and self._folders.recordings.is_dir():
                self._forget(time.time() - self._settings.keep_days * _DAY_S)
        except OSError as error:
            logger.error("recordings cannot be looked after: %s", error)

    def _compress(self, path: Path) -> None:
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                complete_header(file.fileno())
                target = compress(path, self._settings.format)
        except BlockingIOError:
            return  # the call goes on
        except (OSError, av.FFmpegError, ValueError) as error:
            logger.error("the recording %s stays as it is: %s", path.name, error)
            return
        note_file(self._folders.calls, path, target)
        path.unlink()

    def _forget(self, before_s: float) -> None:
        for path in self._folders.recordings.iterdir():
            if path.is_file() and path.stat().st_mtime < before_s:
                path.unlink(missing_ok=True)
                logger.info(
                    "the recording %s is deleted: it is older than %d days", path.name, self._settings.keep_days
                )


def complete_header(descriptor: int) -> None:
    """Let the header of a WAV file tell all that is there: its writer may have died between two updates.

    Raises:
        ValueError: it is none of our recordings.
    """
    head = os.pread(descriptor, HEADER_BYTES, 0)
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF":
        raise ValueError("not a recording")
    rate_hz = int.from_bytes(head[24:28], "little")
    data_bytes = (os.fstat(descriptor).st_size - HEADER_BYTES) // 4 * 4
    right = wav_header(rate_hz, data_bytes)
    if head != right:
        os.pwrite(descriptor, right, 0)


def compress(path: Path, kind: str) -> Path:
    """Write a stereo WAV file as Opus in Ogg, or MP3, beside it; return its path.

    Raises:
        OSError, av.FFmpegError: it cannot be read or written.
    """
    container, codec, sample_format = _CODECS[kind]
    target, draft = path.with_suffix(f".{kind}"), path.with_suffix(f".{kind}.part")
    with av.open(str(path)) as source, av.open(str(draft), "w", format=container) as sink:
        audio = source.streams.audio[0]
        stream = sink.add_stream(codec, rate=audio.rate, layout="stereo")
        stream.bit_rate = _BITS_PER_S
        stream.codec_context.format = sample_format
        resampler = av.AudioResampler(format=sample_format, layout="stereo", rate=audio.rate)
        for frame in _frames(source.decode(audio), resampler):
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    draft.chmod(0o600)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    return target


def _frames(decoded: Iterator[av.AudioFrame], resampler: av.AudioResampler) -> Iterator[av.AudioFrame]:
    for frame in decoded:
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def note_file(calls: Path, old: Path, new: Path) -> None:
    """Let the record of the call tell of the new file instead of the old one."""
    for record in calls.glob(f"*/{old.stem}.json"):
        content = json.loads(record.read_text(encoding="utf-8"))
        if content.get("recording", {}).get("file") != old.name:
            continue
        content["recording"].update(facts(new))
        draft = record.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
        draft.replace(record)
