from __future__ import annotations

from telephony.line.source_filter import Allowed
from telephony.line.source_lock import PROOFS, REFUSED, STEP_S, SourceLock

TOLD = ("192.0.2.1", 4000)
BEHIND_NAT = ("192.0.2.1", 61000)
STRANGER = ("198.51.100.9", 5000)


def test_only_the_address_of_the_sdp_is_heard_at_first_and_locked_by_its_first_packet() -> None:
    lock = SourceLock(TOLD)
    assert lock.allowed == Allowed(*TOLD)
    lock.feed(None, 0, 0, 0.0)
    assert not lock.locked
    lock.feed(TOLD, 1, 0, 0.1)
    assert lock.locked
    assert lock.allowed == Allowed(*TOLD)


def test_a_caller_behind_nat_is_found_at_another_port_of_the_same_host() -> None:
    lock = SourceLock(TOLD)
    lock.feed(None, 0, 0, 0.0)
    lock.feed(None, 0, REFUSED, STEP_S)
    assert lock.allowed == Allowed(TOLD[0])
    for number in range(1, PROOFS + 1):
        assert not lock.locked
        lock.feed(BEHIND_NAT, number, REFUSED, 1.0 + number)
    assert lock.locked
    assert lock.allowed == Allowed(*BEHIND_NAT)


def test_somebody_else_is_believed_last_and_only_if_he_keeps_sending() -> None:
    lock = SourceLock(TOLD)
    lock.feed(None, 0, 0, 0.0)
    lock.feed(None, 0, 10, 0.3)
    lock.feed(None, 0, 20, 0.6)
    assert lock.allowed is None
    lock.feed(STRANGER, 1, 20, 0.7)
    lock.feed(BEHIND_NAT, 2, 20, 0.8)
    lock.feed(STRANGER, 3, 20, 0.9)
    assert not lock.locked
    lock.feed(TOLD, 4, 20, 1.0)
    assert lock.locked
    assert lock.allowed == Allowed(*TOLD)


def test_a_few_stray_packets_or_none_open_nothing() -> None:
    lock = SourceLock(TOLD)
    for second in range(20):
        lock.feed(None, 0, min(second, REFUSED - 1), float(second))
    assert lock.allowed == Allowed(*TOLD)


def test_what_was_refused_before_does_not_count() -> None:
    lock = SourceLock(TOLD)
    lock.feed(None, 0, 1000, 0.0)
    lock.feed(None, 0, 1001, 5.0)
    assert lock.allowed == Allowed(*TOLD)


def test_a_lock_is_final() -> None:
    lock = SourceLock(TOLD)
    lock.feed(None, 0, 0, 0.0)
    lock.feed(TOLD, 1, 0, 0.1)
    for number in range(2, 100):
        lock.feed(STRANGER, number, 1000 * number, float(number))
    assert lock.allowed == Allowed(*TOLD)
