"""A caller who does not stop talking, or a noise that does not end: after the set time the bot takes the floor."""

from __future__ import annotations

from voicebot.conversation.actions import Action
from voicebot.conversation.events import CallerPartial, TranscriptReady
from voicebot.conversation.hearing import HearingEvent
from voicebot.conversation.silence import Silence
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns


class Monologue:
    """Keeps what was understood of a saying that is not complete, and cuts it off in the end."""

    def __init__(self, state: CallState, turns: Turns, silence: Silence) -> None:
        self._state = state
        self._turns = turns
        self._silence = silence
        self._texts: dict[int, str] = {}
        self._last_id = 0
        self._deaf_to = 0

    def is_cut_off(self, event: HearingEvent) -> bool:
        """Tell whether an event is about speech that was cut off; note what the others say."""
        if event.utterance_id <= self._deaf_to:
            return True
        self._last_id = max(self._last_id, event.utterance_id)
        if isinstance(event, CallerPartial | TranscriptReady) and event.text:
            self._texts[event.utterance_id] = event.text.strip()
        return False

    def complete(self) -> None:
        """The saying is complete: nothing is to be cut off."""
        self._texts.clear()

    def cut_off(self) -> list[Action]:
        """Take the floor: answer what was understood so far. Speech without a word is a silence."""
        state = self._state
        joint = "" if state.config.language == "zh" else " "
        text = joint.join(text for _, text in sorted(self._texts.items()))
        self._deaf_to = self._last_id
        self.complete()
        actions = state.hearing.reset()
        if not text:
            return [*actions, *self._silence.over()]
        self._silence.broken()
        return [*actions, *self._turns.supersede(text, preface=state.config.monologue)]
