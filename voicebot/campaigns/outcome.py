"""How a call ended that the bot made, in one word: what retries and reports go by.

The words for what the network or the far side did are those of ``telephony.announcements.outcome``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Outcome(enum.Enum):
    """How it ended."""

    ANSWERED = "answered"
    """A person, or nobody could tell that it was none."""
    VOICEMAIL = "voicemail"
    MESSAGE_LEFT = "message_left"
    """A voicemail has our message."""
    ASSISTANT = "assistant"
    """A phone's own assistant took the call."""
    MACHINE = "machine"
    """Another machine: an announcement, a queue."""
    SILENT = "silent"
    """Answered, and nothing was heard."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    """The person called declined."""
    UNREACHABLE = "unreachable"
    """Switched off or out of reach: likely to change."""
    WRONG_NUMBER = "wrong_number"
    """Not in use."""
    SUSPENDED = "suspended"
    """In use, but cut off for now."""
    BARRED = "barred"
    """The called side takes no calls from us."""
    NETWORK_BUSY = "network_busy"
    """No line was free on the way."""
    FAILED = "failed"
    """The PBX, the trunk or the network could not carry the call, or our own line may not dial it."""
    CANCELLED = "cancelled"
    """We took it back, because the service was stopped."""
    UNKNOWN = "unknown"
    """The process that held the call died; the call may have been made."""
    BLOCKED = "blocked"
    """Not dialled: the number is on the blacklist."""
    EXPIRED = "expired"
    """Not dialled: its time was over before there was a free line."""


FAILURES = frozenset({Outcome.FAILED, Outcome.NETWORK_BUSY})
"""Ends that say something about the way there, and nothing about the number."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What the line says of a call that is over.

    Attributes:
        answered: somebody, or something, took it.
        status: last SIP status of the call; 0: there was none.
        reason: the words beside it.
        cause: ``HangupCause`` of the line, "" if unknown.
        answered_by: who took it, by ``Answerer``; "" if nobody looked.
        announcement: what was heard in place of a person, by the name of its ``Category``; "" if nobody looked.
        lost: the process that held it died.
        q850: cause of ITU-T Q.850 that the far side told; 0: none.
    """

    answered: bool = False
    status: int = 0
    reason: str = ""
    cause: str = ""
    answered_by: str = ""
    announcement: str = ""
    lost: bool = False
    q850: int = 0
