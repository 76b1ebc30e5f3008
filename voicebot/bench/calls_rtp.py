"""RTP as the phones of the calls bench send and receive it (RFC 3550), and what they notice of lateness and loss."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FRAME_MS = 20
LATE_MS = 10.0
"""A packet this much later than it should follow the one before is late; the line counts its own frames alike."""
GAP_MS = 40.0
"""A pause of this length between two packets: a phone with a short jitter buffer has run out of audio."""
_HEADER = struct.Struct("!BBHII")
HEADER_BYTES = _HEADER.size
PCMA = 8
_VERSION = 2 << 6
_SEQUENCES = 1 << 16
_RECENT = _SEQUENCES // 2


def packet(sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """Return a PCMA packet."""
    return _HEADER.pack(_VERSION, PCMA, sequence % _SEQUENCES, timestamp % (1 << 32), ssrc) + payload


@dataclass(slots=True)
class Heard:
    """What a phone received.

    Attributes:
        calls: streams of packets.
        packets: received ones.
        lost: missing by their sequence numbers.
        late: later than ``LATE_MS`` after the one before, its due 20 ms apart.
        gaps: pauses of more than ``GAP_MS``, lost packets apart.
        max_gap_ms: the longest.
    """

    calls: int = 0
    packets: int = 0
    lost: int = 0
    late: int = 0
    gaps: int = 0
    max_gap_ms: float = 0.0

    def add(self, other: Heard) -> None:
        """Add what another phone received."""
        self.calls += other.calls
        self.packets += other.packets
        self.lost += other.lost
        self.late += other.late
        self.gaps += other.gaps
        self.max_gap_ms = max(self.max_gap_ms, other.max_gap_ms)


class Arrivals:
    """Counts the packets that come to one port, call after call."""

    def __init__(self) -> None:
        self.heard = Heard()
        self._ssrc = -1
        self._sequence = 0
        self._last_ns = 0

    def feed(self, data: bytes, at_ns: int) -> None:
        """Take a packet that came at a time. What is no RTP, or came before its turn, is left out."""
        if len(data) < HEADER_BYTES:
            return
        flags, _, sequence, _, ssrc = _HEADER.unpack_from(data)
        if flags >> 6 != _VERSION >> 6:
            return
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self.heard.calls += 1
        elif not self._follow((sequence - self._sequence) % _SEQUENCES, at_ns):
            return
        self.heard.packets += 1
        self._sequence, self._last_ns = sequence, at_ns

    def _follow(self, steps: int, at_ns: int) -> bool:
        """Note how a packet follows the last one; False if it is older than that, or the same."""
        heard = self.heard
        if steps == 0 or steps >= _RECENT:
            return False
        heard.lost += steps - 1
        gap_ms = (at_ns - self._last_ns) / 1e6 - (steps - 1) * FRAME_MS
        heard.late += gap_ms > FRAME_MS + LATE_MS
        heard.gaps += gap_ms > GAP_MS
        heard.max_gap_ms = max(heard.max_gap_ms, gap_ms)
        return True
