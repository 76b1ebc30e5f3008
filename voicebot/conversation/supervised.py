"""What a conversation does about a supervisor's orders."""

from __future__ import annotations

from voicebot.conversation.actions import Action, HangUp, SetRingback, StartTransfer
from voicebot.conversation.leg import HangupCause
from voicebot.conversation.orders import EndCall, HandOver, Hint, Order, SayNow, TakenOver, TalkedOver
from voicebot.conversation.phase import Phase
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns
from voicebot.protocol.instruction import Hangup, ToCustomerService
from voicebot.protocol.query import SUPERVISOR_VARIABLE

LEFT = "left"
"""Value of ``SUPERVISOR_VARIABLE`` in the query with which the bot gets a call back."""


class Supervised:
    """Carries orders out."""

    def __init__(self, state: CallState, turns: Turns) -> None:
        self._state = state
        self._turns = turns
        self._by_hand = False

    def feed(self, order: Order) -> list[Action]:
        """Take an order. One that the state of the call does not allow does nothing: the driver has looked before."""
        state = self._state
        match order:
            case SayNow(text=text, interrupt=interrupt) if state.talking:
                return self._turns.say_local(text) if interrupt else self._turns.say(text)
            case EndCall(text=text):
                return self._end(text)
            case HandOver() if self._may_hand_over:
                return self._hand_over(order)
            case Hint(text=text):
                state.asking.hint(text)
            case TalkedOver(on=on):
                state.talked_over = on
            case TakenOver(on=True):
                return self._taken_over()
            case TakenOver(hang_up=hang_up):
                return self._given_back(hang_up)
        return []

    def allows(self, order: Order) -> bool:
        """Whether the state of the call lets an order do something now."""
        state = self._state
        match order:
            case SayNow():
                return state.talking
            case HandOver():
                return self._may_hand_over
            case TakenOver(on=True) | Hint():
                return state.phase in (Phase.TALKING, Phase.TRANSFERRING, Phase.TAKEN_OVER) and not state.leaving
        return state.phase is not Phase.OVER

    def transfer_failed(self) -> list[Action] | None:
        """Say what follows a transfer that led nowhere, if that is no matter of the bot's; None: it is."""
        by_hand, self._by_hand = self._by_hand, False
        if not self._state.taken_over:
            if by_hand:
                self._state.turn.local = False  # the brain is there, whoever spoke last
            return None
        self._state.phase = Phase.TAKEN_OVER
        return []

    @property
    def _may_hand_over(self) -> bool:
        state = self._state
        return state.phase in (Phase.TALKING, Phase.TAKEN_OVER) and not state.leaving and not state.handing_over

    def _end(self, text: str) -> list[Action]:
        state = self._state
        state.hangup_cause = HangupCause.SUPERVISOR
        if text and state.talking:
            return self._turns.say_local(text, Hangup(), interruptible=False)
        state.leaving = True
        return [HangUp(HangupCause.SUPERVISOR)]

    def _hand_over(self, order: HandOver) -> list[Action]:
        self._by_hand = True
        start = StartTransfer(ToCustomerService(), self._state.asking.session_id, order.request)
        return [*self._turns.close(), *self._turns.ring(start)]

    def _taken_over(self) -> list[Action]:
        state = self._state
        state.taken_over = True
        if state.phase is not Phase.TALKING or state.leaving:
            return []
        actions = [*self._turns.close(), *state.hearing.reset(), SetRingback(on=False)]
        state.phase = Phase.TAKEN_OVER
        state.digits = ""
        state.kept.forget()
        state.deadlines.clear_all()
        return actions

    def _given_back(self, hang_up: bool) -> list[Action]:
        state = self._state
        state.taken_over = False
        if state.phase is not Phase.TAKEN_OVER:
            return []
        state.phase = Phase.TALKING
        # The longest call counts anew: while the supervisor talked, no time ran.
        state.deadlines.set("max_call", state.now_ms + state.config.max_call_ms)
        if hang_up:
            return self._turns.farewell()
        return self._turns.ask("", {SUPERVISOR_VARIABLE: LEFT}, silence=True)
