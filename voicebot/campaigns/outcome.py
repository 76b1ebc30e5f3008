"""How a call ended that the bot made, in one word: what retries and reports go by."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Outcome(enum.Enum):
    """How it ended."""

    ANSWERED = "answered"
    """A person, or nobody could tell that it was none."""
    VOICEMAIL = "voicemail"
    ASSISTANT = "assistant"
    """A phone's own assistant took the call."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    """The person called declined."""
    UNREACHABLE = "unreachable"
    """Switched off, out of coverage, or the network says so."""
    INVALID = "invalid"
    """There is no such number, or it is out of service."""
    FAILED = "failed"
    """The PBX, the trunk or the network could not carry the call."""
    CANCELLED = "cancelled"
    """We took it back, because the service was stopped."""
    UNKNOWN = "unknown"
    """The process that held the call died; the call may have been made."""
    BLOCKED = "blocked"
    """Not dialled: the number is on the blacklist."""
    EXPIRED = "expired"
    """Not dialled: its time was over before there was a free line."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What the line says of a call that is over.

    Attributes:
        answered: somebody, or something, took it.
        status: last SIP status of the call; 0: there was none.
        reason: the words beside it.
        cause: ``HangupCause`` of the line, "" if unknown.
        answered_by: who took it, by ``Answerer``; "" if nobody looked.
        announcement: what the network said in place of an answer, by the classifier's name for it; "" for nothing.
        lost: the process that held it died.
    """

    answered: bool = False
    status: int = 0
    reason: str = ""
    cause: str = ""
    answered_by: str = ""
    announcement: str = ""
    lost: bool = False


# RFC 3261 section 21, RFC 8197 (607, 608). 480 is what PBXs say of somebody who does not pick up, and of a phone that
# is not registered; 487 follows our own CANCEL when the ringing took too long.
_BY_STATUS = {
    404: Outcome.INVALID,
    408: Outcome.NO_ANSWER,
    410: Outcome.INVALID,
    480: Outcome.NO_ANSWER,
    484: Outcome.INVALID,
    486: Outcome.BUSY,
    487: Outcome.NO_ANSWER,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    604: Outcome.INVALID,
    607: Outcome.REJECTED,
    608: Outcome.REJECTED,
}
_BY_ANSWERER = {
    "voicemail": Outcome.VOICEMAIL,
    "assistant": Outcome.ASSISTANT,
    "announcement": Outcome.UNREACHABLE,
}


def outcome_of(result: CallResult) -> Outcome:
    """Return how a call ended. What the network said wins over its status, which often is the same for everything."""
    if result.lost:
        return Outcome.UNKNOWN
    if result.announcement:
        return outcome_of_announcement(result.announcement)
    if result.answered:
        return _BY_ANSWERER.get(result.answered_by, Outcome.ANSWERED)
    if result.cause == "shutdown":
        return Outcome.CANCELLED
    return _BY_STATUS.get(result.status, Outcome.FAILED)


def outcome_of_announcement(name: str) -> Outcome:
    """Return the outcome for what a network announcement was taken for; a name that is no outcome's: unreachable."""
    try:
        return Outcome(name)
    except ValueError:
        return Outcome.UNREACHABLE
