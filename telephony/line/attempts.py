"""Whether a call out that failed is tried again at the next peer. No I/O and no clock.

Only what says that the peer itself cannot carry the call: 503, or nothing at all. Who is busy, does not exist, declines
or has been rung stays so at any peer; the Q.850 cause beside a 503 counts, since PBXs say 503 for all kinds of things.
"""

from __future__ import annotations

from collections.abc import Collection

from telephony.line.config import FailoverConfig
from telephony.sip import parse_uri
from telephony.sip.again import NO_OTHER
from voicebot.errors import SipMessageError

UNAVAILABLE = 503
TIMED_OUT = 408
# ITU-T Q.850: causes that speak of the called party, or of nothing wrong.
_OF_THE_CALLED = frozenset({1, 16, 17, 18, 19, 20, 21, 22, 26, 27, 28, 29, 31, 55, 57, 87, 88})


class Attempts:
    """The INVITEs of one call.

    Args:
        config: limits.
        now_s: monotonic seconds at the first INVITE.

    Attributes:
        count: INVITEs sent so far.
    """

    def __init__(self, config: FailoverConfig, now_s: float) -> None:
        self.count = 0
        self._config = config
        self._start_s = now_s

    def again(self, status: int, q850: int, *, heard: bool, rang: bool, now_s: float) -> bool:
        """Whether the next peer is tried.

        Args:
            status: how the last attempt ended.
            q850: cause told with it, 0 for none.
            heard: anything at all came back.
            rang: somebody was rung.
            now_s: monotonic seconds.
        """
        if rang or self.count >= self._config.attempts or now_s - self._start_s >= self._config.total_s:
            return False
        if status == UNAVAILABLE:
            return q850 not in _OF_THE_CALLED
        return status == TIMED_OUT and not heard


def nobody_left(status: int, reason: str) -> bool:
    """Whether the edge itself says that all peers were tried."""
    return status == UNAVAILABLE and reason == NO_OTHER


def may_have_others(target: str, hosts: Collection[str]) -> bool:
    """Whether silence need not be the last word on a call to a SIP URI.

    Args:
        target: the URI.
        hosts: domains that several peers serve.
    """
    try:
        uri = parse_uri(target.strip("<>"))
    except SipMessageError:
        return False
    if uri.host in hosts:
        return True
    # A name without a port may have several servers (RFC 3263); the last label of an address is a number.
    return uri.port is None and "." in uri.host and not uri.host.rpartition(".")[2].isdigit()
