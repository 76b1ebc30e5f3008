"""What a line worker keeps of its calls: the recording, the event log beside it, and the record of the call."""

from __future__ import annotations

import asyncio
import logging

from telephony.line.call import SipCallLeg
from telephony.line.recorder import Recorder
from voicebot.conversation.record import CallRecord
from voicebot.runtime.archive import safe_name, save_call
from voicebot.runtime.timeline_file import SUFFIX, TimelineFile, TimelineHeader
from voicebot.settings.model import LineSettings, PathSettings, RecordingSettings

logger = logging.getLogger(__name__)


class CallFiles:
    """The files of all calls of a worker.

    Args:
        settings: what is kept.
        paths: where.
        rate_hz: sample rate of the recordings.
    """

    def __init__(self, settings: RecordingSettings, paths: PathSettings, rate_hz: int) -> None:
        self._settings = settings
        self._paths = paths
        self._rate_hz = rate_hz
        self._saving: set[asyncio.Task[None]] = set()

    def record(self, leg: SipCallLeg) -> Recorder | None:
        """Record a call from now on; None: that is not wanted, or its file cannot be made."""
        if not self._settings.enabled:
            return None
        folder = self._paths.recordings
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return leg.record(folder / f"{safe_name(leg.info.call_id)}.wav")
        except OSError as error:
            logger.error("call %s is not recorded: %s", leg.info.call_id, error)
            return None

    def timeline(self, recorder: Recorder | None, line: LineSettings, record: CallRecord) -> TimelineFile | None:
        """Return the event log of a recorded call, if one is wanted."""
        if recorder is None or not self._settings.timeline:
            return None
        header = TimelineHeader(
            call=record.info.call_id,
            line=line.name,
            language=line.language,
            recording=recorder.path.name,
            rate_hz=self._rate_hz,
            started_at=record.started_at,
            content=self._settings.transcripts,
        )
        path = recorder.path.with_name(recorder.path.stem + SUFFIX)
        return TimelineFile(path, header, lambda: recorder.position_ms)

    def save(self, record: CallRecord, recorder: Recorder | None) -> None:
        """Keep the record of a call that is over, if records are wanted; it is on the disk soon."""
        if self._settings.transcripts:
            task = asyncio.create_task(self._save(record, recorder), name=f"save-{record.info.call_id}")
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)

    async def close(self) -> None:
        """Wait for the records that are being written."""
        await asyncio.gather(*self._saving, return_exceptions=True)

    async def _save(self, record: CallRecord, recorder: Recorder | None) -> None:
        try:
            await asyncio.to_thread(save_call, self._paths.calls, record, recorder)
        except OSError as error:
            logger.error("the record of call %s could not be kept: %s", record.info.call_id, error)
