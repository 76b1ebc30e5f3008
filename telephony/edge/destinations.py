"""Which server of a domain a worker's request goes to, and which one stands in when that is silent (RFC 3263, 4.3).

All requests of a call go to one server. A call that is tried again after a failure names the call before it; it goes to
servers and peers that were not tried yet, and is refused when there are none: nobody is rung twice.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from telephony.edge.flow import Transport
from telephony.edge.services import Service, in_turn
from telephony.edge.table import FadingTable, call_key

log = logging.getLogger(__name__)

REMEMBER_CALLS = 10_000
REMEMBER_S = 3600.0
DOWN_S = 30.0


@dataclass(slots=True)
class Attempt:
    """Where a request went.

    Attributes:
        peer: name of the peer, "" for none.
        domain: whose records were looked up, "" for nobody's.
        wanted: the transport whose records count, None for any.
        service: the server, None where an address was known without records.
        number: CSeq of the request.
        heard: something came back.
        before: the attempt before this one.
    """

    peer: str
    domain: str
    wanted: Transport | None
    service: Service | None
    number: int
    heard: bool = False
    before: Attempt | None = None


class Destinations:
    """Chooses servers, and remembers what became of them.

    Args:
        clock: monotonic seconds.
        chance: for the weights of SRV records.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, chance: random.Random | None = None) -> None:
        self._clock = clock
        self._chance = chance or random.Random()
        self._attempts: FadingTable[Attempt] = FadingTable(REMEMBER_CALLS, REMEMBER_S, clock)
        self._down: dict[Service, float] = {}

    def attempt(self, call_id: str) -> Attempt | None:
        """Where a call's last request went."""
        return self._attempts.get(call_key(call_id, ""))

    def tried(self, call_id: str) -> tuple[set[str], set[Service]]:
        """Peers and servers that a call and those before it were sent to."""
        peers, services = set(), set()
        attempt = self.attempt(call_id)
        while attempt is not None:
            peers.add(attempt.peer)
            if attempt.service is not None:
                services.add(attempt.service)
            attempt = attempt.before
        return peers, services

    def heard(self, call_id: str) -> None:
        """A response came."""
        attempt = self.attempt(call_id)
        if attempt is not None:
            attempt.heard = True

    def server(
        self, call_id: str, number: int, domain: str, services: Collection[Service], again: str
    ) -> Service | None:
        """The server for a request that starts a call or a registration; None: go on without records.

        Args:
            call_id: of the request.
            number: its CSeq.
            domain: whose servers they are.
            services: those known.
            again: Call-ID of the attempt before this one, "" for none.
        """
        last = self.attempt(again) if again else None
        if last is not None and last.service is not None and not last.heard:
            self.failed(last.service)
        before = self.attempt(call_id)
        if before is not None and before.domain == domain and before.service is not None:
            if before.number == number:
                return before.service
            if before.heard and before.service in services and self.lives(before.service):
                return before.service
            if not before.heard:
                self.failed(before.service)
        return self._choose(services, self.tried(again)[1] if again else ())

    def note(self, call_id: str, attempt: Attempt, again: str) -> None:
        """A request leaves that starts a call or a registration. A repeated one changes nothing."""
        before = self.attempt(call_id)
        if before is not None and before.number == attempt.number:
            return
        attempt.before = self.attempt(again) if again else None
        self._attempts.put(call_key(call_id, ""), attempt)

    def lives(self, service: Service) -> bool:
        """Whether a server is not known to be silent."""
        return self._clock() >= self._down.get(service, 0.0)

    def failed(self, service: Service) -> None:
        """A server is silent, or cannot be reached: for a while it comes last."""
        if self.lives(service):
            log.warning("the SIP server %s:%d does not answer", service.host, service.port)
        self._down[service] = self._clock() + DOWN_S

    def worked(self, service: Service) -> None:
        """A server has answered."""
        self._down.pop(service, None)

    def best(self, services: Collection[Service]) -> Service | None:
        """The server to ask whether it lives."""
        return self._choose(services, ())

    def _choose(self, services: Collection[Service], avoid: Collection[Service]) -> Service | None:
        order = [one for one in in_turn(services, self._chance) if one not in avoid]
        return next((one for one in order if self.lives(one)), order[0] if order else None)
