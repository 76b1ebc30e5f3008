"""The driver of one call: binds a ``CallLeg`` to the conversation core, the ears, the mouth and the brain.

Everything runs on the event loop. Each piece of work is a task that the session holds and cancels;
whatever fails becomes an event of the core, which decides what the caller hears.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from voicebot.conversation.actions import (
    Action,
    Ask,
    CancelAsk,
    DropTranscription,
    EndAfter,
    HangUp,
    HideCaller,
    HurryTranscription,
    PauseSpeaking,
    PressKeys,
    RecordCaller,
    RecordFailure,
    RecordHeard,
    Rehearse,
    ResumeSpeaking,
    SetEndOfSpeech,
    SetRingback,
    Speak,
    StartTransfer,
    StopSpeaking,
    StoreInstruction,
    Transcribe,
)
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.briefing import briefing
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.core import Conversation
from voicebot.conversation.ears import EarEvent, Ears
from voicebot.conversation.eventlog import EventLog, NoLog
from voicebot.conversation.events import (
    AnsweredBy,
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallHeld,
    ChunkArrived,
    ClipStarted,
    DigitPressed,
    Event,
    SpeechGrew,
    Tick,
    TransferEnded,
    UtteranceEnded,
)
from voicebot.conversation.leg import CallLeg, HangupCause, TransferOutcome, TransferRequest, TransferResult
from voicebot.conversation.mouth import Mouth
from voicebot.conversation.orders import Order
from voicebot.conversation.phase import Phase
from voicebot.conversation.playout import Playout, PlayoutEvent
from voicebot.conversation.rehearsal import Rehearsals
from voicebot.conversation.services import Services
from voicebot.conversation.stopwatch import Stopwatch
from voicebot.conversation.tasks import CallTasks
from voicebot.conversation.transcribing import Listener, Transcriber
from voicebot.errors import VoicebotError
from voicebot.events.event import ANSWERED, TRANSFERRED

logger = logging.getLogger(__name__)


class CallSession:
    """One call from the answer to the end; a ``LegListener``.

    Args:
        leg: the line.
        config: how the conversation behaves.
        ears: VAD and segmenter, fresh for this call.
        services: what the call needs from outside.
        stopwatch: notes who said what and how long everything took.
        on_ended: told once, when the call is over and its tasks are gone.
        log: notes every event and action, if anybody wants to know.
    """

    def __init__(
        self,
        leg: CallLeg,
        config: ConversationConfig,
        ears: Ears,
        services: Services,
        stopwatch: Stopwatch,
        on_ended: Callable[[CallSession], None],
        log: EventLog | None = None,
    ) -> None:
        self.leg = leg
        self.stopwatch = stopwatch
        self._config = config
        self._core = Conversation(config)
        self._ears = ears
        self._services = services
        self._on_ended = on_ended
        self._log = log or NoLog()
        self._loop = asyncio.get_running_loop()
        self._playout = Playout(leg.rate_hz, self._from_clock_thread, services.waiting)
        self._mouth = Mouth(services.voice, self._playout, self._feed, self._audio_ready, self._feed)
        listener = Listener(leg.info.call_id, leg.rate_hz, config.language, config.hint)
        turn_ends = services.turn_ends if config.endpointing is not None else None
        self._transcriber = Transcriber(
            services.recogniser, ears, listener, self._feed, stopwatch.transcribed, turn_ends
        )
        self._rehearsals = Rehearsals(services.brain, services.voice, services.rehearsals, self._feed)
        self._end_after: EndAfter | None = None
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self._tasks = CallTasks(leg.info.call_id)
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def call_id(self) -> str:
        """The id to look for in the logs."""
        return self.leg.info.call_id

    def start(self) -> None:
        """Answer the call and begin."""
        self.leg.start(self, self._playout)

    async def close(self) -> None:
        """Hang up and wait until everything of the call is gone."""
        self.leg.hang_up(HangupCause.SHUTDOWN)
        self.on_hung_up(HangupCause.SHUTDOWN)
        if self._ending is not None:
            await self._ending

    # --- what the line tells (LegListener)

    def on_answered(self) -> None:
        """The call is up."""
        logger.info("call %s answered", self.call_id)
        self.stopwatch.answered()
        self._services.tell(ANSWERED, {})
        self._feed(CallAnswered())

    def on_audio(self, pcm: bytes) -> None:
        """A frame of the caller's audio arrived."""
        if self._core.phase in (Phase.BRIDGED, Phase.TAKEN_OVER):
            return
        for event in self._ears.feed(pcm):
            self._heard(event)

    def _heard(self, event: EarEvent) -> None:
        if isinstance(event, UtteranceEnded):
            silence_ms, waited_ms = self._ears.since_speech_ms, self._waited_ms(event)
            self.stopwatch.utterance_ended(silence_ms, waited_ms)
            self._log.note("EndOfTurn", silence_ms=silence_ms, waited_ms=waited_ms)
            self._transcriber.ended(event.utterance_id)
        elif isinstance(event, SpeechGrew) and self._core.has_more_to_say:
            self._transcriber.grew(event)
        self._feed(event)

    def _waited_ms(self, event: UtteranceEnded) -> int:
        """Return the silence that was to end an utterance."""
        shorter, longest_ms = self._end_after, self._ears.end_of_speech_ms
        if shorter is None or (shorter.utterance_id, shorter.attempt) != (event.utterance_id, event.attempt):
            return longest_ms
        return min(shorter.silence_ms, longest_ms)

    def on_dtmf(self, digit: str) -> None:
        """The caller pressed a key."""
        self._feed(DigitPressed(digit))

    def on_hold(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        self._feed(CallHeld(held))

    def on_transfer_done(self, result: TransferResult) -> None:
        """A transfer came to its result."""
        logger.info("call %s transfer %s (SIP %d)", self.call_id, result.outcome.value, result.status)
        self.stopwatch.record.transfer = result.outcome.value
        self._services.tell(TRANSFERRED, {"outcome": result.outcome.value, "sipStatus": result.status})
        self._feed(TransferEnded(result))

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over: account for what was heard, then free everything."""
        if self._ending is not None:
            return
        for stopped in self._mouth.stop():
            self._feed(stopped)
        self._feed(CallEnded(cause))
        self.stopwatch.ended(cause, self._playout.underrun_frames)
        self._log.close()
        logger.info("call %s over: %s", self.call_id, cause.value)
        self._ending = self._loop.create_task(self._end(), name=f"end-{self.call_id}")

    def answered_by(self, kind: Answerer) -> None:
        """Whoever can tell who answered has found it out, or has found that it was somebody else."""
        logger.info("call %s answered by: %s", self.call_id, kind.value)
        self.stopwatch.record.answered_by = kind.value
        self._feed(AnsweredBy(kind))

    @property
    def phase(self) -> Phase:
        """Where the call is in its life."""
        return self._core.phase

    @property
    def hidden(self) -> bool:
        """Nobody is to see or hear what the caller gives right now."""
        return self._core.hidden

    def allows(self, order: Order) -> bool:
        """Whether the call is in a state in which a supervisor's order does something."""
        return self._ending is None and self._core.allows(order)

    def obey(self, order: Order) -> None:
        """A supervisor wants something."""
        if self._ending is None:
            self._feed(order)

    # --- the core

    def _from_clock_thread(self, event: PlayoutEvent) -> None:
        self._loop.call_soon_threadsafe(self._feed, event)

    def _feed(self, event: Event) -> None:
        """Feed the core and carry out what it asks for; events that come of that wait their turn."""
        if isinstance(event, ClipStarted):
            self.stopwatch.clip_started(event.clip_id)
        self._inbox.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._inbox:
                event, now_ms = self._inbox.popleft(), self._now_ms()
                hidden = self._core.hidden
                actions = self._core.feed(event, now_ms)
                self._log.happened(event, actions, self._core.timers(now_ms), hidden=hidden or self._core.hidden)
                for action in actions:
                    self._perform(action)
        finally:
            self._feeding = False
        self._arm_timer()

    def _audio_ready(self, clip_id: int) -> None:
        self.stopwatch.audio_ready(clip_id)
        self._log.note("AudioReady", clip_id=clip_id)

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ms = self._core.next_deadline_ms
        if deadline_ms is not None and self._ending is None:
            delay_s = max(0.0, (deadline_ms - self._now_ms()) / 1000)
            self._timer = self._loop.call_later(delay_s, self._feed, Tick())

    @staticmethod
    def _now_ms() -> float:
        return time.monotonic() * 1000

    def _perform(self, action: Action) -> None:
        match action:
            case Transcribe() | DropTranscription() | HurryTranscription() | EndAfter():
                self._perform_hearing(action)
            case Ask() | CancelAsk() | Rehearse():
                self._perform_asking(action)
            case Speak() | PauseSpeaking() | ResumeSpeaking() | StopSpeaking() | SetRingback():
                self._perform_sound(action)
            case SetEndOfSpeech(duration_ms=duration_ms):
                self._ears.set_end_of_speech(duration_ms)
            case StartTransfer():
                self._start_transfer(action)
            case PressKeys(digits=digits):
                self.leg.send_dtmf(digits)
            case HangUp(cause=cause):
                self.leg.hang_up(cause)
            case _:
                self._perform_record(action)

    def _start_transfer(self, action: StartTransfer) -> None:
        try:
            request = action.request or self._services.transfer_request(action.instruction, action.session_id)
        except VoicebotError as error:
            logger.error("call %s cannot be transferred: %s", self.call_id, error.message)
            self.stopwatch.record.transfer = TransferOutcome.FAILED.value
            self._inbox.append(TransferEnded(TransferResult(TransferOutcome.FAILED, reason=error.message)))
        else:
            if request.briefing:
                self._tasks.start("transfer", self._brief_and_transfer(request))
            else:
                self.leg.transfer(request)

    async def _brief_and_transfer(self, request: TransferRequest) -> None:
        """Have the briefing spoken, then begin; without it if the voice takes too long."""
        pcm = await briefing(self._services.voice, request.briefing, self.leg.rate_hz)
        self.leg.transfer(replace(request, briefing_pcm=pcm))

    def _perform_hearing(self, action: Transcribe | DropTranscription | HurryTranscription | EndAfter) -> None:
        match action:
            case Transcribe():
                self._transcriber.begin(action)
            case DropTranscription(utterance_id=utterance_id):
                self._transcriber.drop(utterance_id)
                self._rehearsals.drop()
            case HurryTranscription(utterance_id=utterance_id):
                self._transcriber.hurry(utterance_id)
            case EndAfter():
                self._end_after = action
                for event in self._ears.end_after(action.utterance_id, action.attempt, action.silence_ms):
                    self._heard(event)

    def _perform_asking(self, action: Ask | CancelAsk | Rehearse) -> None:
        match action:
            case Ask():
                self._rehearsals.performed(action.query)
                self.stopwatch.asked(action.turn_id, begun_by_caller=bool(action.query.query_text))
                self._tasks.start(f"ask-{action.turn_id}", self._ask(action))
            case CancelAsk(turn_id=turn_id):
                self._tasks.cancel(f"ask-{turn_id}")
            case Rehearse():
                self._rehearsals.begin(action)

    def _perform_sound(self, action: Speak | PauseSpeaking | ResumeSpeaking | StopSpeaking | SetRingback) -> None:
        match action:
            case Speak(clip_id=clip_id, text=text, audio_url=audio_url):
                self.stopwatch.speaking(clip_id, self._core.turn_id)
                self._mouth.say(clip_id, text, audio_url)
            case PauseSpeaking():
                self.stopwatch.record.barge_ins += 1
                self._inbox.extend(self._mouth.pause())
            case ResumeSpeaking(from_start=from_start):
                self.stopwatch.record.resumptions += 1
                self._mouth.resume(from_start=from_start)
            case StopSpeaking():
                self.stopwatch.record.barge_ins += not self._mouth.is_paused
                self._inbox.extend(self._mouth.stop())
            case SetRingback(on=on):
                self._playout.set_ringback(on)

    def _perform_record(self, action: Action) -> None:
        match action:
            case HideCaller(on=on):
                self._services.hide(on)
            case StoreInstruction(instruction=instruction, session_id=session_id):
                self._services.store(instruction, session_id)
            case RecordCaller(turn_id=turn_id, text=text):
                self.stopwatch.caller_said(turn_id, text)
            case RecordHeard(turn_id=turn_id, text=text, complete=complete):
                self.stopwatch.caller_heard(turn_id, text, complete=complete)
            case RecordFailure(turn_id=turn_id, code=code):
                logger.warning("call %s: %s failed, the caller was told", self.call_id, code)
                self.stopwatch.failed(turn_id, code)

    # --- work that takes time

    async def _ask(self, action: Ask) -> None:
        answer = self._services.brain.ask(action.query)
        try:
            async for chunk in answer:
                self.stopwatch.chunk(action.turn_id, chunk)
                self._feed(ChunkArrived(action.turn_id, chunk))
        except VoicebotError as error:
            logger.warning("call %s: the brain failed: %s (%s)", self.call_id, error.code, error.message)
            self._feed(AnswerFailed(action.turn_id, error.code))
        except Exception:
            logger.exception("call %s: the brain's answer broke", self.call_id)
            self._feed(AnswerFailed(action.turn_id, "internal"))

    async def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        tasks = self._tasks.cancel_all()
        await self._transcriber.close()
        await self._rehearsals.close()
        await self._mouth.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._on_ended(self)
