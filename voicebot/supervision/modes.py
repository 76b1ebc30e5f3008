"""What a supervisor does in a call, and why that ended."""

from __future__ import annotations

import enum


class Mode(enum.Enum):
    """What a supervisor does in a call."""

    LISTEN = "listen"
    """Hears the caller and whom the caller talks to; nobody hears the supervisor."""
    WHISPER = "whisper"
    """As LISTEN, and the agent that the call was bridged to hears the supervisor. A bot has no ears for it."""
    TALK = "talk"
    """All hear each other; the bot is silent while the supervisor speaks."""
    TAKE_OVER = "take_over"
    """The supervisor and the caller talk to each other alone."""


class Then(enum.Enum):
    """What becomes of a call that a supervisor had taken over and has left."""

    BOT = "bot"
    """The bot goes on."""
    HANG_UP = "hang_up"
    """The bot says goodbye and hangs up."""


class Stage(enum.Enum):
    """Where a supervision is in its life."""

    RINGING = "ringing"
    UP = "up"
    OVER = "over"


class Cause(enum.Enum):
    """Why a supervision is over."""

    NONE = ""
    LEFT = "left"
    """The supervisor hung up, or pressed the key for it."""
    REMOVED = "removed"
    """Somebody ended it over the API."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    """The supervisor could not be rung, or refused."""
    MEDIA_TIMEOUT = "media_timeout"
    """Nothing came from the supervisor's telephone any more."""
    CALL_OVER = "call_over"


KEYS = {"1": Mode.LISTEN, "2": Mode.WHISPER, "3": Mode.TALK, "4": Mode.TAKE_OVER}
"""Keys of the supervisor's telephone, and the mode each one means."""
LEAVE_KEY = "9"
"""The key that ends the supervision."""
