"""How a call sounded, as a number: the E-model (ITU-T G.107) with what RTP and RTCP tell.

R = R0 - Id - Ie,eff. R0 is 93.2, what G.107's defaults leave of everything but delay and packets. Id is the
approximation of Cole and Rosenbluth ("Voice over IP performance monitoring", 2001). Ie,eff is G.107 section 7.5 for
random losses; Ie and Bpl are those of G.711 with packet loss concealment (G.113 appendix I), which the SIP library has.
A wideband call is rated on the same scale, as if it were G.711: an estimate, good enough to find bad lines with. The
wideband model (G.107.1) would want a packet-loss robustness for the concealment of this library's G.722 and Opus, and
nobody has published one.
"""

from __future__ import annotations

from dataclasses import dataclass

_R0 = 93.2
_IE_G711 = 0.0
_BPL_G711_PLC = 25.1
_PACKET_MS = 20.0


@dataclass(frozen=True, slots=True)
class Quality:
    """What was heard here.

    Attributes:
        loss_percent: packets that never came, or too late to be played.
        delay_ms: one way, from mouth to ear; half of the round trip, the jitter buffer and a packet.
        r_factor: 0 to 93.2.
        mos: mean opinion score, 1 to 4.4.
    """

    loss_percent: float
    delay_ms: float
    r_factor: float
    mos: float


def judge(received: int, lost: int, discarded: int, round_trip_ms: float, buffer_ms: float) -> Quality | None:
    """Rate what was received; None if nothing was."""
    expected = received + lost
    if received <= 0 or expected <= 0:
        return None
    loss_percent = min(100.0, 100.0 * (lost + min(discarded, received)) / expected)
    delay_ms = round_trip_ms / 2 + buffer_ms + _PACKET_MS
    delayed = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0.0)
    spoiled = _IE_G711 + (95.0 - _IE_G711) * loss_percent / (loss_percent + _BPL_G711_PLC)
    r_factor = max(0.0, _R0 - delayed - spoiled)
    return Quality(round(loss_percent, 2), round(delay_ms, 1), round(r_factor, 1), round(mos(r_factor), 2))


def mos(r_factor: float) -> float:
    """Return the mean opinion score of an R factor (G.107 annex B)."""
    if r_factor <= 0:
        return 1.0
    if r_factor >= 100:
        return 4.5
    score = 1 + 0.035 * r_factor + r_factor * (r_factor - 60) * (100 - r_factor) * 7e-6
    return max(1.0, score)
