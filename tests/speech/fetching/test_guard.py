from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.errors import AudioBlockedError
from voicebot.speech.fetching.guard import AddressGuard, is_global
from voicebot.speech.fetching.resolver import GuardedResolver

GLOBAL = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
INTERNAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2002:7f00:1::1", "2002:a00:1::", "2002:c0a8:101::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "2606:4700::1111%1",
]  # fmt: skip


@pytest.mark.parametrize("address", GLOBAL)
def test_addresses_in_the_internet(address: str) -> None:
    assert is_global(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses(address: str) -> None:
    assert not is_global(ipaddress.ip_address(address))
    assert not AddressGuard().permits("example.com", 80, ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "a.wav", "//example.com/a.wav", "ftp://example.com/a", "file:///etc/passwd", "data:audio/wav;base64,AA==",
        "gopher://example.com/", "javascript:1", "http://", "http:///a", "http://user@example.com/", "http://a:b@8.8.8.8/",
        "http://127.0.0.1/", "http://127.0.0.1:80/a.wav", "https://169.254.169.254/latest/meta-data", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://0/", "http://127.1/",
        "http://2130706433/", "http://017700000001/", "http://127.0.0.1./", "http://8.8.8.8@127.0.0.1/",
        "http://127.0.0.1\\@8.8.8.8/", "http://127.0.0.1#@8.8.8.8/", "http://127.0.0.1?@8.8.8.8/", "http://8.8.8.8:0/",
        "http://8.8.8.8:99999/", "http://8.8.8.8:x/", "http://exa mple.com/", "http://" + "a" * 5000 + ".com/",
        "http://\u2460\u2461\u2466.0.0.1/", "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020.0.1/",
    ],
)  # fmt: skip
def test_urls_that_are_refused_at_once(url: str) -> None:
    with pytest.raises(AudioBlockedError):
        AddressGuard().target(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://Example.COM./a.wav", "example.com", 80),
        ("https://example.com/a.wav?x=http://127.0.0.1/", "example.com", 443),
        ("http://8.8.8.8:8080/a", "8.8.8.8", 8080),
        ("http://[2606:4700::1111]/a", "2606:4700::1111", 80),
        ("http://b\u00fccher.example/a", "xn--bcher-kva.example", 80),
        ("http://xn--bcher-kva.example/a", "xn--bcher-kva.example", 80),
    ],
)
def test_urls_that_go_on_to_be_looked_up(url: str, host: str, port: int) -> None:
    target = AddressGuard().target(url)
    assert (target.host, target.port) == (host, port)


def test_what_is_allowed() -> None:
    guard = AddressGuard(["Media.internal.", "10.1.0.0/16", "192.168.0.7", "[fd00::7]", "b\u00fccher.internal"])
    ten, other = ipaddress.ip_address("10.1.2.3"), ipaddress.ip_address("10.2.2.3")
    assert guard.permits("anything.example", 80, ten)
    assert not guard.permits("anything.example", 80, other)
    assert guard.permits("media.internal", 9000, other)
    assert guard.permits("MEDIA.internal.", 80, ipaddress.ip_address("127.0.0.1"))
    assert guard.permits("xn--bcher-kva.internal", 80, other)
    assert not guard.permits("sub.media.internal", 80, other)
    assert guard.target("http://192.168.0.7/").address == ipaddress.ip_address("192.168.0.7")
    assert guard.target("http://[fd00::7]:81/").port == 81
    with pytest.raises(AudioBlockedError):
        guard.target("http://192.168.0.8/")


def test_the_engine_s_own_host_counts_with_its_port_only() -> None:
    guard = AddressGuard(engine_url="http://127.0.0.1:9000/stream/query")
    assert guard.target("http://127.0.0.1:9000/a.wav").port == 9000
    for url in (
        "http://127.0.0.1/a.wav",
        "http://127.0.0.1:9001/a.wav",
        "http://127.0.0.2:9000/",
        "http://[::1]:9000/",
    ):
        with pytest.raises(AudioBlockedError):
            guard.target(url)
    named = AddressGuard(engine_url="https://Engine.internal/stream/query")
    assert named.permits("engine.internal", 443, ipaddress.ip_address("10.0.0.1"))
    assert not named.permits("engine.internal", 80, ipaddress.ip_address("10.0.0.1"))


OCTETS = st.tuples(*[st.integers(0, 255)] * 4)
LOOPBACK = st.tuples(st.just(127), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
SPELLINGS = st.sampled_from(["dotted", "decimal", "hex", "hexes", "octals", "short", "mapped", "mapped hex", "dotted."])


def spelled(octets: tuple[int, ...], how: str) -> str:
    first, second, third, fourth = octets
    whole = int.from_bytes(bytes(octets), "big")
    return {
        "dotted": ".".join(map(str, octets)),
        "dotted.": ".".join(map(str, octets)) + ".",
        "decimal": str(whole),
        "hex": hex(whole),
        "hexes": ".".join(map(hex, octets)),
        "octals": ".".join(f"0{octet:o}" for octet in octets),
        "short": f"{first}.{(second << 16) + (third << 8) + fourth}",
        "mapped": f"[::ffff:{first}.{second}.{third}.{fourth}]",
        "mapped hex": f"[::ffff:{first << 8 | second:x}:{third << 8 | fourth:x}]",
    }[how]


async def reachable(url: str) -> list[str]:
    """Where the HTTP client would connect to."""
    guard = AddressGuard()
    target = guard.target(url)
    if target.address is not None:
        return [str(target.address)]
    return [result["host"] for result in await GuardedResolver(guard).resolve(target.host, target.port)]


@settings(max_examples=200, deadline=None)
@given(LOOPBACK | st.sampled_from([(10, 0, 0, 1), (169, 254, 169, 254), (192, 168, 0, 1), (0, 0, 0, 0)]), SPELLINGS)
def test_no_spelling_leads_inside(octets: tuple[int, ...], how: str) -> None:
    with pytest.raises((AudioBlockedError, OSError)):
        asyncio.run(reachable(f"http://{spelled(octets, how)}/a.wav"))


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(["", "http://", "http://[", "https://a@"]))
def test_any_text_is_judged(text: str, prefix: str) -> None:
    try:
        target = AddressGuard().target(prefix + text)
    except AudioBlockedError:
        return
    assert target.url.scheme in ("http", "https")
    assert target.address is None or is_global(target.address)


@given(st.integers(0, 2**32 - 1))
def test_embedding_changes_nothing(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    expected = is_global(plain)
    assert is_global(ipaddress.IPv6Address(0xFFFF << 32 | number)) == expected
    assert is_global(ipaddress.IPv6Address(0x64FF9B << 96 | number)) == expected
    assert is_global(ipaddress.IPv6Address(0x2002 << 112 | number << 80)) == expected


async def test_a_name_that_means_this_machine() -> None:
    with pytest.raises(AudioBlockedError):
        await GuardedResolver(AddressGuard()).resolve("localhost", 80)
    allowed = await GuardedResolver(AddressGuard(["localhost"])).resolve("localhost", 80)
    assert {result["host"] for result in allowed} <= {"127.0.0.1", "::1"}


async def test_of_several_addresses_only_the_good_ones_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["127.0.0.1", "8.8.8.8", "10.0.0.1"]

    async def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    results = await GuardedResolver(AddressGuard()).resolve("both.example", 80)
    assert [result["host"] for result in results] == ["8.8.8.8"]
