"""The call detail record: one flat account of a call that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from voicebot.conversation.leg import HangupCause
from voicebot.conversation.record import CallRecord
from voicebot.events.quality import judge

_SIDES: Mapping[HangupCause, str] = {
    HangupCause.CALLER: "caller",
    HangupCause.CANCELLED: "caller",
    HangupCause.BOT: "bot",
    HangupCause.TRANSFERRED: "transfer",
    HangupCause.MEDIA_TIMEOUT: "line",
    HangupCause.SHUTDOWN: "line",
    HangupCause.FAILED: "line",
    HangupCause.SUPERVISOR: "supervisor",
}
"""Who ended a call; of a call that we made, "caller" is the person who was called. What rang in vain we gave up."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a call that we made turned out to be.

    Attributes:
        category: by the name of its ``Category``; "" if nothing tells.
        q850: its cause of ITU-T Q.850; 0 if there is none.
    """

    category: str = ""
    q850: int = 0


_INCOMING = Judged()


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What the line knows of the other side of a call.

    Attributes:
        q850: cause that its Reason header told; 0: none.
        reason_text: the words of that header.
        sip_call_id: Call-ID of the last INVITE, if it is not that of the record.
        attempts: INVITEs that were sent.
    """

    q850: int = 0
    reason_text: str = ""
    sip_call_id: str = ""
    attempts: int = 1


NOTHING_TOLD = FarEnd()


def cdr(
    record: CallRecord,
    judged: Judged = _INCOMING,
    far: FarEnd = NOTHING_TOLD,
    *,
    outgoing: bool,
    answered: bool,
    status: int,
    reason: str,
) -> dict[str, Any]:
    """Return the call detail record.

    Args:
        record: what is known of the conversation; complete.
        judged: what a call that we made turned out to be.
        outgoing: we have made the call.
        answered: it was up.
        status: last SIP status.
        reason: the words beside it.
    """
    audio = record.audio
    figures = {name: _number(audio.get(name, 0)) for name in ("received", "lost", "discarded")}
    quality = judge(
        int(figures["received"]),
        int(figures["lost"]),
        int(figures["discarded"]),
        _number(audio.get("round_trip_ms", 0)),
        _number(audio.get("buffer_ms", 0)),
    )
    cause = record.cause or HangupCause.FAILED
    return {
        "callId": record.info.call_id,
        "direction": "outgoing" if outgoing else "incoming",
        "line": record.line,
        "caller": record.info.caller,
        "called": record.info.called,
        "startedAt": record.started_at,
        "endedAt": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "answered": answered,
        "talkMs": round(record.duration_ms) if answered else 0,
        "hangupSide": "line" if outgoing and cause is HangupCause.CANCELLED else _SIDES[cause],
        "hangupCause": cause.value,
        "sipStatus": status,
        "sipReason": reason,
        "toldCause": far.q850 or None,
        "toldReason": far.reason_text,
        "sipCallId": far.sip_call_id or record.info.call_id,
        "attempts": far.attempts,
        "category": judged.category,
        "q850": judged.q850 or None,
        "answeredBy": record.answered_by,
        "transfer": record.transfer,
        "supervisedBy": sorted({done["by"] for done in record.supervision}),
        "turns": len(record.turns),
        "codec": audio.get("codec", ""),
        "packetsIn": int(figures["received"]),
        "packetsOut": int(_number(audio.get("sent", 0))),
        "packetsLost": int(figures["lost"]),
        "packetsLate": int(figures["discarded"]),
        "packetsForeign": int(_number(audio.get("foreign", 0))),
        "packetsLostThere": int(_number(audio.get("remote_lost", 0))),
        "jitterMs": round(_number(audio.get("jitter_ms", 0)), 1),
        "roundTripMs": round(_number(audio.get("round_trip_ms", 0)), 1),
        "lossPercent": quality.loss_percent if quality else None,
        "rFactor": quality.r_factor if quality else None,
        "mos": quality.mos if quality else None,
    }


def _number(value: float | int | str) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
