"""Turns: how one begins, how it ends, and what is done once all of it was heard."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.conversation.actions import (
    Action,
    Ask,
    CancelAsk,
    HangUp,
    PressKeys,
    RecordCaller,
    SetRingback,
    StartTransfer,
)
from voicebot.conversation.answering import notes
from voicebot.conversation.phase import Phase
from voicebot.conversation.speaking import Turn
from voicebot.conversation.state import CallState
from voicebot.protocol.instruction import Hangup, Instruction, SendDigits, ToCustomerService

MASK = "*"


class Turns:
    """Begins and ends the turns of a conversation."""

    def __init__(self, state: CallState) -> None:
        self._state = state
        self._last_id = 0

    def ask(self, text: str, variables: Mapping[str, str] | None = None, *, silence: bool = False) -> list[Action]:
        """Begin a turn with a query."""
        state = self._state
        self._begin(silent=not text)
        query = state.asking.query(text, variables or {}, silence=silence)
        shown = MASK * len(text) if state.asking.expectation.masked else text
        actions: list[Action] = [RecordCaller(state.turn.turn_id, shown)] if text else []
        return [*actions, Ask(state.turn.turn_id, query)]

    def supersede(self, text: str, variables: Mapping[str, str] | None = None, *, preface: str = "") -> list[Action]:
        """Let the caller's words, with those that were kept, replace what the bot was about to say.

        Args:
            text: the words.
            variables: more for the query.
            preface: what the line itself says before the answer comes.
        """
        actions = self.close()
        text, merged = self._state.kept.take(text, variables or {})
        actions += self.ask(text, merged)
        return actions + self.say(preface, interruptible=False) if preface else actions

    def close(self) -> list[Action]:
        """End the turn in progress, said or not. Its notes are kept, a transfer or hang-up is not carried out."""
        state, turn = self._state, self._state.turn
        actions: list[Action] = [] if turn.complete else [CancelAsk(turn.turn_id)]
        was_cut = bool(turn.clips) and not turn.local
        texts = turn.heard_so_far(state.now_ms)
        actions += turn.stop()
        turn.complete = True
        actions += self.take_notes()
        if was_cut:
            state.asking.cut_short(texts)
        return actions

    def say(self, text: str, *, interruptible: bool = True) -> list[Action]:
        """Append a sentence of the line's own to the turn in progress."""
        return self._state.answering.say(self._state.turn, text, interruptible=interruptible)

    def say_local(self, text: str, *then: Instruction, interruptible: bool = True) -> list[Action]:
        """Begin a turn of the line's own in place of the one in progress.

        Args:
            text: what is said; "" for nothing.
            then: what is done after that.
            interruptible: the caller may talk over it.
        """
        actions = self.close()
        self._begin(local=True)
        self._state.turn.instructions = then
        return [*actions, *(self.say(text, interruptible=interruptible) if text else self.after_playout())]

    def farewell(self) -> list[Action]:
        """Say goodbye and hang up."""
        return self.say_local(self._state.config.goodbye, Hangup())

    def hang_up(self) -> list[Action]:
        """Hang up."""
        self._state.leaving = True
        return [HangUp(self._state.hangup_cause)]

    def after_playout(self) -> list[Action]:
        """Run the turn's instructions if all of it was heard; see to it that a silence is not met with silence."""
        state, turn = self._state, self._state.turn
        if not turn.finished or turn.held or not state.talking:
            return []
        if turn.instructions:
            return self._carry_out()
        if turn.silent and not turn.spoke and not turn.local and turn.turn_id > 1:
            return self.say(state.config.prompt)
        return []

    def take_notes(self) -> list[Action]:
        """Take the instructions off the turn: notes are kept, whatever becomes of the others."""
        instructions, self._state.turn.instructions = self._state.turn.instructions, ()
        return notes(instructions, self._state.asking.session_id)

    def _carry_out(self) -> list[Action]:
        state, instructions = self._state, self._state.turn.instructions
        actions = self.take_notes()
        actions += [PressKeys(item.digits) for item in instructions if isinstance(item, SendDigits)]
        transfer = next((item for item in instructions if isinstance(item, ToCustomerService)), None)
        if transfer is not None and state.handing_over:
            return actions  # somebody is being rung already
        if transfer is not None and state.config.talk_while_transferring:
            state.handing_over = True
            return [*actions, StartTransfer(transfer, state.asking.session_id)]
        if transfer is not None:
            return [*actions, *self.ring(StartTransfer(transfer, state.asking.session_id))]
        if any(isinstance(item, Hangup) for item in instructions):
            actions += self.hang_up()
        return actions

    def ring(self, start: StartTransfer) -> list[Action]:
        """Leave the caller with a ringing tone while somebody else is rung."""
        state = self._state
        state.phase = Phase.TRANSFERRING
        state.kept.forget()
        state.digits = ""
        state.deadlines.clear("digits")
        return [*state.hearing.reset(), SetRingback(on=True), start]

    def _begin(self, *, local: bool = False, silent: bool = False) -> None:
        state = self._state
        self._last_id += 1
        state.previous = state.turn
        state.turn = Turn(
            turn_id=self._last_id, local=local, complete=local, silent=silent, semantic=state.previous.semantic
        )
        state.deadlines.clear("answer", "silence")
