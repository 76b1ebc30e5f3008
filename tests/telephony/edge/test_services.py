"""NAPTR and SRV records, asked of a real name server on loopback."""

from __future__ import annotations

import contextlib
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from telephony.edge.resolver import Resolver
from telephony.edge.services import LONGEST_S, NOTHING_FOR_S, Service, Services, in_turn
from tests.support.dns_server import NameServer, name_server


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@contextlib.asynccontextmanager
async def looking(clock: Clock | None = None) -> AsyncIterator[tuple[NameServer, Services]]:
    async with name_server() as server:
        services = Services(Resolver(socket.AF_INET), [server.place], clock or Clock())
        yield server, services
        await services.close()


async def test_servers_of_a_domain_by_srv() -> None:
    async with looking() as (server, services):
        server.has(
            "_sip._udp.pbx.test", "SRV", "10 60 5060 a.pbx.test.", "10 40 5062 b.pbx.test.", "20 0 5064 c.pbx.test."
        )
        server.has("a.pbx.test", "A", "192.0.2.1")
        server.has("b.pbx.test", "A", "192.0.2.2", "192.0.2.3")
        server.has("c.pbx.test", "A", "192.0.2.4")
        assert services.known("pbx.test", None) is None
        assert set(await services.look_up("pbx.test", None)) == {
            Service("UDP", "192.0.2.1", 5060, 10, 60),
            Service("UDP", "192.0.2.2", 5062, 10, 40),
            Service("UDP", "192.0.2.3", 5062, 10, 40),
            Service("UDP", "192.0.2.4", 5064, 20, 0),
        }
        assert len(services.known("pbx.test", None) or ()) == 4
        assert server.asked[("_sip._udp.pbx.test", "SRV")] == 1


async def test_naptr_names_the_transport() -> None:
    async with looking() as (server, services):
        server.has(
            "pbx.test", "NAPTR",
            '20 10 "s" "SIP+D2U" "" _sip._udp.pbx.test.', '10 10 "s" "SIP+D2T" "" somewhere.pbx.test.',
            '5 10 "u" "E2U+sip" "!^.*$!sip:info@pbx.test!" .', '1 1 "s" "SIP+D2S" "" _sip._sctp.pbx.test.',
        )  # fmt: skip
        server.has("_sip._udp.pbx.test", "SRV", "1 1 5060 a.pbx.test.")
        server.has("somewhere.pbx.test", "SRV", "1 1 5070 a.pbx.test.")
        server.has("a.pbx.test", "A", "192.0.2.1")
        assert await services.look_up("pbx.test", None) == (Service("TCP", "192.0.2.1", 5070, 1, 1),)


@pytest.mark.parametrize(("transport", "name"), [("UDP", "_sip._udp"), ("TCP", "_sip._tcp"), ("TLS", "_sips._tcp")])
async def test_a_transport_that_was_said_asks_for_its_own_records_alone(transport: str, name: str) -> None:
    async with looking() as (server, services):
        server.has(f"{name}.pbx.test", "SRV", "1 1 5070 a.pbx.test.")
        server.has("a.pbx.test", "A", "192.0.2.1")
        wanted = await services.look_up("pbx.test", transport)  # type: ignore[arg-type]
        assert [(one.transport, one.port) for one in wanted] == [(transport, 5070)]
        assert {kind for _, kind in server.asked} == {"SRV", "A"}


async def test_tcp_where_there_is_no_udp() -> None:
    async with looking() as (server, services):
        server.has("_sip._udp.pbx.test", "SRV", "0 0 0 .")
        server.has("_sip._tcp.pbx.test", "SRV", "1 1 5070 192-0-2-1.pbx.test.")
        server.has("192-0-2-1.pbx.test", "A", "192.0.2.1")
        assert [one.transport for one in await services.look_up("pbx.test", None)] == ["TCP"]


async def test_a_domain_without_records_is_asked_once_a_minute() -> None:
    clock = Clock()
    async with looking(clock) as (server, services):
        for _ in range(3):
            assert await services.look_up("plain.test", None) == ()
        asked = sum(server.asked.values())
        clock.now_s += NOTHING_FOR_S
        assert services.known("plain.test", None) == ()
        await services.look_up("plain.test", "TCP")
        assert sum(server.asked.values()) > asked


async def test_records_are_kept_as_long_as_they_say_and_used_while_they_are_asked_for_anew() -> None:
    clock = Clock()
    async with looking(clock) as (server, services):
        server.has("_sip._tcp.pbx.test", "SRV", "1 1 5060 a.pbx.test.", ttl_s=120)
        server.has("a.pbx.test", "A", "192.0.2.1", ttl_s=60)
        (old,) = await services.look_up("pbx.test", "TCP")
        server.has("a.pbx.test", "A", "192.0.2.9")
        clock.now_s += 59
        assert services.known("pbx.test", "TCP") == (old,)
        assert server.asked[("a.pbx.test", "A")] == 1
        clock.now_s += 1
        assert services.known("pbx.test", "TCP") == (old,)
        (task,) = services._running.values()
        await task
        assert [one.host for one in services.known("pbx.test", "TCP") or ()] == ["192.0.2.9"]
        # Now they say 120 and 300 s.
        clock.now_s += 119
        services.known("pbx.test", "TCP")
        assert services._running == {}


async def test_a_name_server_that_is_silent_leaves_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.edge.services.PATIENCE_S", 0.3)
    clock = Clock()
    async with looking(clock) as (server, services):
        server.has("_sip._udp.pbx.test", "SRV", "1 1 5060 a.pbx.test.")
        server.has("a.pbx.test", "A", "192.0.2.1")
        known = await services.look_up("pbx.test", "UDP")
        server.silent = True
        clock.now_s += LONGEST_S
        services.known("pbx.test", "UDP")
        (task,) = services._running.values()
        assert await task == known
        assert await services.look_up("other.test", "UDP") == ()


async def test_names_that_are_none_have_no_servers() -> None:
    async with looking() as (_, services):
        for name in ("x" * 70 + ".test", "a..b", "\udcff.test"):
            assert await services.look_up(name, None) == ()


def test_weights_share_the_calls_and_priorities_come_first() -> None:
    chance = random.Random(1)
    heavy, light = Service("UDP", "a", 1, 1, 90), Service("UDP", "b", 1, 1, 10)
    spare, none = Service("UDP", "c", 1, 2, 100), Service("UDP", "d", 1, 1)
    first: Counter[str] = Counter()
    for _ in range(2000):
        order = in_turn([spare, none, light, heavy], chance)
        assert order[-1] is spare
        assert len(order) == 4
        first[order[0].host] += 1
    assert 1700 < first["a"] < 1890
    assert 120 < first["b"] < 280
    assert first["d"] < 20
