"""The decisions of one call: who has the floor, what is asked, said, stopped and done.

A core without I/O or clock: ``feed(event, now_ms)`` returns the actions to carry out, and
``next_deadline_ms`` says when to come back with a ``Tick``. Drivers are the SIP line, tests and
anything else that has a ``CallLeg``.

Rules, in short, and where they are:

* The first query has no text: the brain greets, and a caller's own "hello?" does not stop it (``pickup``).
* The caller's speech pauses the playout if what plays may be interrupted (``floor``). What was not heard is kept until
  it is known what the caller said: words replace it, a mere noise lets it go on (``listening``).
* Instructions run after the last sentence was heard. Text messages and blacklist entries of a turn
  that the caller cut short still run; a transfer or a hang-up does not (``turns``).
* Whenever nobody speaks and nothing is being waited for, the silence timer runs (``silence``); a caller who never
  stops is stopped (``monologue``); a clip that does not come to its end is given up (``failing``). So a live call
  always has a timer that leads on (``timers``).
"""

from __future__ import annotations

from voicebot.conversation.actions import Action, CancelAsk, HangUp, HideCaller, SetRingback
from voicebot.conversation.answeredby import Answerer, Then
from voicebot.conversation.answering import heard
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnsweredBy,
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallHeld,
    ChunkArrived,
    ClipFailed,
    ClipFinished,
    ClipPaused,
    ClipStarted,
    ClipStopped,
    ClipTimed,
    DigitPressed,
    Event,
    Happening,
    Tick,
    TransferEnded,
)
from voicebot.conversation.failing import Failing
from voicebot.conversation.floor import Floor, Manner
from voicebot.conversation.keys import Keys
from voicebot.conversation.leg import HangupCause, TransferOutcome
from voicebot.conversation.listening import Listening
from voicebot.conversation.orders import Order
from voicebot.conversation.phase import Phase
from voicebot.conversation.pickup import Pickup
from voicebot.conversation.silence import Silence
from voicebot.conversation.state import CallState
from voicebot.conversation.supervised import Supervised
from voicebot.conversation.timers import Timers
from voicebot.conversation.turns import Turns
from voicebot.protocol.instruction import Hangup
from voicebot.protocol.query import TRANSFER_VARIABLE, TransferState

_TRANSFER_STATE = {TransferOutcome.BUSY: TransferState.BUSY, TransferOutcome.FAILED: TransferState.FAILED}
_ClipEvent = ClipTimed | ClipStarted | ClipFinished | ClipPaused | ClipStopped | ClipFailed


class Conversation:
    """One call, from the answer to the end."""

    def __init__(self, config: ConversationConfig) -> None:
        self.config = config
        self._state = CallState(config)
        self._turns = Turns(self._state)
        self._failing = Failing(self._state, self._turns)
        pickup = Pickup(self._state)
        self._floor = Floor(self._state, self._turns, pickup)
        self._keys = Keys(self._state, self._turns, self._floor)
        silence = Silence(self._state, self._turns)
        self._listening = Listening(self._state, self._turns, self._failing, pickup, self._floor, silence)
        self._timers = Timers(self._state, self._turns, self._failing, self._keys, silence, self._listening)
        self._supervised = Supervised(self._state, self._turns)
        self._hidden = False

    @property
    def hidden(self) -> bool:
        """Nobody is to see or hear what the caller gives right now: it was asked for like that."""
        return self._hidden

    @property
    def phase(self) -> Phase:
        """Where the call is in its life."""
        return self._state.phase

    @property
    def next_deadline_ms(self) -> float | None:
        """When a ``Tick`` is due, None once the call is over."""
        return self._state.deadlines.next_ms()

    def timers(self, now_ms: float) -> dict[str, float]:
        """Return the milliseconds that each timer has still to run, by its name."""
        return self._state.deadlines.left_ms(now_ms)

    @property
    def has_more_to_say(self) -> bool:
        """The bot is speaking, or will go on if the caller's words are nothing: what they are matters at once.

        Not if nothing may interrupt it: then the words are wanted when they are complete, if at all.
        """
        state = self._state
        return state.talking and not state.turn.finished and self._floor.manner is not Manner.PROTECTED

    @property
    def turn_id(self) -> int:
        """Number of the turn in progress."""
        return self._state.turn.turn_id

    def allows(self, order: Order) -> bool:
        """Whether the state of the call lets a supervisor's order do something now."""
        return self._supervised.allows(order)

    def feed(self, event: Event, now_ms: float) -> list[Action]:
        """Take an event and return the actions it asks for, in the order to carry them out.

        Args:
            event: what happened.
            now_ms: the driver's clock, milliseconds that never run backwards.
        """
        if self.phase is Phase.OVER:
            return []
        self._state.now_ms = now_ms
        done = self._supervised.feed(event) if isinstance(event, Order) else self._dispatch(event)
        actions = [*done, *self._listening.answer_kept()]
        self._timers.keep()
        return [*actions, *self._hide()]

    def _hide(self) -> list[Action]:
        hidden = self._state.asking.expectation.masked and self.phase is Phase.TALKING
        if hidden == self._hidden:
            return []
        self._hidden = hidden
        return [HideCaller(hidden)]

    def _dispatch(self, event: Happening) -> list[Action]:
        match event:
            case CallAnswered():
                return self._answered()
            case AnsweredBy(kind=kind):
                return self._answered_by(kind)
            case CallEnded():
                return self._ended()
            case CallHeld(held=held):
                self._state.on_hold = held
                return []
            case DigitPressed(digit=digit):
                return self._keys.press(digit)
            case ChunkArrived() | AnswerFailed():
                return self._answer(event)
            case ClipTimed() | ClipStarted() | ClipFinished() | ClipPaused() | ClipStopped() | ClipFailed():
                return self._clip(event)
            case TransferEnded():
                return self._transfer_ended(event)
            case Tick():
                return self._timers.go_off()
            case _:
                return self._listening.feed(event)

    # --- the call itself

    def _answered(self) -> list[Action]:
        state = self._state
        if state.phase is not Phase.NEW:
            return []
        state.phase = Phase.TALKING
        state.answered_ms = state.now_ms
        state.deadlines.set("max_call", state.now_ms + self.config.max_call_ms)
        self._keys.recall()
        actions = self._turns.ask("")
        if self.config.announcement:
            actions += self._turns.say(self.config.announcement, interruptible=False)
        return actions

    def _answered_by(self, kind: Answerer) -> list[Action]:
        if not self._state.talking:
            return []
        then = self.config.answered_by.get(kind, Then.CONTINUE)
        if then is Then.CONTINUE:
            return []
        message = self.config.voicemail_message if then is Then.LEAVE_MESSAGE else ""
        return self._turns.say_local(message, Hangup(), interruptible=False)

    def _ended(self) -> list[Action]:
        state = self._state
        actions = state.hearing.reset()
        if not state.turn.complete:
            actions.append(CancelAsk(state.turn.turn_id))
        actions.append(SetRingback(on=False))
        state.phase = Phase.OVER
        state.deadlines.clear_all()
        return actions

    # --- the brain

    def _answer(self, event: ChunkArrived | AnswerFailed) -> list[Action]:
        state = self._state
        if event.turn_id != state.turn.turn_id or state.turn.complete:
            return []  # the answer to a query that the caller has moved on from
        if isinstance(event, AnswerFailed):
            return self._failing.answer(event.code)
        chunk = event.chunk
        state.failures = 0
        actions = [*state.asking.learn(chunk), *state.answering.take(state.turn, chunk)]
        return actions + self._turns.after_playout() if chunk.done else actions

    # --- the playout

    def _clip(self, event: _ClipEvent) -> list[Action]:
        state = self._state
        turn = next((item for item in (state.turn, state.previous) if item.find(event.clip_id)), None)
        clip = turn.find(event.clip_id) if turn else None
        if turn is None or clip is None:
            return []
        if isinstance(event, ClipTimed):
            clip.word_ends = event.word_ends
            return []
        state.deadlines.clear("playout")
        match event:
            case ClipStarted():
                turn.started(clip, state.now_ms)
                return []
            case ClipPaused(heard_ms=heard_ms, total_ms=total_ms):
                clip.heard_ms, clip.total_ms = heard_ms, total_ms
                return []
            case ClipStopped():
                return heard(turn, clip, event)
        turn.drop(event.clip_id)
        if isinstance(event, ClipFailed):
            return self._failing.clip(event.code)
        return [*heard(turn, clip, event), *self._turns.after_playout()]

    # --- the transfer

    def _transfer_ended(self, event: TransferEnded) -> list[Action]:
        state = self._state
        if state.phase is not Phase.TRANSFERRING and not state.handing_over:
            return []
        meanwhile, state.handing_over = state.handing_over, False
        state.deadlines.clear("transfer")
        actions: list[Action] = [SetRingback(on=False)]
        if event.result.outcome is TransferOutcome.ANSWERED:
            state.leaving = True
            return [*actions, HangUp(HangupCause.TRANSFERRED)]
        if event.result.outcome is TransferOutcome.BRIDGED:
            return [*actions, *self._bridged()]
        instead = self._supervised.transfer_failed()
        if instead is not None:
            return [*actions, *instead]
        state.phase = Phase.TALKING
        self._floor.settle()
        if state.turn.local:
            return [*actions, *self._turns.farewell()]  # the way out while the brain is left alone leads nowhere
        result = {TRANSFER_VARIABLE: _TRANSFER_STATE[event.result.outcome].value}
        return [*actions, *(self._turns.supersede("", result) if meanwhile else self._turns.ask("", result))]

    def _bridged(self) -> list[Action]:
        """The caller talks to somebody else: whatever happens from now on, the line tells when it is over."""
        actions = [*self._turns.close(), *self._state.hearing.reset()]
        self._state.phase = Phase.BRIDGED
        self._state.deadlines.clear_all()
        return actions
