from __future__ import annotations

import pytest

from telephony.line.attempts import Attempts, may_have_others, nobody_left
from telephony.line.config import FailoverConfig


def again(
    status: int, q850: int = 0, *, heard: bool = True, rang: bool = False, count: int = 1, at_s: float = 1
) -> bool:
    attempts = Attempts(FailoverConfig(attempts=3, total_s=20), 0.0)
    attempts.count = count
    return attempts.again(status, q850, heard=heard, rang=rang, now_s=at_s)


@pytest.mark.parametrize("status", [486, 404, 603, 480, 403, 484, 488, 500, 600, 302, 487, 408])
def test_answers_that_any_peer_would_give_are_final(status: int) -> None:
    assert not again(status)


@pytest.mark.parametrize(("q850", "expected"), [(0, True), (34, True), (38, True), (42, True), (1, False), (17, False)])
def test_a_503_counts_unless_its_cause_speaks_of_the_called(q850: int, expected: bool) -> None:
    assert again(503, q850) is expected


def test_silence_counts_and_a_time_out_of_the_far_side_does_not() -> None:
    assert again(408, heard=False)
    assert not again(408, heard=True)


def test_who_was_rung_is_not_rung_again() -> None:
    assert not again(503, rang=True)


def test_there_are_limits() -> None:
    assert again(503, count=2)
    assert not again(503, count=3)
    assert again(503, at_s=19.9)
    assert not again(503, at_s=20)


def test_only_the_edge_says_that_nobody_is_left() -> None:
    assert nobody_left(503, "No Other Peer")
    assert not nobody_left(503, "Service Unavailable")
    assert not nobody_left(404, "No Other Peer")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("sip:1@several.test:5060", True),
        ("sip:1@pbx.example.com", True),
        ("<sip:1@pbx.example.com;transport=tcp>", True),
        ("sip:1@pbx.example.com:5060", False),
        ("sip:1@10.0.0.5", False),
        ("sip:1@[2001:db8::1]", False),
        ("sip:1@asterisk", False),
        ("nonsense", False),
    ],
)
def test_where_silence_is_not_waited_out(target: str, expected: bool) -> None:
    assert may_have_others(target, {"several.test"}) is expected
