"""Messages by connection: what the edge writes into them, and how it finds the connection again."""

from __future__ import annotations

import pytest

from telephony.edge.flow import Flow, read_flow
from telephony.edge.hop import Send
from telephony.sip import SipRequest, SipResponse, parse_message
from tests.telephony.edge.bench import CALLER, WORKER, Bench, reply
from tests.telephony.messages import request

TLS = Flow("TLS", 7)
BY_TLS: dict[str, str | None] = {
    "Via": "SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1",
    "Contact": "<sip:bob@10.9.9.9:5061;transport=tls>",
}
FROM_WORKER: dict[str, str | None] = {
    "Via": "SIP/2.0/UDP 127.0.0.1:7001;rport;branch=z9hG4bKw",
    "Contact": "<sip:w1@192.0.2.4:5060>",
}


@pytest.fixture
def bench() -> Bench:
    return Bench(ports={"UDP": 5060, "TCP": 5060, "TLS": 5061})


def taken(send: Send | None) -> tuple[Send, SipRequest]:
    assert send is not None
    message = parse_message(send.data)
    assert isinstance(message, SipRequest)
    return send, message


def invited(bench: Bench) -> SipRequest:
    return taken(bench.router.from_outside(request(headers=BY_TLS), CALLER, TLS))[1]


def test_a_response_goes_back_by_the_connection(bench: Bench) -> None:
    invite = invited(bench)
    response = parse_message(reply(invite, 200))
    response.append("Contact", "<sip:w1@192.0.2.4:5060>")
    send = bench.router.from_worker(bytes(response), WORKER)
    assert send is not None
    assert send.flow == TLS
    back = parse_message(send.data)
    assert isinstance(back, SipResponse)
    assert [str(via) for via in back.vias] == ["SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1"]
    assert back.all("contact") == ["<sip:w1@192.0.2.4:5061;transport=tls>"]
    assert "<sip:w1@192.0.2.4:5061;transport=tls;lr>" in back.all("record-route")


def test_so_does_what_the_worker_sends_in_the_call(bench: Bench) -> None:
    routes = "".join(f"Route: {value}\r\n" for value in invited(bench).all("record-route"))
    bye = request("BYE", "sip:bob@10.9.9.9:5061;transport=tls", headers=FROM_WORKER, extra=routes, to_tag="far")
    send, message = taken(bench.router.from_worker(bye, WORKER))
    assert send.flow == TLS
    assert message.all("route") == []
    assert str(message.top_via).startswith("SIP/2.0/TLS 192.0.2.4:5061;")
    back = bench.router.from_outside(reply(message, 200), CALLER, TLS)
    assert back is not None
    assert (back.host, back.port) == WORKER


def test_the_edge_answers_by_the_connection(bench: Bench) -> None:
    send = bench.router.from_outside(request("OPTIONS", headers=BY_TLS), CALLER, TLS)
    assert send is not None
    assert send.flow == TLS
    assert parse_message(send.data).first("to") is not None


def test_in_dialog_requests_by_tls_find_the_worker(bench: Bench) -> None:
    bench.router.from_worker(reply(invited(bench), 200), WORKER)
    routes = "Route: <sip:w1@192.0.2.4;transport=tls;lr>, <sip:tls-7@127.0.0.1:7000;lr>\r\n"
    ack = request("ACK", "sip:w1@192.0.2.4:5061;transport=tls", headers=BY_TLS, to_tag="near", extra=routes)
    assert taken(bench.router.from_outside(ack, CALLER, TLS))[1].all("route") == []


def test_a_secure_uri_is_plain_on_its_last_hop(bench: Bench) -> None:
    data = request(uri="sips:1000@192.0.2.4", headers=BY_TLS)
    assert taken(bench.router.from_outside(data, CALLER, TLS))[1].uri == "sip:1000@192.0.2.4"


@pytest.mark.parametrize(
    ("uri", "flow", "place"),
    [
        ("sip:1@192.0.2.9;transport=tcp", Flow("TCP"), ("192.0.2.9", 5060)),
        ("sip:1@pbx.example.com;transport=TLS", Flow("TLS"), ("pbx.example.com", 5061)),
        ("sips:1@pbx.example.com", Flow("TLS"), ("pbx.example.com", 5061)),
        ("sip:1@pbx.example.com:5070;transport=tls", Flow("TLS"), ("pbx.example.com", 5070)),
        ("sip:1@192.0.2.9;transport=udp", Flow(), ("192.0.2.9", 5060)),
        ("sip:2@192.0.2.4:5061;transport=tls", Flow(), ("127.0.0.1", 5060)),
    ],
)
def test_how_a_workers_request_leaves(bench: Bench, uri: str, flow: Flow, place: tuple[str, int]) -> None:
    send, invite = taken(bench.router.from_worker(request(uri=uri, headers=FROM_WORKER), WORKER))
    assert (send.flow, (send.host, send.port)) == (flow, place)
    secure = flow.transport == "TLS"
    assert invite.top_via.transport == flow.transport
    assert invite.top_via.port == (5061 if secure else 5060)
    if flow.transport != "UDP":
        assert invite.all("contact") == [
            f"<sip:w1@192.0.2.4:{5061 if secure else 5060};transport={flow.transport.lower()}>"
        ]


def test_flows_as_words() -> None:
    assert read_flow(TLS.token) == TLS
    assert [read_flow(word) for word in ("", "w0-7f2a", "udp-1", "tcp-", "tcp-1x")] == [None] * 5
