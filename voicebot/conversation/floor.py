"""Who has the floor: what the caller's speech does to what the bot is saying, while it goes on.

Three manners of being interrupted, by what the answer allows (``allowInterrupt``, ``allowSemanticInterruption``):

* protected: nothing stops the bot;
* any: speech of ``barge_in_ms`` pauses the playout, whatever it is;
* semantic: only words that mean something do, judged on partial transcripts. Without a transcript in time
  (``barge_in_longest_ms``), the bot gives way. With ``barge_in: pause`` it pauses first and looks at the words then.

A pause is not the end of what the bot was saying: that is when the caller's words are complete and take its place.
Noise, and in the semantic manner a backchannel, give the floor back, and the playout goes on where it was.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from voicebot.conversation.actions import Action
from voicebot.conversation.events import (
    CallerPartial,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    TranscriptReady,
)
from voicebot.conversation.hearing import HearingEvent
from voicebot.conversation.interrupting import Verdict, judge
from voicebot.conversation.pickup import Pickup
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns


class Manner(enum.Enum):
    """How the bot can be interrupted."""

    PROTECTED = "protected"
    ANY = "any"
    SEMANTIC = "semantic"


@dataclass(slots=True)
class _Speech:
    """One utterance of the caller.

    Attributes:
        pickup: it began while the greeting was protected.
        speech_ms: its length.
        cleared_ms: how much of it turned out to be harmless.
        attempt: the pause it is in; None while the caller speaks.
        over: at that pause, the bot was talking and would not be stopped by a backchannel.
        asked: at that pause, a question had been heard.
    """

    pickup: bool
    speech_ms: int = 0
    cleared_ms: int = 0
    attempt: int | None = None
    over: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When something was said.

    Attributes:
        pickup: all of it in the first moments of the call.
        over: all of it while the bot was talking and would not be stopped by a backchannel.
        asked: a question had been heard.
    """

    pickup: bool
    over: bool
    asked: bool


class Floor:
    """Pauses the playout for the caller, and lets it go on."""

    def __init__(self, state: CallState, turns: Turns, pickup: Pickup) -> None:
        self._state = state
        self._turns = turns
        self._pickup = pickup
        self._speeches: dict[int, _Speech] = {}

    @property
    def manner(self) -> Manner:
        """How the bot can be interrupted now."""
        turn = self._state.turn
        if not turn.interruptible:
            return Manner.PROTECTED
        clip = turn.playing
        semantic = clip.semantic if clip is not None else turn.semantic
        return Manner.SEMANTIC if semantic or self._pickup.protects else Manner.ANY

    def follow(self, event: HearingEvent) -> list[Action]:
        """Take what the caller's speech has come to, short of its end; pause the playout, or let it go on."""
        if isinstance(event, SpeechGrew):
            speech = self._speeches.setdefault(event.utterance_id, _Speech(self._pickup.protects))
            speech.speech_ms, speech.attempt = event.speech_ms, None
            return self._grown(speech)
        known = self._speeches.get(event.utterance_id)
        if known is None:
            return []
        if isinstance(event, SpeechPaused):
            return self._paused(known, event.attempt)
        if isinstance(event, SpeechResumed):
            known.attempt = None
        elif isinstance(event, SpeechDropped):
            del self._speeches[event.utterance_id]
        elif isinstance(event, CallerPartial | TranscriptReady):
            return self._read(known, event.text, event.attempt)
        return []

    def settle(self) -> Circumstances:
        """Forget the speech that has come to its end, and tell when it was said."""
        speeches = list(self._speeches.values())
        self._speeches.clear()
        return Circumstances(
            pickup=bool(speeches) and all(speech.pickup for speech in speeches),
            over=bool(speeches) and all(speech.over for speech in speeches),
            asked=any(speech.asked for speech in speeches) or self._asked,
        )

    def take(self, why: str) -> list[Action]:
        """Give the floor to the caller, if the bot may be interrupted at all."""
        turn = self._state.turn
        if turn.held or turn.finished or not turn.interruptible:
            return []
        return turn.hold(self._state.now_ms, why)

    def give_back(self, why: str) -> list[Action]:
        """Let the bot go on if the caller had the floor, unless keys are being pressed."""
        turn = self._state.turn
        if not turn.held or self._state.digits:
            return []
        again = why == Verdict.PICKUP.value and self._pickup.restarts
        return [*turn.release(self._state.now_ms, why, from_start=again), *self._turns.after_playout()]

    @property
    def spoken(self) -> str:
        """What the caller hears of the bot, or heard last."""
        turn = self._state.turn
        clip = turn.playing
        return clip.text if clip is not None else "".join(turn.heard[-1:])

    @property
    def _asked(self) -> bool:
        state = self._state
        if state.turn.silent and state.turn.unheard:
            return state.previous.asked(state.now_ms)
        return state.turn.asked(state.now_ms)

    def _grown(self, speech: _Speech) -> list[Action]:
        config = self._state.config
        unknown_ms = speech.speech_ms - speech.cleared_ms
        if unknown_ms < config.barge_in_ms:
            return []
        if self._state.turn.playing is None or config.pause_first or self.manner is Manner.ANY:
            return self.take("voice")
        return self.take("longest") if unknown_ms >= config.barge_in_longest_ms else []

    def _paused(self, speech: _Speech, attempt: int) -> list[Action]:
        turn = self._state.turn
        speech.attempt = attempt
        speech.over = not turn.finished and self.manner is Manner.SEMANTIC
        speech.asked = self._asked
        if speech.pickup and self._pickup.greets_at_once(speech.speech_ms):
            return self.give_back(Verdict.PICKUP.value)
        return []

    def _read(self, speech: _Speech, text: str, attempt: int) -> list[Action]:
        in_pause = attempt == speech.attempt
        verdict = judge(
            self._state.config.language,
            text,
            asked=speech.asked if in_pause else self._asked,
            pickup=speech.pickup,
            spoken=self.spoken,
        )
        semantic = self.manner is Manner.SEMANTIC
        if verdict.takes_floor:
            return self.take("words") if semantic else []
        if verdict is Verdict.UNCLEAR or not (semantic or verdict is Verdict.NOISE):
            return []
        speech.cleared_ms = speech.speech_ms
        # Who is silent after that may go on talking; but the bot does not wait for it.
        return self.give_back(verdict.value) if in_pause and len(self._speeches) == 1 else []
