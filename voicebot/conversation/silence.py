"""Silences: how long nobody has spoken, and what the bot does about it.

The time counts from the end of the playout. It stands still while the caller speaks; what turns out to be no words was
silence, too, so a noisy line does not put off the prompt for ever.
"""

from __future__ import annotations

from voicebot.conversation.actions import Action
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns


class Silence:
    """The silence timer, and the prompts up to the goodbye."""

    def __init__(self, state: CallState, turns: Turns) -> None:
        self._state = state
        self._turns = turns
        self._until_ms: float | None = None

    def broken(self) -> None:
        """The caller said words, or pressed keys: silences are counted from none."""
        self._state.silences = 0
        self._until_ms = None

    def keep(self) -> None:
        """Let the timer run exactly while nobody speaks and nothing is being waited for."""
        state = self._state
        if not state.talking or not state.turn.finished or state.digits or state.stands_still:
            self._until_ms = None
            state.deadlines.clear("silence")
            return
        if self._until_ms is None:
            self._until_ms = state.now_ms + state.asking.silence_ms
        state.deadlines.keep("silence", not state.hearing.busy, self._until_ms)

    def over(self) -> list[Action]:
        """The caller was silent for too long: have the bot say something, or say goodbye."""
        state = self._state
        self._until_ms = None
        state.silences += 1
        if state.silences > state.config.max_silences:
            return self._turns.farewell()
        return [*self._turns.close(), *self._turns.ask("", silence=True)]
