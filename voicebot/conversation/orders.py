"""What a supervisor can want of a conversation; events of the core like all others."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.conversation.leg import TransferRequest


@dataclass(frozen=True, slots=True)
class SayNow:
    """The bot is to say this: in place of what it is saying, or after it."""

    text: str
    interrupt: bool = True


@dataclass(frozen=True, slots=True)
class EndCall:
    """The call is to end, after these words if the bot has the word."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The caller is to be put through."""

    request: TransferRequest


@dataclass(frozen=True, slots=True)
class Hint:
    """The brain is to know this for its next answer."""

    text: str


@dataclass(frozen=True, slots=True)
class TalkedOver:
    """A supervisor whom the caller hears begins to speak, or has ended: the bot's audio stands still meanwhile."""

    on: bool


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A supervisor talks to the caller in the bot's place, or no longer.

    Attributes:
        on: whether somebody does.
        hang_up: once nobody does, the bot says goodbye instead of going on.
    """

    on: bool
    hang_up: bool = False


Order = SayNow | EndCall | HandOver | Hint | TalkedOver | TakenOver
