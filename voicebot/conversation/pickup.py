"""The first moments of a call: somebody has picked up, says "hello?", and is to hear the greeting."""

from __future__ import annotations

from voicebot.conversation.speaking import Turn
from voicebot.conversation.state import CallState

_FIRST_TURN = 1
# Of a greeting of which less was heard, nothing was understood: it is said once more from its beginning.
_BARELY_HEARD_MS = 1000
# A "hello?" is over sooner; who speaks longer says more than that.
_LONGEST_HELLO_MS = 1000


class Pickup:
    """Knows whether the greeting is still to be protected from a caller's own greeting."""

    def __init__(self, state: CallState) -> None:
        self._state = state

    @property
    def protects(self) -> bool:
        """The greeting is not over, and nothing of it was heard, or the set time since the answer has not passed."""
        state = self._state
        if not self._is_greeting or self._greeting.finished:
            return False
        return self._greeting.unheard or state.now_ms < state.answered_ms + state.config.greeting_protection_ms

    @property
    def is_greeted(self) -> bool:
        """There is a greeting, or there may still be one, so that a "hello?" needs no other answer."""
        return not (self._is_greeting and self._greeting.finished and self._greeting.unheard)

    @property
    def restarts(self) -> bool:
        """The greeting is to begin anew after a "hello?" that stopped it."""
        turn = self._greeting
        clip = turn.playing
        return self._is_greeting and not turn.heard and clip is not None and clip.heard_ms < _BARELY_HEARD_MS

    def greets_at_once(self, speech_ms: int) -> bool:
        """Tell whether a greeting that waits for speech of that length is said without waiting for its words."""
        return self._is_greeting and self._greeting.unheard and speech_ms <= _LONGEST_HELLO_MS

    @property
    def _is_greeting(self) -> bool:
        return self._state.turn.turn_id == _FIRST_TURN

    @property
    def _greeting(self) -> Turn:
        return self._state.turn
