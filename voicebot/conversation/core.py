"""The decisions of one call: who has the floor, what is asked, said, stopped and done.

A core without I/O or clock: ``feed(event, now_ms)`` returns the actions to carry out, and
``next_deadline_ms`` says when to come back with a ``Tick``. Drivers are the SIP line, tests and
anything else that has a ``CallLeg``.

Rules, in short:

* The first query has no text: the brain greets.
* Speech of ``barge_in_ms`` takes the floor if what plays may be interrupted. What was not heard is
  kept until it is known what the caller said: words replace it, a mere noise gives the floor back.
* Instructions run after the last sentence was heard. Text messages and blacklist entries of a turn
  that the caller cut short still run; a transfer or a hang-up does not.
* Whenever nobody speaks and nothing is being waited for, the silence timer runs. So a live call
  always has a deadline.
"""

from __future__ import annotations

from voicebot.conversation.actions import (
    Action,
    Ask,
    CancelAsk,
    HangUp,
    RecordCaller,
    RecordFailure,
    SetRingback,
    StartTransfer,
)
from voicebot.conversation.answering import Answering, heard, notes
from voicebot.conversation.asking import Asking
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.deadlines import Deadlines
from voicebot.conversation.events import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallHeld,
    ChunkArrived,
    ClipFailed,
    ClipFinished,
    ClipStarted,
    ClipStopped,
    DigitPressed,
    Event,
    Tick,
    TransferEnded,
)
from voicebot.conversation.hearing import Hearing, HearingEvent, Saying
from voicebot.conversation.leg import HangupCause, TransferOutcome
from voicebot.conversation.phase import Phase
from voicebot.conversation.speaking import ClipState, Turn
from voicebot.errors import BrainCircuitOpenError, BrainSessionLostError
from voicebot.protocol.instruction import Hangup, Instruction, ToCustomerService
from voicebot.protocol.query import TRANSFER_VARIABLE, TransferState

_TRANSFER_STATE = {TransferOutcome.BUSY: TransferState.BUSY, TransferOutcome.FAILED: TransferState.FAILED}


# How long the line may take to hang up, and a goodbye after the longest call to be said.
_LEAVING_MS = 5_000
_OVERDUE_MS = 30_000


class Conversation:
    """One call, from the answer to the end."""

    def __init__(self, config: ConversationConfig) -> None:
        self.config = config
        self.phase = Phase.NEW
        self._turn = Turn(turn_id=0, local=True, complete=True)
        self._previous = self._turn
        self._hearing = Hearing(config.language)
        self._deadlines = Deadlines()
        self._asking = Asking(config)
        self._answering = Answering(play_audio=config.play_audio)
        self._silences = 0
        self._failures = 0
        self._digits = ""
        self._on_hold = False
        self._leaving = False
        self._overdue = False
        self._last_turn_id = 0

    @property
    def next_deadline_ms(self) -> float | None:
        """When a ``Tick`` is due, None once the call is over."""
        return self._deadlines.next_ms()

    def timers(self, now_ms: float) -> dict[str, float]:
        """Return the milliseconds that each timer has still to run, by its name."""
        return self._deadlines.left_ms(now_ms)

    @property
    def turn_id(self) -> int:
        """Number of the turn in progress."""
        return self._turn.turn_id

    def feed(self, event: Event, now_ms: float) -> list[Action]:
        """Take an event and return the actions it asks for, in the order to carry them out.

        Args:
            event: what happened.
            now_ms: the driver's clock, milliseconds that never run backwards.
        """
        if self.phase is Phase.OVER:
            return []
        actions = self._dispatch(event, now_ms)
        self._keep_deadlines(now_ms)
        return actions

    def _dispatch(self, event: Event, now_ms: float) -> list[Action]:
        match event:
            case CallAnswered():
                return self._answered(now_ms)
            case CallEnded():
                return self._ended()
            case CallHeld(held=held):
                self._on_hold = held
                return []
            case DigitPressed(digit=digit):
                return self._digit(digit, now_ms)
            case ChunkArrived() | AnswerFailed():
                return self._answer(event)
            case ClipStarted() | ClipFinished() | ClipStopped() | ClipFailed():
                return self._clip(event)
            case TransferEnded():
                return self._transfer_ended(event)
            case Tick():
                return self._tick(now_ms)
            case _:
                return self._heard_caller(event)

    # --- the call itself

    def _answered(self, now_ms: float) -> list[Action]:
        if self.phase is not Phase.NEW:
            return []
        self.phase = Phase.TALKING
        self._deadlines.set("max_call", now_ms + self.config.max_call_ms)
        return self._ask("")

    def _ended(self) -> list[Action]:
        actions = self._hearing.reset()
        if not self._turn.complete:
            actions.append(CancelAsk(self._turn.turn_id))
        actions.append(SetRingback(on=False))
        self.phase = Phase.OVER
        self._deadlines.clear_all()
        return actions

    def _hang_up(self) -> list[Action]:
        self._leaving = True
        return [HangUp(HangupCause.BOT)]

    # --- the caller

    def _heard_caller(self, event: HearingEvent) -> list[Action]:
        if self.phase is not Phase.TALKING or self._leaving:
            return []
        was_playing_protected = not self._turn.interruptible
        actions, saying = self._hearing.feed(event)
        if self._hearing.speech_ms >= self.config.barge_in_ms and not self._turn.held:
            actions += self._take_floor()
        if saying is not None:
            actions += self._said(saying, was_playing_protected)
        return actions

    def _take_floor(self) -> list[Action]:
        if self._turn.finished or not self._turn.interruptible:
            return []
        return self._turn.hold()

    def _said(self, saying: Saying, protected: bool) -> list[Action]:
        if saying.failed:
            return self._failed(saying.failed)
        if protected or not saying.text:
            # Talked over a sentence that must be heard, or a noise: the bot goes on.
            return [*self._turn.release(), *self._after_playout()] if self._turn.held else []
        self._silences = 0
        return self._supersede(saying.text)

    def _supersede(self, text: str, variables: dict[str, str] | None = None) -> list[Action]:
        """The caller's words replace what the bot was about to say."""
        actions = self._close_turn()
        return [*actions, *self._ask(text, variables or {})]

    def _close_turn(self) -> list[Action]:
        turn = self._turn
        actions: list[Action] = [] if turn.complete else [CancelAsk(turn.turn_id)]
        was_cut = bool(turn.clips) and not turn.local
        actions += turn.hold()
        turn.complete = True
        actions += self._take_notes()
        if was_cut:
            self._asking.cut_short(turn.heard)
        return actions

    def _digit(self, digit: str, now_ms: float) -> list[Action]:
        if self.phase not in (Phase.NEW, Phase.TALKING) or self._leaving:
            return []
        # A quick caller's key may come before the line has told that the call is up: it counts all the same.
        actions = self._take_floor() if not self._turn.held else []
        self._digits += digit
        self._deadlines.set("digits", now_ms + self.config.digits_pause_ms)
        if digit == "#" and self.phase is Phase.TALKING:
            actions += self._digits_done()
        return actions

    def _digits_done(self) -> list[Action]:
        digits, self._digits = self._digits, ""
        self._deadlines.clear("digits")
        self._silences = 0
        return [*self._hearing.reset(), *self._supersede(digits, {"dtmf": digits})]

    # --- the brain

    def _ask(self, text: str, variables: dict[str, str] | None = None, *, silence: bool = False) -> list[Action]:
        self._new_turn()
        query = self._asking.query(text, variables or {}, silence=silence)
        actions: list[Action] = [RecordCaller(self._turn.turn_id, text)] if text else []
        return [*actions, Ask(self._turn.turn_id, query)]

    def _new_turn(self, *, local: bool = False) -> None:
        self._last_turn_id += 1
        self._previous = self._turn
        self._turn = Turn(turn_id=self._last_turn_id, local=local, complete=local)
        self._deadlines.clear("answer", "silence")

    def _answer(self, event: ChunkArrived | AnswerFailed) -> list[Action]:
        if event.turn_id != self._turn.turn_id or self._turn.complete:
            return []  # the answer to a query that the caller has moved on from
        if isinstance(event, AnswerFailed):
            return self._answer_failed(event.code)
        chunk = event.chunk
        self._failures = 0
        actions = [*self._asking.learn(chunk), *self._answering.take(self._turn, chunk)]
        return actions + self._after_playout() if chunk.done else actions

    def _answer_failed(self, code: str) -> list[Action]:
        """Apologise after what was already said of the answer."""
        turn = self._turn
        if code == BrainSessionLostError.code and not turn.asked_anew:
            turn.asked_anew = True
            return [Ask(turn.turn_id, self._asking.anew())]
        turn.complete = True
        self._asking.failed()
        self._failures += 1
        actions = [RecordFailure(self._turn.turn_id, code), *self._take_notes()]
        if code == BrainCircuitOpenError.code:
            return [*actions, *self._unavailable()]
        if self._failures > self.config.max_failures:
            return [*actions, *self._farewell()]
        turn.apologised = True
        return [*actions, *self._say(self.config.apology)]

    def _say(self, text: str, *, interruptible: bool = True) -> list[Action]:
        return self._answering.say(self._turn, text, interruptible=interruptible)

    # --- the playout

    def _clip(self, event: ClipStarted | ClipFinished | ClipStopped | ClipFailed) -> list[Action]:
        turn = next((item for item in (self._turn, self._previous) if item.find(event.clip_id)), None)
        clip = turn.find(event.clip_id) if turn else None
        if turn is None or clip is None:
            return []
        if isinstance(event, ClipStarted):
            clip.state = ClipState.PLAYING
            return []
        if isinstance(event, ClipStopped):
            # The clip stays on the list: after a false alarm the sentence is said again, from its beginning.
            return heard(turn, clip, event)
        turn.drop(event.clip_id)
        if isinstance(event, ClipFailed):
            return self._clip_failed(event.code)
        return [*heard(turn, clip, event), *self._after_playout()]

    def _clip_failed(self, code: str) -> list[Action]:
        turn = self._turn
        actions: list[Action] = [RecordFailure(self._turn.turn_id, code)]
        if not turn.local and not turn.apologised:
            turn.apologised = True
            actions += self._say(self.config.apology)
        return actions + self._after_playout()

    def _after_playout(self) -> list[Action]:
        """Run the turn's instructions if all of it was heard."""
        turn = self._turn
        if not turn.finished or turn.held or not turn.instructions:
            return []
        instructions = turn.instructions
        actions = self._take_notes()
        transfer = next((item for item in instructions if isinstance(item, ToCustomerService)), None)
        if transfer is not None:
            self.phase = Phase.TRANSFERRING
            start = StartTransfer(transfer, self._asking.session_id)
            return [*actions, *self._hearing.reset(), SetRingback(on=True), start]
        if any(isinstance(item, Hangup) for item in instructions):
            actions += self._hang_up()
        return actions

    def _take_notes(self) -> list[Action]:
        """Take the instructions off the turn: notes are kept, whatever becomes of the others."""
        instructions, self._turn.instructions = self._turn.instructions, ()
        return notes(instructions, self._asking.session_id)

    def _transfer_ended(self, event: TransferEnded) -> list[Action]:
        if self.phase is not Phase.TRANSFERRING:
            return []
        self._deadlines.clear("transfer")
        actions: list[Action] = [SetRingback(on=False)]
        if event.result.outcome is TransferOutcome.ANSWERED:
            self._leaving = True
            return [*actions, HangUp(HangupCause.TRANSFERRED)]
        self.phase = Phase.TALKING
        if self._turn.local:
            return [*actions, *self._farewell()]  # the way out while the brain is left alone leads nowhere
        state = _TRANSFER_STATE[event.result.outcome]
        return [*actions, *self._ask("", {TRANSFER_VARIABLE: state.value})]

    # --- failures and time

    def _failed(self, code: str) -> list[Action]:
        """Something behind the line failed: the caller hears words and keeps the call."""
        self._failures += 1
        actions: list[Action] = [RecordFailure(self._turn.turn_id, code)]
        if self._failures > self.config.max_failures:
            return [*actions, *self._farewell()]
        return [*actions, *self._say_local(self.config.apology)]

    def _say_local(self, text: str, *then: Instruction, interruptible: bool = True) -> list[Action]:
        actions = self._close_turn()
        self._new_turn(local=True)
        self._turn.instructions = then
        return [*actions, *self._say(text, interruptible=interruptible)]

    def _farewell(self) -> list[Action]:
        return self._say_local(self.config.goodbye, Hangup())

    def _unavailable(self) -> list[Action]:
        """The brain is left alone for now: no use in asking again, so the call goes elsewhere or ends."""
        return self._say_local(self.config.unavailable, self.config.fallback or Hangup(), interruptible=False)

    def _tick(self, now_ms: float) -> list[Action]:
        actions: list[Action] = []
        for name in self._deadlines.pop_due(now_ms):
            actions += self._timed_out(name)
        return actions

    def _timed_out(self, name: str) -> list[Action]:
        if name == "silence":
            self._silences += 1
            return self._farewell() if self._silences > self.config.max_silences else self._ask("", silence=True)
        if name == "digits":
            return self._digits_done() if self.phase is Phase.TALKING else []
        if name == "answer":
            return [CancelAsk(self._turn.turn_id), *self._answer(AnswerFailed(self._turn.turn_id, "brain_timeout"))]
        if name == "transcript":
            actions, saying = self._hearing.give_up()
            return [*actions, *self._said(saying, protected=False)]
        if name == "transfer":
            self._leaving = True
            return [SetRingback(on=False), HangUp(HangupCause.FAILED)]
        if name == "max_call":
            return self._call_too_long()
        return [HangUp(HangupCause.FAILED)]  # "leaving": the line was told to hang up and has not

    def _call_too_long(self) -> list[Action]:
        if self._overdue or self.phase is not Phase.TALKING:
            return self._hang_up()
        self._overdue = True
        return self._farewell()

    def _keep_deadlines(self, now_ms: float) -> None:
        """Let each timer run exactly while what it guards is going on."""
        if self.phase is Phase.OVER:
            return
        talking = self.phase is Phase.TALKING and not self._leaving
        config, turn, timers = self.config, self._turn, self._deadlines
        timers.keep("answer", talking and not turn.complete, now_ms + config.answer_timeout_ms)
        timers.keep("transcript", talking and self._hearing.waiting, now_ms + config.transcript_timeout_ms)
        timers.keep("leaving", self._leaving, now_ms + _LEAVING_MS)
        if not self._leaving:
            timers.set_once("max_call", now_ms + _OVERDUE_MS)  # gone off once: the goodbye has this long
        timers.keep("transfer", self.phase is Phase.TRANSFERRING, now_ms + config.transfer_timeout_ms)
        idle = turn.finished and not self._hearing.busy and not self._digits and not self._on_hold
        timers.keep("silence", talking and idle, now_ms + self._asking.silence_ms)
