"""What the caller hears when something behind the line fails: words, and the call is kept, but not for ever."""

from __future__ import annotations

from voicebot.conversation.actions import Action, Ask, RecordFailure
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns
from voicebot.errors import BrainCircuitOpenError, BrainSessionLostError, SynthesisError
from voicebot.protocol.instruction import Hangup


class Failing:
    """Answers failures of the brain, the recogniser and the voice."""

    def __init__(self, state: CallState, turns: Turns) -> None:
        self._state = state
        self._turns = turns

    def answer(self, code: str) -> list[Action]:
        """The brain failed: apologise after what was already said of its answer."""
        state, turn, turns = self._state, self._state.turn, self._turns
        if code == BrainSessionLostError.code and not turn.asked_anew:
            turn.asked_anew = True
            return [Ask(turn.turn_id, state.asking.anew())]
        turn.complete = True
        state.asking.failed()
        actions = [self._record(code), *turns.take_notes()]
        if code == BrainCircuitOpenError.code:
            return [*actions, *self._unavailable()]
        if self._too_many():
            return [*actions, *turns.farewell()]
        turn.apologised = True
        return [*actions, *turns.say(state.config.apology)]

    def recognition(self, code: str) -> list[Action]:
        """The recogniser failed."""
        actions: list[Action] = [self._record(code)]
        if self._too_many():
            return [*actions, *self._turns.farewell()]
        return [*actions, *self._turns.say_local(self._state.config.apology)]

    def clip(self, code: str) -> list[Action]:
        """A clip of the turn in progress could not be spoken."""
        turn, actions = self._state.turn, [self._record(code)]
        if not turn.local and not turn.apologised:
            turn.apologised = True
            actions += self._turns.say(self._state.config.apology)
        return [*actions, *self._turns.after_playout()]

    def playout(self) -> list[Action]:
        """The clip that should be heard does not come, or does not end: give it up and go on with the next one."""
        turn = self._state.turn
        stuck = turn.playing
        actions = turn.stop()
        if stuck is not None:
            turn.drop(stuck.clip_id)
        actions += turn.release(self._state.now_ms, "stuck")
        return [*actions, *self.clip(SynthesisError.code)]

    def _unavailable(self) -> list[Action]:
        """The brain is left alone for now: no use in asking again, so the call goes elsewhere or ends."""
        config = self._state.config
        return self._turns.say_local(config.unavailable, config.fallback or Hangup(), interruptible=False)

    def _too_many(self) -> bool:
        self._state.failures += 1
        return self._state.failures > self._state.config.max_failures

    def _record(self, code: str) -> Action:
        return RecordFailure(self._state.turn.turn_id, code)
