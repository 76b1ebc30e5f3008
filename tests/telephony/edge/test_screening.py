from __future__ import annotations

import pytest

from telephony.edge import EdgeConfig
from tests.telephony.edge.bench import CALLER, WORKER, Bench
from tests.telephony.messages import SDP, request


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("OPTIONS"), 200),
        (request("OPTIONS", headers={"Max-Forwards": "0"}), 200),
        (request("REGISTER"), 403),
        (request("MESSAGE"), 405),
        (request("SUBSCRIBE"), 405),
        (request("REFER"), 405),
        (request("PUBLISH"), 405),
        (request("NOTIFY"), 481),
        (request("BYE"), 481),
        (request("FOO"), 501),
        (request("FOO", to_tag="near"), 501),
        (request(uri="http://192.0.2.4/"), 416),
        (request(extra="Require: timer, foo, bar\r\n"), 420),
        (request(extra="Proxy-Require: timer\r\n"), 420),
        (request(headers={"Max-Forwards": "0"}), 483),
        (request().replace(b"SIP/2.0\r\n", b"SIP/9.9\r\n", 1), 505),
        (request(body=SDP * 300), 513),
        (request(headers={"Contact": None}), 400),
        (request("INVITE", headers={"CSeq": "1 BYE"}), 400),
    ],
)
def test_what_the_edge_answers(bench: Bench, data: bytes, status: int) -> None:
    assert bench.ask(data).status == status
    assert bench.stats.answered == {status: 1}
    assert bench.dispatcher.calls == 0


def test_headers_that_belong_to_the_answers(bench: Bench) -> None:
    assert bench.ask(request(extra="Require: timer, foo, bar\r\n")).first("unsupported") == "foo, bar"
    assert "INVITE" in bench.ask(request("MESSAGE")).tokens("allow")[0].upper()
    options = bench.ask(request("OPTIONS"))
    assert options.first("accept") == "application/sdp"
    assert {"timer", "replaces"} <= set(options.tokens("supported"))
    assert options.first("server") == "voicebot"


def test_known_extensions_pass(bench: Bench) -> None:
    assert bench.inward(request(extra="Require: timer, 100rel\r\n")).method == "INVITE"


def test_cancel_and_ack_ignore_require(bench: Bench) -> None:
    bench.inward(request())
    for method, tag in (("CANCEL", ""), ("ACK", "near")):
        assert bench.inward(request(method, extra="Require: foo\r\n", to_tag=tag)).method == method


def test_an_ack_is_never_answered(bench: Bench) -> None:
    for data in (
        request("ACK", to_tag="x"),
        request("ACK", headers={"Max-Forwards": "0"}),
        request("ACK", uri="http://x"),
        request("ACK", headers={"CSeq": "x"}),
    ):
        assert bench.router.from_outside(data, CALLER) is None


def test_too_little_to_answer(bench: Bench) -> None:
    assert bench.router.from_outside(request(headers={"Via": None}), CALLER) is None
    assert bench.router.from_outside(b"hello", CALLER) is None
    assert bench.stats.dropped == {"malformed request": 1, "not sip": 1}


def test_keep_alives(bench: Bench) -> None:
    assert bench.router.from_outside(b"\r\n\r\n", CALLER) is None
    assert bench.router.from_worker(b"\r\n", WORKER) is None
    assert bench.stats.keep_alives == 2


def test_methods_are_counted_and_unknown_ones_together(bench: Bench) -> None:
    for method in ("OPTIONS", "FOO", "BAR"):
        bench.ask(request(method))
    assert bench.stats.requests == {"OPTIONS": 1, "OTHER": 2}


def test_the_size_limit_is_a_setting() -> None:
    bench = Bench(config=EdgeConfig(max_message_bytes=1000))
    assert bench.ask(request(extra=f"X: {'a' * 1000}\r\n")).status == 513
