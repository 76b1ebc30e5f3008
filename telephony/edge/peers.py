"""PBXs and trunks that calls go out to: which of them lives, and which gets the next call. No I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from telephony.edge.flow import Transport
from telephony.edge.table import FadingTable, call_key
from telephony.sip import SipUri

# A peer that answers nothing twice in a row is taken for dead; one answer brings it back.
FAILURES = 2
# A peer that refused a call and is not asked by OPTIONS is tried again after this.
RETRY_S = 30.0
UNAVAILABLE = 503
REMEMBER_CALLS = 10_000
REMEMBER_S = 3600.0


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """A PBX or trunk.

    Attributes:
        name: how it is called in logs.
        host: its address or name.
        port: its port.
        transport: how it is reached.
        domain: calls to this host of a SIP URI go to the peer; several peers with one domain stand in for each
            other. The URI itself is not changed.
        priority: the lowest of those that live gets the calls.
        options_s: how often it is asked whether it lives; 0: never.
        looked_up: its servers are found by SRV records, and the port stands only for a domain that has none.
        any_transport: by whatever transport the records say.
    """

    name: str
    host: str
    port: int
    transport: Transport = "UDP"
    domain: str = ""
    priority: int = 1
    options_s: float = 30.0
    looked_up: bool = False
    any_transport: bool = False

    @property
    def wanted(self) -> Transport | None:
        """The transport whose records count, None for any."""
        return None if self.any_transport else self.transport


class Peer:
    """One peer and what is known of it."""

    def __init__(self, config: PeerConfig) -> None:
        self.config = config
        self.failures = 0
        self.down_until_s = 0.0
        self.turn = 0

    def lives(self, now_s: float) -> bool:
        """Whether calls may be sent to it."""
        return self.failures < FAILURES and now_s >= self.down_until_s


class Peers:
    """Chooses peers.

    Args:
        configs: the peers.
        clock: monotonic seconds.
    """

    def __init__(self, configs: Iterable[PeerConfig], clock: Callable[[], float] = time.monotonic) -> None:
        self.all: Sequence[Peer] = [Peer(config) for config in configs]
        self._clock = clock
        self._chosen: FadingTable[int] = FadingTable(REMEMBER_CALLS, REMEMBER_S, clock)
        self._turns = 0

    def serving(self, target: SipUri) -> list[Peer]:
        """All peers that calls to a target may go to."""
        return [peer for peer in self.all if _serves(peer.config, target)]

    def choose(
        self,
        target: SipUri,
        call_id: str,
        from_tag: str,
        starts: bool,
        sticks: bool = True,
        avoid: Collection[str] = (),
    ) -> Peer | None:
        """The peer for a worker's request; None: the request goes where its URI says.

        All requests of a transaction, and the call's retry with credentials, go to the same one.

        Args:
            target: where the request is addressed.
            call_id: of the request.
            from_tag: of the request.
            starts: the request starts a call or a transaction, and is none of a dialog.
            sticks: it belongs to a call, which cannot change its peer; a registration can.
            avoid: names of peers that it must not go to.
        """
        candidates = [peer for peer in self.serving(target) if peer.config.name not in avoid]
        if not candidates:
            return None
        key = call_key(call_id, from_tag)
        known = self._chosen.get(key)
        now_s = self._clock()
        if known is not None and self.all[known] in candidates and (sticks or self.all[known].lives(now_s)):
            return self.all[known]
        if not starts:
            return None
        living = [peer for peer in candidates if peer.lives(now_s)] or candidates
        peer = min(living, key=lambda one: (one.config.priority, one.turn))
        self._turns += 1
        peer.turn = self._turns
        self._chosen.put(key, self.all.index(peer))
        return peer

    def chosen(self, call_id: str, from_tag: str) -> Peer | None:
        """The peer that a call was sent to."""
        known = self._chosen.get(call_key(call_id, from_tag))
        return None if known is None else self.all[known]

    def answered(self, peer: Peer, status: int) -> bool:
        """Take in the answer to an OPTIONS or REGISTER; returns whether the peer has come back or gone by it."""
        if status == UNAVAILABLE:
            return self.failed(peer, at_once=True)
        was = peer.lives(self._clock())
        peer.failures, peer.down_until_s = 0, 0.0
        return not was

    def failed(self, peer: Peer, at_once: bool = False) -> bool:
        """Note that a peer did not answer; returns whether it is taken for dead by it."""
        was = peer.lives(self._clock())
        peer.failures = FAILURES if at_once else min(peer.failures + 1, FAILURES)
        if not peer.config.options_s and peer.failures >= FAILURES:
            peer.failures, peer.down_until_s = 0, self._clock() + RETRY_S
        return was and not peer.lives(self._clock())


def _serves(config: PeerConfig, target: SipUri) -> bool:
    if target.host != (config.domain or config.host):
        return False
    return target.port is None or (target.port == config.port and target.host == config.host)
