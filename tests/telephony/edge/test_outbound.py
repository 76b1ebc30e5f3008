from __future__ import annotations

import pytest

from telephony.edge.hop import Side
from telephony.sip import SipResponse, parse_message
from tests.telephony.edge.bench import CALLER, PUBLIC, WORKER, Bench, arrived, reply
from tests.telephony.messages import request

PBX = ("192.0.2.50", 5080)
VIA = {"Via": "SIP/2.0/UDP 127.0.0.1:7001;rport;branch=z9hG4bKw", "Contact": "<sip:w1@192.0.2.4:5060>"}
PROXY = "Route: <sip:127.0.0.1:7000;lr>\r\n"


def answer(bench: Bench, data: bytes) -> SipResponse:
    """A request of the worker that the edge itself answers."""
    message = arrived(bench.router.from_worker(data, WORKER), Side.WORKERS, WORKER)
    assert isinstance(message, SipResponse)
    return message


def test_an_invite_leaves_for_its_request_uri_and_the_response_returns(bench: Bench) -> None:
    invite = bench.outward(request(uri="sip:1001@192.0.2.50:5080", headers=VIA, extra=PROXY), PBX)
    assert invite.all("route") == []
    assert invite.all("record-route") == ["<sip:w1@192.0.2.4:5060;lr>", "<sip:127.0.0.1:7000;lr>"]
    assert (invite.top_via.host, invite.top_via.port) == PUBLIC
    assert "rport" in invite.top_via.params
    back = arrived(bench.router.from_outside(reply(invite, 200), PBX), Side.WORKERS, WORKER)
    assert [via.branch for via in back.vias] == ["z9hG4bKw"]


def test_the_far_side_of_that_dialog_finds_the_worker_without_token(bench: Bench) -> None:
    bench.outward(request(uri="sip:1001@192.0.2.50:5080", headers=VIA), PBX)
    bye = {"From": "<sip:1001@192.0.2.50>;tag=agent", "To": "<sip:1000@192.0.2.4>;tag=far"}
    assert bench.inward(request("BYE", "sip:mangled@192.0.2.4", headers=bye), PBX).method == "BYE"


def test_register_gets_no_record_route(bench: Bench) -> None:
    register = bench.outward(request("REGISTER", "sip:192.0.2.50:5080", headers=VIA, extra=PROXY), PBX)
    assert register.first("record-route") is None
    assert register.max_forwards == 69


def test_own_routes_are_taken_out_and_the_next_one_is_followed(bench: Bench) -> None:
    routes = "Route: <sip:127.0.0.1:7000;lr>, <sip:w1@192.0.2.4:5060;lr>, <sip:192.0.2.60;lr>\r\n"
    bye = bench.outward(request("BYE", "sip:bob@192.0.2.1", headers=VIA, extra=routes), ("192.0.2.60", 5060))
    assert (bye.uri, bye.all("route")) == ("sip:bob@192.0.2.1", ["<sip:192.0.2.60;lr>"])


def test_a_strict_router_gets_its_address_in_the_request_uri(bench: Bench) -> None:
    routes = "Route: <sip:127.0.0.1:7000;lr>, <sip:192.0.2.60>, <sip:192.0.2.61;lr>\r\n"
    bye = bench.outward(request("BYE", "sip:bob@192.0.2.1", headers=VIA, extra=routes), ("192.0.2.60", 5060))
    assert (bye.uri, bye.all("route")) == ("sip:192.0.2.60", ["<sip:192.0.2.61;lr>", "<sip:bob@192.0.2.1>"])


def test_a_name_is_left_to_be_looked_up_and_a_failure_is_told(bench: Bench) -> None:
    send = bench.router.from_worker(request("REGISTER", "sip:pbx.example.com", headers=VIA), WORKER)
    assert send is not None
    assert (send.host, send.port) == ("pbx.example.com", 5060)
    assert send.request is not None
    told = arrived(bench.router.unreachable(send.request, WORKER), Side.WORKERS, WORKER)
    assert isinstance(told, SipResponse)
    assert told.status == 503
    assert [via.branch for via in told.vias] == ["z9hG4bKw"]


def test_nobody_is_told_of_an_ack_that_went_nowhere(bench: Bench) -> None:
    send = bench.router.from_worker(request("ACK", "sip:x.example.com", headers=VIA, to_tag="a"), WORKER)
    assert send is not None
    assert send.request is not None
    assert bench.router.unreachable(send.request, WORKER) is None


def test_a_call_to_ourselves_stays_on_the_machine(bench: Bench) -> None:
    bench.dispatcher.add_worker("w2", ("127.0.0.1", 7002), 9)
    bench.dispatcher.report("w1", 2)
    out = bench.outward(request(uri="sip:2000@192.0.2.4", headers=VIA, extra=PROXY), ("127.0.0.1", 5060))
    invite = bench.inward(bytes(out), PUBLIC, ("127.0.0.1", 7002))
    assert len(invite.all("record-route")) == 4
    send = bench.router.from_worker(reply(invite, 200), ("127.0.0.1", 7002))
    first = arrived(send, Side.OUTSIDE, PUBLIC)
    back = arrived(bench.router.from_outside(bytes(first), PUBLIC), Side.WORKERS, WORKER)
    assert [via.branch for via in back.vias] == ["z9hG4bKw"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("OPTIONS", "sip:127.0.0.1:7000", headers=VIA), 200),
        (request(headers={**VIA, "Max-Forwards": "0"}), 483),
        (request(uri="sip:1001@192.0.2.50;transport=ws", headers=VIA), 503),
        (request(uri="tel:+4930123", headers=VIA), 416),
        (request(uri="sip:x@127.0.0.1:7000", headers=VIA), 482),
        (request(headers={**VIA, "CSeq": "1 BYE"}), 400),
    ],
)
def test_what_a_worker_is_told_instead(bench: Bench, data: bytes, status: int) -> None:
    assert answer(bench, data).status == status


def test_a_loop_through_the_edge_is_cut(bench: Bench) -> None:
    out = bench.outward(request(uri="sip:1001@192.0.2.50:5080", headers=VIA), PBX)
    assert answer(bench, bytes(out)).status == 482


def test_responses_from_outside_go_to_workers_only(bench: Bench) -> None:
    invite = bench.outward(request(uri="sip:1001@192.0.2.50:5080", headers=VIA), PBX)
    good = reply(invite, 200)
    for stray in (
        good.replace(b"127.0.0.1:7001", b"203.0.113.7:53"),
        good.replace(b"127.0.0.1:7001;rport", b"127.0.0.1:7001;rport=99999"),
        good.replace(b"z9hG4bK-edge-", b"z9hG4bK-"),
        b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n",
    ):
        assert bench.router.from_outside(stray, PBX) is None
    assert bench.stats.dropped == {"stray response": 3, "malformed response": 1}
    bench.dispatcher.remove_worker("w1")
    assert bench.router.from_outside(good, PBX) is None


def test_an_in_dialog_request_keeps_its_headers(bench: Bench) -> None:
    body = b"Signal=1\r\n"
    info = request("INFO", "sip:bob@192.0.2.1:5060", headers=VIA, to_tag="far", extra="X-Keep: 1\r\n", body=body)
    out = bench.outward(info, CALLER)
    assert (out.first("x-keep"), out.body) == ("1", body)
    assert out.first("record-route") is None
    assert parse_message(bytes(out)).content_length == len(body)
