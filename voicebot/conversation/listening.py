"""What the caller says: from the events of his speech to a query, or to none.

Speech becomes a saying (``hearing``); a saying is judged by when it was said (``floor``) and what it means
(``interrupting``). Words replace what the bot was about to say, a noise or a backchannel gives the floor back.
"""

from __future__ import annotations

from voicebot.conversation.actions import Action, DropTranscription, RecordFailure
from voicebot.conversation.events import SpeechDropped, SpeechPaused, UtteranceEnded
from voicebot.conversation.failing import Failing
from voicebot.conversation.floor import Floor, Manner
from voicebot.conversation.hearing import HearingEvent, Saying
from voicebot.conversation.interrupting import Verdict, judge
from voicebot.conversation.monologue import Monologue
from voicebot.conversation.pickup import Pickup
from voicebot.conversation.rehearsing import rehearse
from voicebot.conversation.silence import Silence
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns


class Listening:
    """Follows the caller's speech, and answers what was said."""

    def __init__(
        self, state: CallState, turns: Turns, failing: Failing, pickup: Pickup, floor: Floor, silence: Silence
    ) -> None:
        self._state = state
        self._turns = turns
        self._failing = failing
        self._pickup = pickup
        self._floor = floor
        self._silence = silence
        self._monologue = Monologue(state, turns, silence)

    def feed(self, event: HearingEvent) -> list[Action]:
        """Take what the caller's speech has come to."""
        state = self._state
        if not state.talking:
            return []
        if self._monologue.is_cut_off(event):
            # The ears keep its audio until they are told that nobody wants it.
            over = isinstance(event, SpeechPaused | UtteranceEnded)
            return [DropTranscription(event.utterance_id)] if over else []
        manner = self._floor.manner
        if manner is Manner.PROTECTED and not state.config.keep_talk_over:
            if isinstance(event, SpeechPaused):
                return [DropTranscription(event.utterance_id)]  # nobody wants its words, unless it goes on for longer
            if isinstance(event, UtteranceEnded):
                event = SpeechDropped(event.utterance_id)
        actions, saying = state.hearing.feed(event)
        if saying is None:
            return [*actions, *self._floor.follow(event), *rehearse(state, event)]
        return [*actions, *self._said(saying, manner)]

    def give_up(self) -> list[Action]:
        """Stop waiting for transcripts that do not come: what was understood so far is what the caller said."""
        actions, saying = self._state.hearing.give_up()
        return [*actions, *self._said(saying, self._floor.manner)]

    def cut_off(self) -> list[Action]:
        """The caller does not stop: take the floor."""
        if self._state.hearing.waiting:
            return []  # he has come to an end by himself
        self._floor.settle()
        return self._monologue.cut_off()

    def answer_kept(self) -> list[Action]:
        """Ask about what the caller said over a sentence that had to be heard, as soon as it was."""
        state = self._state
        if not state.talking or state.hearing.busy or not state.kept.is_due(state.turn):
            return []
        return self._turns.supersede("")

    def _said(self, saying: Saying, manner: Manner) -> list[Action]:
        """The caller has said something, and it is known what."""
        state = self._state
        circumstances = self._floor.settle()
        self._monologue.complete()
        if saying.failed and manner is Manner.PROTECTED:
            return [RecordFailure(state.turn.turn_id, saying.failed)]
        if saying.failed:
            return self._failing.recognition(saying.failed)
        text = saying.text
        if not text:
            return self._floor.give_back(Verdict.NOISE.value)
        self._silence.broken()
        verdict = judge(
            state.config.language,
            text,
            asked=circumstances.asked,
            final=True,
            pickup=circumstances.pickup and self._pickup.is_greeted,
            spoken=self._floor.spoken if circumstances.over else "",
        )
        if verdict is Verdict.PICKUP:
            return self._floor.give_back(verdict.value)
        if manner is Manner.PROTECTED:
            if state.config.keep_talk_over and verdict.takes_floor:
                state.kept.keep(text)
            return []
        if circumstances.over and not verdict.takes_floor:
            return self._floor.give_back(verdict.value)
        return self._turns.supersede(text)
