from __future__ import annotations

from telephony.edge.destinations import DOWN_S, Attempt, Destinations
from telephony.edge.services import Service

ONE, TWO = Service("UDP", "192.0.2.1", 5060, 1), Service("UDP", "192.0.2.2", 5060, 2)
BOTH = (ONE, TWO)
DOMAIN = "pbx.test"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def send(to: Destinations, call_id: str, number: int = 1, again: str = "") -> Service | None:
    service = to.server(call_id, number, DOMAIN, BOTH, again)
    to.note(call_id, Attempt("", DOMAIN, None, service, number), again)
    return service


def test_all_of_a_call_goes_to_one_server_even_when_it_is_down() -> None:
    to = Destinations(Clock())
    assert send(to, "1") is ONE
    to.failed(ONE)
    assert send(to, "1") is ONE
    assert send(to, "2") is TWO


def test_a_server_that_answered_keeps_a_registration_and_a_silent_one_loses_it() -> None:
    clock = Clock()
    to = Destinations(clock)
    assert send(to, "register", 1) is ONE
    to.heard("register")
    assert send(to, "register", 2) is ONE
    assert send(to, "register", 3) is TWO
    to.heard("register")
    assert send(to, "register", 4) is TWO
    clock.now_s += DOWN_S
    assert send(to, "other") is ONE


def test_a_call_tried_again_goes_elsewhere_until_there_is_nobody_left() -> None:
    to = Destinations(Clock())
    assert send(to, "a") is ONE
    assert send(to, "b", again="a") is TWO
    assert send(to, "b", again="a") is TWO
    assert to.tried("b") == ({""}, {ONE, TWO})
    assert send(to, "c", again="b") is None


def test_with_none_alive_the_best_is_tried() -> None:
    to = Destinations(Clock())
    to.failed(ONE)
    to.failed(TWO)
    assert send(to, "1") is ONE
    to.worked(TWO)
    assert send(to, "2") is TWO
