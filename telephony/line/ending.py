"""How a call ended, and what the far side is told of why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telephony.line.library_call import NORMAL_CLEARING, StreamStats
from telephony.sip.reason import Q850, Reason, q850_cause
from voicebot.conversation.leg import HangupCause

BUSY_HERE = 486
UNAVAILABLE = 480
SHUTTING_DOWN = 503
CANCELLED = 487
FAILURE = 400

_REFUSALS = {HangupCause.SHUTDOWN: SHUTTING_DOWN, HangupCause.BOT: UNAVAILABLE}

# ITU-T Q.850: 16 normal call clearing, 19 no answer from user, 41 temporary failure.
_TOLD: Mapping[HangupCause, Reason] = {
    HangupCause.BOT: NORMAL_CLEARING,
    HangupCause.TRANSFERRED: Reason(Q850, 16, "Transferred"),
    HangupCause.CANCELLED: Reason(Q850, 19, "No answer"),
    HangupCause.MEDIA_TIMEOUT: Reason(Q850, 41, "No audio received"),
    HangupCause.SHUTDOWN: Reason(Q850, 41, "Service stops"),
}


def refusal_of(cause: HangupCause) -> int:
    """Return the SIP status by which a call that rings here is refused."""
    return _REFUSALS.get(cause, UNAVAILABLE)


def reason_of(cause: HangupCause, q850: int = 0) -> Reason:
    """Return what BYE and CANCEL say of a call that we end.

    Args:
        cause: who ends it.
        q850: cause of ITU-T Q.850 for an end that the bot chose, if another one than usual is wanted.
    """
    if q850 and cause is HangupCause.BOT:
        return Reason(Q850, q850)
    return _TOLD.get(cause, Reason(Q850, 41, "Temporary failure"))


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended.

    Attributes:
        cause: who ended it.
        status: last SIP status.
        reason: the words beside it.
        stats: figures of RTP.
        far_reasons: what the far side's Reason headers said (RFC 3326).
        sip_call_id: Call-ID of the last INVITE; another one than the call's name if it was tried at several peers.
        attempts: INVITEs that were sent.
    """

    cause: HangupCause
    status: int
    reason: str
    stats: StreamStats
    far_reasons: tuple[Reason, ...] = ()
    sip_call_id: str = ""
    attempts: int = 1

    @property
    def q850(self) -> int:
        """The Q.850 cause that the far side told; 0: none."""
        return q850_cause(self.far_reasons)

    @property
    def far_text(self) -> str:
        """The words of the far side's Reason headers."""
        return "; ".join(reason.text for reason in self.far_reasons if reason.text)
