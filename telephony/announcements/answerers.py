"""What the conversation is told of a verdict after the answer."""

from __future__ import annotations

from telephony.announcements.outcome import Category
from voicebot.conversation.answeredby import Answerer

_OTHERS = {
    Category.HUMAN: Answerer.HUMAN,
    Category.VOICEMAIL: Answerer.VOICEMAIL,
    Category.MESSAGE_LEFT: Answerer.VOICEMAIL,
    Category.ASSISTANT: Answerer.ASSISTANT,
    # None of these is told from a person with certainty, and a queue has a person at its end.
    Category.UNDECIDED: Answerer.UNKNOWN,
    Category.SILENCE: Answerer.UNKNOWN,
    Category.QUEUE: Answerer.UNKNOWN,
    Category.RINGING: Answerer.UNKNOWN,
    Category.COLOUR_RING: Answerer.UNKNOWN,
}


def answerer_of(category: Category) -> Answerer:
    """Return who answered, by what was heard after the answer; all that is left is the network that speaks."""
    return _OTHERS.get(category, Answerer.ANNOUNCEMENT)
