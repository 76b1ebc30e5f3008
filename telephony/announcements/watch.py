"""A dialled call whose far side is listened to from the first early media on, until it is known who answered.

Sits between a line and its conversation: to the line it is the listener, to the conversation the leg. What is heard
before the answer stays here: it is no caller who speaks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import numpy as np
import soxr

from telephony.announcements.answerers import answerer_of
from telephony.announcements.classifier import Classifier
from telephony.announcements.events import Beep, Event, TranscriptWanted, Verdict
from telephony.announcements.looks import FRAME_BYTES, FRAME_MS, RATE_HZ
from telephony.announcements.outcome import Category
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.leg import (
    AudioSource,
    CallInfo,
    CallLeg,
    HangupCause,
    LegListener,
    TransferRequest,
    TransferResult,
)
from voicebot.errors import VoicebotError
from voicebot.speech.types import Recogniser, TranscriptionRequest, Urgency

logger = logging.getLogger(__name__)

_LISTENING_MS = 60_000
"""After the answer; then whoever is there is who it is."""
_BEEP_PATIENCE_MS = 10_000
"""Longest wait for the beep of a voicemail that is known to be one."""

Found = Callable[[Category, Answerer | None], None]
"""Told of what was heard, and, after the answer, of who answered; not before that is certain for machines."""


class DialledCallLeg(CallLeg, Protocol):
    """A call that we make."""

    def heard(self, category: Category) -> None:
        """It is known what the call turned out to be; may be told again, with something else."""
        ...


class AnswerWatch:
    """Wraps the leg of a dialled call; a ``CallLeg`` and a ``LegListener``.

    Args:
        leg: the call, not answered yet.
        recogniser: audio to text.
        languages: what may be spoken, the likeliest first.
        gives_up_on: what ends the ringing when it is heard before the answer.
        awaits_beep: tell of a voicemail when it has beeped, so that a message can be left.
        found: told of what was heard.
    """

    def __init__(
        self,
        leg: DialledCallLeg,
        recogniser: Recogniser,
        languages: Sequence[str],
        gives_up_on: Collection[Category],
        awaits_beep: bool,
        found: Found,
    ) -> None:
        self._leg = leg
        self._recogniser = recogniser
        self._gives_up_on = gives_up_on
        self._awaits_beep = awaits_beep
        self._found = found
        self._listener: LegListener | None = None
        self._classifier = Classifier(languages)
        self._resampler = None if leg.rate_hz == RATE_HZ else soxr.ResampleStream(leg.rate_hz, RATE_HZ, 1, "int16")
        self._pcm = bytearray()
        self._heard_ms = 0
        self._beep_by_ms: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- CallLeg

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._leg.info

    @property
    def rate_hz(self) -> int:
        """Sample rate of the audio."""
        return self._leg.rate_hz

    def start(self, listener: LegListener, source: AudioSource) -> None:
        """Listen, and tell ``listener`` from the answer on."""
        self._listener = listener
        self._leg.start(self, source)

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call, or the ringing."""
        self._leg.hang_up(cause)

    def send_dtmf(self, digits: str) -> None:
        """Send digits to the far end."""
        self._leg.send_dtmf(digits)

    def transfer(self, request: TransferRequest) -> None:
        """Start to hand the call over."""
        self._leg.transfer(request)

    # --- LegListener

    def on_answered(self) -> None:
        """The call is up."""
        self._drop_tasks()
        self._classifier.answered()
        self._heard_ms = 0
        self._told.on_answered()

    def on_audio(self, pcm: bytes) -> None:
        """A frame came."""
        answered = self._classifier.is_answered
        if answered:
            self._told.on_audio(pcm)
        if not answered or self._heard_ms < _LISTENING_MS:
            self._listen(pcm)

    def on_dtmf(self, digit: str) -> None:
        """A key was pressed."""
        self._told.on_dtmf(digit)

    def on_hold(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        self._told.on_hold(held)

    def on_transfer_done(self, result: TransferResult) -> None:
        """A transfer ended."""
        self._told.on_transfer_done(result)

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over."""
        self._drop_tasks()
        self._told.on_hung_up(cause)

    @property
    def _told(self) -> LegListener:
        assert self._listener is not None, "the call was started"
        return self._listener

    # --- listening

    def _listen(self, pcm: bytes) -> None:
        if self._resampler is not None:
            pcm = self._resampler.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes()
        self._pcm += pcm
        while len(self._pcm) >= FRAME_BYTES:
            frame = bytes(self._pcm[:FRAME_BYTES])
            del self._pcm[:FRAME_BYTES]
            self._heard_ms += FRAME_MS
            self._take(self._classifier.feed(frame))
        if self._beep_by_ms is not None and self._heard_ms >= self._beep_by_ms:
            self._tell_voicemail()

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case TranscriptWanted():
                    self._start(event)
                case Beep():
                    logger.info("call %s: a beep of %.0f Hz", self.info.call_id, event.frequency_hz)
                    if self._beep_by_ms is not None:
                        self._tell_voicemail()
                case Verdict():
                    self._judged(event)

    def _judged(self, verdict: Verdict) -> None:
        category = verdict.category
        logger.info(
            "call %s: %s %s after %d ms, by %s%s",
            self.info.call_id,
            "answered," if self._classifier.is_answered else "before the answer,",
            category.value,
            verdict.at_ms,
            verdict.by,
            "" if verdict.final else ", for now",
        )
        if not self._classifier.is_answered:
            if verdict.final and category in self._gives_up_on:
                self._tell(category, None)
                self._leg.hang_up(HangupCause.BOT)
            elif verdict.final:
                self._tell(category, None)
            return
        answerer = answerer_of(category)
        if answerer is Answerer.VOICEMAIL and self._awaits_beep and verdict.by != "beep":
            if verdict.final:
                self._beep_by_ms = self._heard_ms + _BEEP_PATIENCE_MS
        elif category is Category.SILENCE and not verdict.final:
            # Somebody may still speak.
            self._tell(Category.UNDECIDED, answerer)
        elif verdict.final or answerer in (Answerer.HUMAN, Answerer.UNKNOWN):
            self._tell(category, answerer)

    def _tell(self, category: Category, answerer: Answerer | None) -> None:
        self._leg.heard(category)
        self._found(category, answerer)

    def _tell_voicemail(self) -> None:
        self._beep_by_ms = None
        self._tell(Category.VOICEMAIL, Answerer.VOICEMAIL)

    # --- words

    def _start(self, wanted: TranscriptWanted) -> None:
        task = asyncio.get_running_loop().create_task(self._transcribe(wanted), name=f"who-{self.info.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _transcribe(self, wanted: TranscriptWanted) -> None:
        request = TranscriptionRequest(wanted.pcm, RATE_HZ, wanted.language, "", Urgency.SPECULATIVE, wanted.context)
        text: str | None = None
        try:
            text = (await self._recogniser.transcribe(request)).text
        except VoicebotError as error:
            logger.warning("call %s: what was heard is not known: %s", self.info.call_id, error.message)
        self._take(self._classifier.transcribed(wanted.request_id, text))

    def _drop_tasks(self) -> None:
        for task in list(self._tasks):
            task.cancel()
