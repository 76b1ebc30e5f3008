"""Who may call: networks, passwords, rates; strangers and scanners hear nothing."""

from __future__ import annotations

import hashlib
import re

import pytest

from telephony.edge import EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.networks import Networks
from telephony.edge.nonces import Nonces, NonceState
from telephony.edge.rates import MAX_SOURCES, RateLimit
from telephony.sip import SipResponse
from tests.telephony.edge.bench import CALLER, Bench
from tests.telephony.messages import request

STRANGER = ("203.0.113.9", 5060)
URI = "sip:1000@192.0.2.4"


def guarded(**more: object) -> Bench:
    access = {"allow": ("192.0.2.1",), "users": {"ann": "secret"}, "algorithms": ("SHA-256", "MD5"), **more}
    return Bench(config=EdgeConfig(access=AccessConfig(**access)))  # type: ignore[arg-type]


def proof(
    refusal: SipResponse, *, algorithm: str = "MD5", password: str = "secret", count: int = 1, uri: str = URI
) -> str:
    """The Authorization that a caller makes from a 401, as RFC 7616 says."""
    value = next(value for value in refusal.all("www-authenticate") if f"algorithm={algorithm}," in value)
    match = re.search('nonce="([^"]+)"', value)
    assert match is not None
    nonce, function = match[1], {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]

    def digest(text: str) -> str:
        return function(text.encode()).hexdigest()

    response = digest(f"{digest(f'ann:voicebot:{password}')}:{nonce}:{count:08x}:c:auth:{digest(f'INVITE:{uri}')}")
    return (
        f'Authorization: Digest username="ann", realm="voicebot", nonce="{nonce}", uri="{uri}", qop=auth,'
        f' nc={count:08x}, cnonce="c", algorithm={algorithm}, response="{response}"\r\n'
    )


def test_strangers_hear_nothing_whatever_they_send() -> None:
    bench = guarded(users={}, strangers_per_s=100.0)
    for data in (
        request(),
        request("OPTIONS"),
        request("REGISTER"),
        request("BYE", to_tag="near"),
        request("ACK", to_tag="near"),
        request(headers={"To": "<broken"}),
    ):
        assert bench.router.from_outside(data, STRANGER) is None
    assert (bench.stats.refused["stranger"], bench.stats.dropped["stray ack"]) == (5, 1)
    assert not bench.stats.answered
    assert bench.inward(request()).method == "INVITE"


def test_a_scanner_hears_nothing_even_where_everybody_may_call(bench: Bench) -> None:
    for name in ("friendly-scanner", "SIPVicious 0.3.4", "sipcli/v1.8"):
        assert bench.router.from_outside(request("OPTIONS", extra=f"User-Agent: {name}\r\n"), CALLER) is None
    assert bench.stats.refused["scanner"] == 3


def test_a_call_may_be_carried_on_from_anywhere() -> None:
    bench = guarded(users={})
    bench.reply_outward(bench.inward(request()), 200)
    contact = "sip:w1@192.0.2.4:5060"
    assert bench.inward(request("ACK", contact, to_tag="near"), STRANGER).method == "ACK"
    assert bench.inward(request("BYE", contact, to_tag="near", cseq=2), STRANGER).method == "BYE"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_caller_with_a_password_gets_in(algorithm: str) -> None:
    bench = guarded()
    refusal = bench.ask(request(), STRANGER)
    assert refusal.status == 401
    answer = request(cseq=2, extra=proof(refusal, algorithm=algorithm) + "X-Voicebot-Account: boss\r\n")
    invite = bench.inward(answer, STRANGER)
    assert invite.all("x-voicebot-account") == ["ann"]
    assert invite.first("authorization") is None
    # A repeat by UDP is the same request, and passes.
    assert bench.inward(answer, STRANGER).cseq == (2, "INVITE")


def test_a_proof_is_good_once_and_from_one_place() -> None:
    bench = guarded()
    header = proof(bench.ask(request(), STRANGER))
    bench.inward(request(cseq=2, extra=header), STRANGER)
    assert bench.ask(request(cseq=3, call_id="other", extra=header), STRANGER).status == 401
    assert bench.ask(request(cseq=3, call_id="other", extra=header), ("203.0.113.10", 5060)).status == 401
    assert bench.stats.refused["password"] == 2


def test_a_proof_for_another_number_is_none() -> None:
    bench = guarded()
    header = proof(bench.ask(request(), STRANGER), uri="sip:2000@192.0.2.4")
    assert bench.ask(request(cseq=2, extra=header), STRANGER).status == 401


def test_guessing_ends_in_silence() -> None:
    bench = guarded(strangers_per_s=1000.0)
    refusal = bench.ask(request(), STRANGER)
    answers = [
        bench.router.from_outside(
            request(cseq=number, call_id=str(number), extra=proof(refusal, password=str(number), count=number)),
            STRANGER,
        )
        for number in range(2, 12)
    ]
    assert [answer is not None for answer in answers] == [True] * 5 + [False] * 5
    assert (bench.stats.refused["password"], bench.stats.refused["guessing"]) == (5, 5)


def test_too_many_messages_are_not_answered() -> None:
    bench = guarded(requests_per_s=1.0)
    answered = [bench.router.from_outside(request("OPTIONS"), CALLER) is not None for _ in range(5)]
    assert answered == [True, True, False, False, False]
    assert bench.stats.refused["rate"] == 3
    assert bench.router.from_outside(request("OPTIONS"), STRANGER) is not None


def test_a_bot_may_call_a_bot() -> None:
    bench = guarded(users={})
    assert bench.inward(request(), ("192.0.2.4", 5060)).method == "INVITE"
    assert bench.inward(request(call_id="2"), ("127.0.0.1", 5060)).method == "INVITE"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_nonces_grow_old_and_count_up() -> None:
    clock = Clock()
    nonces = Nonces(b"key", 60.0, clock)
    nonce = nonces.make("192.0.2.1")
    assert nonces.judge(nonce, "192.0.2.1") is NonceState.FRESH
    assert nonces.judge(nonce, "192.0.2.2") is NonceState.FOREIGN
    assert nonces.judge("ffffffffffff" + nonce[12:], "192.0.2.1") is NonceState.FOREIGN
    assert nonces.judge("\u00fc", "192.0.2.1") is NonceState.FOREIGN
    used = [nonces.use(nonce, count, call) for count, call in ((1, "a"), (1, "a"), (1, "b"), (3, "c"), (2, "d"))]
    assert [state is NonceState.FRESH for state in used] == [True, True, False, True, False]
    clock.now_s += 61
    assert nonces.judge(nonce, "192.0.2.1") is NonceState.STALE


def test_rates_fill_up_again_and_the_table_stays_small() -> None:
    clock = Clock()
    limit = RateLimit(2.0, 2.0, clock)
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    clock.now_s += 0.5
    assert [limit.allows("a") for _ in range(2)] == [True, False]
    for number in range(MAX_SOURCES + 10):
        limit.allows(str(number))
    assert len(limit) == MAX_SOURCES
    assert all(RateLimit(0, 0, clock).allows("a") for _ in range(1000))


def test_networks() -> None:
    known = Networks(["10.1.0.0/16", "2001:db8::/32", "192.0.2.7", "pbx.example.com"])
    assert known.names == ["pbx.example.com"]
    for address in ("10.1.2.3", "2001:db8::5", "192.0.2.7", "::ffff:10.1.2.3"):
        assert address in known
    for address in ("10.2.0.1", "2001:db9::5", "198.51.100.1", "no address", ""):
        assert address not in known
    known.learn("pbx.example.com", ["198.51.100.1"])
    known.learn("pbx.example.com", [])
    known.learn("evil.example.com", ["203.0.113.1"])
    assert "198.51.100.1" in known
    assert "203.0.113.1" not in known


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [
        ("private", ["127.0.0.1", "10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1",
                     "fe80::1%eth0", "fd00::1"],
         ["8.8.8.8", "172.32.0.1", "192.0.2.1", "2001:db8::1"]),
        ("local", ["127.0.0.1", "::1"], ["10.0.0.1"]),
        ("any", ["8.8.8.8", "2001:db8::1"], []),
    ],
)  # fmt: skip
def test_words_for_networks(word: str, inside: list[str], outside: list[str]) -> None:
    known = Networks([word])
    assert [address in known for address in inside + outside] == [True] * len(inside) + [False] * len(outside)
