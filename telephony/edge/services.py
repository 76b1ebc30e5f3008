"""Where the SIP servers of a domain are (RFC 3263): NAPTR and SRV records, then addresses, kept as long as they say."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from telephony.edge.flow import Transport
from telephony.edge.resolver import Resolver, is_numeric
from voicebot.errors import TelephonyError

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
SHORTEST_S, LONGEST_S = 5.0, 3600.0
# Most domains have no such records, and networks without a name server need not be asked for each call.
NOTHING_FOR_S = 60.0
MAX_DOMAINS = 256

# RFC 3263 section 4.1, RFC 7118 left out; by the order in which they are tried without NAPTR records.
_LABELS: dict[Transport, str] = {"UDP": "_sip._udp", "TCP": "_sip._tcp", "TLS": "_sips._tcp"}
_NAPTR: dict[str, Transport] = {"SIP+D2U": "UDP", "SIP+D2T": "TCP", "SIPS+D2T": "TLS"}


@dataclass(frozen=True, slots=True)
class Service:
    """One server of a domain.

    Attributes:
        transport: how it is reached.
        host: its address.
        port: its port.
        priority: the lowest that works is used.
        weight: share of the calls among those of one priority (RFC 2782).
    """

    transport: Transport
    host: str
    port: int
    priority: int = 0
    weight: int = 0


Key = tuple[str, "Transport | None"]


class Services:
    """Looks up the servers of domains.

    Args:
        resolver: for addresses.
        servers: name servers, "address" or "address:port"; none: those of the system.
        clock: monotonic seconds.
    """

    def __init__(
        self, resolver: Resolver, servers: Sequence[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._dns = _resolver(servers)
        self._own_servers = bool(servers)
        self._clock = clock
        self._known: OrderedDict[Key, tuple[tuple[Service, ...], float]] = OrderedDict()
        self._running: dict[Key, asyncio.Task[tuple[Service, ...]]] = {}

    def known(self, domain: str, transport: Transport | None) -> tuple[Service, ...] | None:
        """The servers as far as they are known; None: nobody has looked yet. What is old is looked up anew meanwhile.

        Args:
            domain: name of the domain.
            transport: the only one to use, None for any.
        """
        entry = self._known.get((domain, transport))
        if entry is None:
            return None
        if self._clock() >= entry[1]:
            self._start((domain, transport))
        return entry[0]

    async def look_up(self, domain: str, transport: Transport | None) -> tuple[Service, ...]:
        """The servers of a domain, none if it has no such records. Never fails: who asks goes on without."""
        known = self.known(domain, transport)
        if known is not None:
            return known
        # Shielded: others wait for the same answer.
        return await asyncio.shield(self._start((domain, transport)))

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The sockets of the last questions are closed in the next round of the loop.
        await asyncio.sleep(0)

    def _start(self, key: Key) -> asyncio.Task[tuple[Service, ...]]:
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._keep(key), name=f"sip-services-{key[0]}")
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return task

    async def _keep(self, key: Key) -> tuple[Service, ...]:
        before = self._known.get(key)
        try:
            found, keep_s = await self._find(*key)
        except _NoAnswerError as error:
            log.info("%s: its SIP servers could not be looked up (%s)", key[0], error)
            found, keep_s = before[0] if before else (), NOTHING_FOR_S
        if before is not None and set(before[0]) != set(found):
            log.info("%s has %d SIP servers by its records now", key[0], len(found))
        self._known[key] = (found, self._clock() + keep_s)
        self._known.move_to_end(key)
        if len(self._known) > MAX_DOMAINS:
            self._known.popitem(last=False)
        return found

    async def _find(self, domain: str, transport: Transport | None) -> tuple[tuple[Service, ...], float]:
        keep_s = NOTHING_FOR_S
        names: list[tuple[Transport, str]] = []
        if transport is None:
            names, keep_s = await self._naptr(domain)
        if not names:
            wanted: Iterable[Transport] = ("UDP", "TCP") if transport is None else (transport,)
            names = [(one, f"{_LABELS[one]}.{domain}") for one in wanted]
        answers = await _together([self._srv(one, name) for one, name in names])
        for number, (services, ttl_s) in enumerate(answers):
            if services:
                # The first transport that has servers is used alone: another one is no stand-in for it (section 4.1).
                log.debug("%s: %d SIP servers by %s", domain, len(services), names[number][1])
                return services, max(SHORTEST_S, min(keep_s if transport is None else LONGEST_S, ttl_s, LONGEST_S))
        return (), NOTHING_FOR_S

    async def _naptr(self, domain: str) -> tuple[list[tuple[Transport, str]], float]:
        records, ttl_s = await self._ask(domain, dns.rdatatype.NAPTR)
        usable = [
            (record.order, record.preference, _NAPTR[service], record.replacement.to_text(omit_final_dot=True))
            for record in records
            if (service := record.service.decode("ascii", "replace").upper()) in _NAPTR
            and record.flags.lower() == b"s"
            and service != "SIPS+D2T"
        ]
        return [(transport, name) for _, _, transport, name in sorted(usable)], ttl_s if usable else LONGEST_S

    async def _srv(self, transport: Transport, name: str) -> tuple[tuple[Service, ...], float]:
        records, ttl_s = await self._ask(name, dns.rdatatype.SRV)
        # A target "." says that there is no such service (RFC 2782).
        there = [record for record in records if record.target.to_text() != "."]
        hosts = await _together([self._addresses(record.target.to_text(omit_final_dot=True)) for record in there])
        services = [
            Service(transport, address, record.port, record.priority, record.weight)
            for record, (addresses, _) in zip(there, hosts, strict=True)
            for address in addresses
        ]
        return tuple(services), min([ttl_s, *(keep_s for _, keep_s in hosts)])

    async def _addresses(self, host: str) -> tuple[list[str], float]:
        if is_numeric(host):
            return [host], LONGEST_S
        if self._own_servers:
            kind = dns.rdatatype.AAAA if self._resolver.ipv6 else dns.rdatatype.A
            records, ttl_s = await self._ask(host, kind)
            if not records and self._resolver.ipv6:
                records, ttl_s = await self._ask(host, dns.rdatatype.A)
            return [record.address for record in records], ttl_s
        try:
            return [await self._resolver.resolve(host)], LONGEST_S
        except TelephonyError:
            return [], SHORTEST_S

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> tuple[list[Any], float]:
        """The records of a kind, and how long they are good for.

        Raises:
            _NoAnswerError: no name server answers.
        """
        if self._dns is None:
            raise _NoAnswerError("no name server is set up")
        try:
            answer = await self._dns.resolve(name, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return [], NOTHING_FOR_S
        except (dns.exception.DNSException, asyncio.TimeoutError, OSError, UnicodeError) as error:
            raise _NoAnswerError(type(error).__name__) from error
        if answer.rrset is None:
            return [], NOTHING_FOR_S
        return list(answer.rrset), float(answer.rrset.ttl)


def in_turn(services: Iterable[Service], chance: random.Random) -> list[Service]:
    """Services in the order in which one call tries them: by priority, within one by chance and weight (RFC 2782)."""
    ordered: list[Service] = []
    left = sorted(services, key=lambda one: one.priority)
    while left:
        group = [one for one in left if one.priority == left[0].priority]
        # Those of weight 0 have a small chance beside others.
        (picked,) = chance.choices(group, [one.weight or 0.1 for one in group])
        ordered.append(picked)
        left.remove(picked)
    return ordered


class _NoAnswerError(Exception):
    """No name server has answered."""


async def _together(tasks: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    return list(await asyncio.gather(*tasks))


def _resolver(servers: Sequence[str]) -> dns.asyncresolver.Resolver | None:
    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
    except dns.exception.DNSException as error:
        log.info("SRV records are not looked up: %s", error)
        return None
    resolver.lifetime = PATIENCE_S
    if servers:
        resolver.nameservers = [_server(server) for server in servers]
    return resolver


def _server(text: str) -> dns.nameserver.Nameserver:
    if is_numeric(text):
        return dns.nameserver.Do53Nameserver(text)
    host, _, port = text.rpartition(":")
    return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
