"""INFO with a plain key on its way through the edge: the SIP library knows the relayed kind alone."""

from __future__ import annotations

import pytest

from tests.telephony.edge.bench import Bench
from tests.telephony.messages import request


def info(kind: str, body: bytes) -> bytes:
    extra = f"Content-Type: {kind}\r\n"
    head = request(
        "INFO", "sip:w1@192.0.2.4:5060", to_tag="near", extra=extra, headers={"Content-Length": str(len(body))}
    )
    return head + body


@pytest.mark.parametrize(("body", "key"), [(b"5", "5"), (b"11", "#"), (b"*\r\n", "*")])
def test_a_plain_key_reaches_the_worker_as_a_relayed_one(bench: Bench, body: bytes, key: str) -> None:
    arrived = bench.inward(info("application/dtmf", body))
    assert arrived.first("content-type") == "application/dtmf-relay"
    assert arrived.body == f"Signal={key}\r\nDuration=160\r\n".encode()


def test_other_bodies_pass_as_they_are(bench: Bench) -> None:
    arrived = bench.inward(info("application/dtmf-relay", b"Signal=5\r\n"))
    assert (arrived.first("content-type"), arrived.body) == ("application/dtmf-relay", b"Signal=5\r\n")
