from __future__ import annotations

import pytest

from telephony.edge.hop import Side
from telephony.sip import parse_message
from tests.telephony.edge.bench import CALLER, INTERNAL, WORKER, Bench, arrived, reply
from tests.telephony.messages import request

CONTACT = "sip:w1@192.0.2.4:5060"


def test_an_invite_reaches_a_worker_with_all_that_a_proxy_adds(bench: Bench) -> None:
    invite = bench.inward(request(headers={"Via": "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1"}), CALLER)
    own, caller = invite.vias
    assert (own.host, own.port) == INTERNAL
    assert own.has_cookie
    assert caller.reply_address == CALLER
    assert invite.all("record-route") == ["<sip:127.0.0.1:7000;lr>", "<sip:w1@192.0.2.4:5060;lr>"]
    assert invite.max_forwards == 69
    assert invite.uri == "sip:1000@192.0.2.4"


def test_missing_max_forwards_is_added(bench: Bench) -> None:
    assert bench.inward(request(headers={"Max-Forwards": None})).max_forwards == 70


def test_a_response_finds_its_way_back(bench: Bench) -> None:
    response = bench.reply_outward(bench.inward(request()), 180)
    assert [via.host for via in response.vias] == ["192.0.2.1"]


def test_repeats_cancel_and_the_ack_of_a_refusal_belong_to_one_transaction(bench: Bench) -> None:
    first = bench.inward(request())
    again = bench.inward(request())
    cancel = bench.inward(request("CANCEL"))
    bench.reply_outward(first, 487)
    ack = bench.inward(request("ACK", to_tag="near"))
    other = bench.inward(request(branch="z9hG4bKother", cseq=2))
    branches = [message.top_via.branch for message in (first, again, cancel, ack)]
    assert len(set(branches)) == 1
    assert other.top_via.branch not in branches


def test_a_sender_without_cookie_gets_stable_branches_too(bench: Bench) -> None:
    old = {"Via": "SIP/2.0/UDP 192.0.2.1", "From": "<sip:bob@192.0.2.1>"}
    first, again = bench.inward(request(headers=old)), bench.inward(request(headers=old))
    ack = bench.inward(request("ACK", headers=old, to_tag="near"))
    other = bench.inward(request(headers=old, cseq=2))
    assert first.top_via.branch == again.top_via.branch == ack.top_via.branch != other.top_via.branch


def test_requests_in_the_dialog_find_the_worker_by_its_token(bench: Bench) -> None:
    bench.dispatcher.add_worker("w2", ("127.0.0.1", 7002), 2)
    bye = request("BYE", "sip:w2@192.0.2.4:5060", to_tag="near", call_id="unknown")
    assert bench.inward(bye, worker=("127.0.0.1", 7002)).uri == "sip:w2@192.0.2.4:5060"


def test_or_by_the_token_in_the_route_if_a_middlebox_changed_the_contact(bench: Bench) -> None:
    routes = "Route: <sip:w1@192.0.2.4;lr>, <sip:127.0.0.1:7000;lr>\r\n"
    bye = bench.inward(request("BYE", "sip:203.0.113.9:4000", to_tag="near", extra=routes))
    assert bye.all("route") == []


def test_or_by_call_id(bench: Bench) -> None:
    bench.reply_outward(bench.inward(request()), 200)
    assert bench.inward(request("BYE", "sip:anything@192.0.2.4", to_tag="near", cseq=2)).method == "BYE"


def test_what_belongs_to_no_worker_gets_481_and_an_ack_nothing(bench: Bench) -> None:
    for method in ("BYE", "INVITE", "INFO", "CANCEL"):
        assert bench.ask(request(method, "sip:w0-dead@192.0.2.4", to_tag="near")).status == 481
    assert bench.router.from_outside(request("ACK", to_tag="near"), CALLER) is None
    assert bench.stats.dropped["stray ack"] == 1


def test_calls_of_a_dead_worker_get_481(bench: Bench) -> None:
    bench.reply_outward(bench.inward(request()), 200)
    bench.dispatcher.remove_worker("w1")
    assert bench.ask(request("BYE", CONTACT, to_tag="near", cseq=2)).status == 481
    assert bench.ask(request("INVITE", CONTACT, to_tag="near", cseq=3)).status == 481


def test_busy_when_no_worker_has_room(bench: Bench) -> None:
    for number in range(2):
        bench.inward(request(call_id=str(number)))
    busy = bench.ask(request(call_id="3"))
    assert (busy.status, busy.first("retry-after")) == (486, "5")
    assert bench.router.from_outside(request("ACK", call_id="3", to_tag=busy.to.tag), CALLER) is None
    assert bench.ask(request("CANCEL", call_id="3")).status == 481


@pytest.mark.parametrize("end", ["refused", "their bye", "our bye"])
def test_an_ended_call_makes_room(bench: Bench, end: str) -> None:
    first = bench.inward(request())
    bench.inward(request(call_id="2"))
    if end == "refused":
        bench.reply_outward(first, 603)
    else:
        bench.reply_outward(first, 200)
        if end == "their bye":
            bench.reply_outward(bench.inward(request("BYE", CONTACT, to_tag="near", cseq=2)), 200)
        else:
            headers = {
                "Via": "SIP/2.0/UDP 127.0.0.1:7001;rport;branch=z9hG4bKw",
                "From": "<sip:1000@192.0.2.4>;tag=near",
                "To": "<sip:bob@192.0.2.1>;tag=far",
            }
            bye = bench.outward(request("BYE", "sip:bob@192.0.2.1:5060", headers=headers), CALLER)
            arrived(bench.router.from_outside(reply(bye, 200), CALLER), Side.WORKERS, WORKER)
    assert bench.dispatcher.calls == 1
    bench.inward(request(call_id="3"))


def test_an_invite_that_replaces_a_call_goes_to_its_worker(bench: Bench) -> None:
    bench.dispatcher.add_worker("w2", ("127.0.0.1", 7002), 9)
    bench.reply_outward(bench.inward(request()), 200)
    replaces = "Replaces: call-1@192.0.2.1;to-tag=near;from-tag=far\r\n"
    assert bench.inward(request(call_id="new", extra=replaces)).call_id == "new"


def test_a_strict_router_in_front_is_undone(bench: Bench) -> None:
    bench.reply_outward(bench.inward(request()), 200)
    bye = bench.inward(request("BYE", "sip:192.0.2.4:5060;lr", to_tag="near", cseq=2, extra=f"Route: <{CONTACT}>\r\n"))
    assert (bye.uri, bye.all("route")) == (CONTACT, [])


def test_loops_are_cut_and_spirals_are_not(bench: Bench) -> None:
    invite = bench.inward(request())
    invite.push("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKpeer")
    looped = bytes(invite)
    assert bench.ask(looped).status == 482
    spiral = bench.inward(looped.replace(b"sip:1000@192.0.2.4 ", b"sip:2000@192.0.2.4 ", 1))
    assert len(spiral.vias) == 4


def test_responses_of_strangers_on_the_internal_socket_go_nowhere(bench: Bench) -> None:
    invite = bench.inward(request())
    assert bench.router.from_worker(reply(invite, 200), ("127.0.0.1", 9)) is None
    assert bench.stats.dropped["not a worker"] == 1
    invite.pop("via")
    assert bench.router.from_worker(reply(invite, 200), WORKER) is None
    assert bench.stats.dropped["stray response"] == 1


def test_ipv6() -> None:
    bench = Bench(("2001:db8::4", 5060))
    caller = ("2001:db8::1", 5060)
    invite = bench.inward(request(headers={"Via": "SIP/2.0/UDP [2001:db8::1];rport;branch=z9hG4bK1"}), caller)
    assert "<sip:w1@[2001:db8::4]:5060;lr>" in invite.all("record-route")
    send = bench.router.from_worker(reply(invite, 200), WORKER)
    assert send is not None
    assert (send.host, send.port) == caller
    bye = request(
        "BYE", "sip:w1@[2001:db8::4]", to_tag="near", extra="Route: <sip:w1@[2001:db8::4]:5060;lr>\r\n", cseq=2
    )
    assert parse_message(bytes(bench.inward(bye, caller))).all("route") == []
