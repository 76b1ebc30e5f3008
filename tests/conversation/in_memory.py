"""A call leg, a recogniser, a voice and a brain in memory, for tests of the driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.ears import EarEvent
from voicebot.conversation.leg import (
    AudioSource,
    CallInfo,
    HangupCause,
    LegListener,
    TransferRequest,
    TransferResult,
)
from voicebot.conversation.services import Services
from voicebot.conversation.session import CallSession
from voicebot.conversation.stopwatch import Stopwatch
from voicebot.conversation.voice import LineVoice
from voicebot.errors import RecogniserBusyError, SynthesisError
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Blacklist, Instruction, ShortMessage, ToCustomerService
from voicebot.protocol.query import Query
from voicebot.protocol.reply import Reply
from voicebot.speech.types import AudioFetcher, SpeechRequest, Transcript, TranscriptionRequest, TurnEndModel, Urgency

RATE_HZ = 16000
FRAME = 320


class MemoryLeg:
    """A line whose far side is the test."""

    def __init__(self) -> None:
        self.info = CallInfo("call-1", "1000", "8001")
        self.rate_hz = RATE_HZ
        self.listener: LegListener | None = None
        self.source: AudioSource | None = None
        self.transfers: list[TransferRequest] = []
        self.causes: list[HangupCause] = []

    def start(self, listener: LegListener, source: AudioSource) -> None:
        self.listener, self.source = listener, source
        listener.on_answered()

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        self.causes.append(cause)
        assert self.listener is not None
        asyncio.get_running_loop().call_soon(self.listener.on_hung_up, cause)

    def send_dtmf(self, digits: str) -> None:
        raise AssertionError("nobody presses keys here")

    def transfer(self, request: TransferRequest) -> None:
        self.transfers.append(request)

    def play(self, frames: int) -> bytes:
        """Let the caller hear some frames."""
        assert self.source is not None
        return b"".join(self.source.read(FRAME) for _ in range(frames))


class MemoryEars:
    """Ears whose events the test hands in: the next ``feed`` returns them."""

    def __init__(self) -> None:
        self.events: list[EarEvent] = []
        self.end_of_speech_ms = 800
        self.since_speech_ms = 800.0
        self.waits: list[int] = []
        self.kept: dict[tuple[int, int], bytes] = {}

    def feed(self, pcm: bytes) -> list[EarEvent]:
        events, self.events = self.events, []
        return events

    def audio(self, utterance_id: int, attempt: int) -> bytes:
        return b"\1\0" * FRAME

    def forget(self, utterance_id: int) -> None:
        self.kept.clear()

    def audio_so_far(self, utterance_id: int) -> bytes:
        return b"\1\0" * FRAME * 10

    def end_after(self, utterance_id: int, attempt: int, silence_ms: int) -> list[EarEvent]:
        self.waits.append(silence_ms)
        return []

    def set_end_of_speech(self, duration_ms: int) -> None:
        self.end_of_speech_ms = duration_ms


class MemorySynthesiser:
    """Speaks every text as a tone of 100 ms a character; some texts it cannot speak."""

    def __init__(self, unspeakable: str = "") -> None:
        self.unspeakable = unspeakable

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        if self.unspeakable and self.unspeakable in request.text:
            raise SynthesisError("this text cannot be spoken")
        for _ in request.text:
            yield b"\x10\x10" * (RATE_HZ // 10)
            await asyncio.sleep(0)


class MemoryRecogniser:
    """Hears what the test says, or fails as the test says."""

    def __init__(self) -> None:
        self.hears: list[str | Exception] = []
        self.hints: list[str] = []
        self.previews: list[str] = []
        self.promoted: list[TranscriptionRequest] = []

    def promote(self, request: TranscriptionRequest) -> None:
        self.promoted.append(request)

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        self.hints.append(request.hint)
        await asyncio.sleep(0)
        if request.urgency == Urgency.PREVIEW:
            if not self.previews:
                raise RecogniserBusyError("no room")
            return Transcript(self.previews.pop(0), request.language, 300)
        heard = self.hears.pop(0)
        if isinstance(heard, Exception):
            raise heard
        return Transcript(heard, request.language, 1000)


Answer = list[str] | tuple[list[str], tuple[Instruction, ...]] | Exception


class MemoryBrain:
    """Answers each query with the next answer of the test."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.queries: list[Query] = []
        self.closed = 0

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        self.queries.append(query)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        sentences, instructions = answer if isinstance(answer, tuple) else (answer, ())
        try:
            for number, sentence in enumerate(sentences):
                await asyncio.sleep(0)
                yield Chunk("s", "q", number, reply=Reply(sentence, audio_url=f"http://files/{number}.wav"))
            yield Chunk("s", "q", len(sentences), done=True, instructions=instructions)
        finally:
            self.closed += 1


class MemoryCall:
    """A whole call in memory."""

    def __init__(
        self,
        brain: MemoryBrain,
        transfer_request: Callable[[ToCustomerService, str], TransferRequest] | None = None,
        unspeakable: str = "",
        files: AudioFetcher | None = None,
        turn_ends: TurnEndModel | None = None,
        **config: Any,
    ) -> None:
        self.leg = MemoryLeg()
        self.ears = MemoryEars()
        self.recogniser = MemoryRecogniser()
        self.brain = brain
        self.stored: list[ShortMessage | Blacklist] = []
        self.ended = asyncio.Event()
        self.voice = LineVoice(MemorySynthesiser(unspeakable), "zh", RATE_HZ, files)
        services = Services(
            recogniser=self.recogniser,
            voice=self.voice,
            brain=brain,
            transfer_request=transfer_request or (lambda item, _: TransferRequest(f"sip:{item.trans_value}@pbx")),
            store=lambda instruction, _session_id: self.stored.append(instruction),
            turn_ends=turn_ends,
        )
        stopwatch = Stopwatch(self.leg.info, "line")
        usual = ConversationConfig(apology="抱歉。", goodbye="再见。", play_audio=files is not None, hint="王女士")
        self.session = CallSession(
            self.leg, replace(usual, **config), self.ears, services, stopwatch, lambda _: self.ended.set()
        )

    async def settle(self) -> None:
        """Let everything run that can."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def listen(self, frames: int = 200) -> bytes:
        """Let the caller hear the bot."""
        await self.settle()
        heard = self.leg.play(frames)
        await self.settle()
        return heard

    async def hear(self, *events: EarEvent) -> None:
        """Let the ears tell these events with the next frame."""
        self.ears.events = list(events)
        self.session.on_audio(bytes(2 * FRAME))
        await self.settle()

    def transferred(self, result: TransferResult) -> None:
        """Tell how the transfer went."""
        self.session.on_transfer_done(result)
