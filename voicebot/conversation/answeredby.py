"""Who answered a call that the bot made, and what becomes of the call then.

Telling a person from a machine is somebody else's work: whoever can do it feeds ``AnsweredBy`` to the conversation.
"""

from __future__ import annotations

import enum


class Answerer(enum.Enum):
    """Who, or what, answered."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    ASSISTANT = "assistant"
    """A phone's own assistant that asks who is calling and why."""
    ANNOUNCEMENT = "announcement"
    """The network: the number is switched off, does not exist, and the like."""
    UNKNOWN = "unknown"


class Then(enum.Enum):
    """What becomes of the call."""

    CONTINUE = "continue"
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    """Say the message to its end, then hang up."""


DECISIONS = {
    Answerer.HUMAN: Then.CONTINUE,
    Answerer.VOICEMAIL: Then.HANG_UP,
    Answerer.ASSISTANT: Then.CONTINUE,
    Answerer.ANNOUNCEMENT: Then.HANG_UP,
    Answerer.UNKNOWN: Then.CONTINUE,
}
"""What is done unless the settings say otherwise."""
