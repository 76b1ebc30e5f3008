"""Whose audio a call takes: learnt once (symmetric RTP, RFC 4961), and nobody else's from then on.

The address in the SDP is believed first. Where nothing comes from there but something from elsewhere (a caller behind
NAT), the same host at another port is tried, then anybody; the first who keeps sending is the one.
No I/O and no clock: ``line.media_guard`` does both.
"""

from __future__ import annotations

from telephony.line.source_filter import Address, Allowed

# A caller behind NAT loses this much of the first audio at each step, of which the library drops ten packets anyway.
STEP_S = 0.2
# So much must have been refused in that time before somebody else is believed: stray packets are none.
REFUSED = 5
PROOFS = 3


class SourceLock:
    """Decides who may send to one audio socket.

    Attributes:
        allowed: who may send as it is now; None: anybody.
        locked: that is final.
    """

    def __init__(self, told: Address) -> None:
        """Begin with the address that the SDP told."""
        self.allowed: Allowed | None = Allowed(*told)
        self.locked = False
        self._told = told
        self._since_s: float | None = None
        self._refused = 0
        self._received = 0
        self._seen: Address | None = None
        self._proofs = 0

    def feed(self, source: Address | None, received: int, refused: int, now_s: float) -> None:
        """Take in how things stand.

        Args:
            source: where the last packet that was let through came from; None: there was none.
            received: packets let through and taken for audio so far.
            refused: packets refused so far.
            now_s: monotonic seconds.
        """
        if self.locked:
            return
        if self._since_s is None:
            self._since_s, self._refused, self._received = now_s, refused, received
        grown = received > self._received
        self._received = received
        if source is not None and grown:
            self._prove(source)
        elif refused - self._refused >= REFUSED and now_s - self._since_s >= STEP_S:
            self._widen(now_s, refused)

    def _prove(self, source: Address) -> None:
        self._proofs = self._proofs + 1 if source == self._seen else 1
        self._seen = source
        if source == self._told or self._proofs >= PROOFS:
            self.allowed, self.locked = Allowed(*source), True

    def _widen(self, now_s: float, refused: int) -> None:
        if self.allowed is not None:
            self.allowed = Allowed(self._told[0]) if self.allowed.port else None
        self._since_s, self._refused = now_s, refused
