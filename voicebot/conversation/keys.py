"""The keys a caller presses: collected until a pause, an end key or as many as were asked for, then asked about."""

from __future__ import annotations

from voicebot.conversation.actions import Action
from voicebot.conversation.floor import Floor
from voicebot.conversation.phase import Phase
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns


class Keys:
    """Collects keys."""

    def __init__(self, state: CallState, turns: Turns, floor: Floor) -> None:
        self._state = state
        self._turns = turns
        self._floor = floor

    def press(self, digit: str) -> list[Action]:
        """Take a key. A quick caller's may come before the line has told that the call is up: it counts, too."""
        state = self._state
        if state.phase not in (Phase.NEW, Phase.TALKING) or state.leaving:
            return []
        actions = self._floor.take("keys") if state.config.dtmf_interrupts else []
        entry = state.asking.expectation.keys
        ends = digit == ("#" if entry is None else entry.end)
        if entry is None or not ends or not state.digits:
            state.digits += digit
        state.deadlines.set("digits", state.now_ms + (state.config.digits_pause_ms if entry is None else entry.gap_ms))
        return [*actions, *self.done()] if ends or self._is_full() else actions

    def _is_full(self) -> bool:
        """There are as many digits as the answer has at most."""
        lengths = self._state.asking.expectation.digits
        return lengths is not None and self._state.digits.isdecimal() and len(self._state.digits) >= lengths[1]

    def recall(self) -> None:
        """The call is up: what was pressed before is asked about in a while."""
        if self._state.digits:
            self._state.deadlines.set("digits", self._state.now_ms + self._state.config.digits_pause_ms)

    def done(self) -> list[Action]:
        """Ask about the keys that were pressed; if the bot may not be interrupted by them, later or not at all."""
        state = self._state
        if state.phase is not Phase.TALKING:
            return []
        digits, state.digits = state.digits, ""
        state.deadlines.clear("digits")
        state.silences = 0
        actions = state.hearing.reset()
        self._floor.settle()
        variables = {"dtmf": digits}
        if not state.turn.interruptible:
            if state.config.keep_talk_over:
                state.kept.keep(digits, variables)
            return actions
        if not state.config.dtmf_interrupts and not state.turn.held and state.turn.playing is not None:
            state.kept.keep(digits, variables, to_the_end=True)
            return actions
        return [*actions, *self._turns.supersede(digits, variables)]
