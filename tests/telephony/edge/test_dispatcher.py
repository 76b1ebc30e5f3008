import pytest

from telephony.edge import Dispatcher
from telephony.edge.dispatcher import Worker


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def pair(capacity: int = 2, max_calls: int | None = None) -> tuple[Dispatcher, Clock]:
    clock = Clock()
    dispatcher = Dispatcher(max_calls, clock=clock)
    for index in range(2):
        dispatcher.add_worker(f"w{index}", ("127.0.0.1", 6000 + index), capacity)
    return dispatcher, clock


def place(dispatcher: Dispatcher, call_id: str, cseq: int = 1) -> Worker:
    worker = dispatcher.choose(call_id, "far", cseq)
    assert worker is not None
    return worker


def test_calls_spread_evenly_until_all_are_full() -> None:
    dispatcher, _ = pair()
    tokens = [place(dispatcher, str(number)).token for number in range(4)]
    assert tokens == ["w0", "w1", "w0", "w1"]
    assert dispatcher.choose("5", "far", 1) is None
    assert dispatcher.calls == 4


def test_the_limit_over_all_workers() -> None:
    dispatcher, _ = pair(max_calls=1)
    place(dispatcher, "1")
    assert dispatcher.choose("2", "far", 1) is None


def test_repeats_and_retries_stay_with_their_worker() -> None:
    dispatcher, _ = pair()
    first = place(dispatcher, "1")
    place(dispatcher, "2")
    assert place(dispatcher, "1") is first
    dispatcher.failed(first, "1", "far", 1)
    assert first.calls == 0
    assert place(dispatcher, "1", cseq=2) is first
    assert first.calls == 1


def test_a_refused_invite_stays_refused_and_a_new_one_does_not() -> None:
    dispatcher, clock = pair(capacity=1)
    worker = place(dispatcher, "1")
    place(dispatcher, "2")
    assert dispatcher.choose("3", "far", 1) is None
    dispatcher.failed(worker, "1", "far", 1)
    assert dispatcher.choose("3", "far", 1) is None
    assert dispatcher.choose("3", "far", 2) is worker
    dispatcher.failed(worker, "3", "far", 2)
    assert dispatcher.choose("4", "far", 1) is worker
    assert dispatcher.choose("5", "far", 1) is None
    dispatcher.failed(worker, "4", "far", 1)
    clock.now_s = 33.0
    assert dispatcher.choose("5", "far", 1) is worker


def test_a_refused_reinvite_does_not_end_the_call() -> None:
    dispatcher, _ = pair()
    worker = place(dispatcher, "1")
    dispatcher.answered(worker, "1", "far")
    dispatcher.failed(worker, "1", "far", 2)
    assert worker.calls == 1
    dispatcher.ended(worker, "1", "far")
    assert worker.calls == 0
    dispatcher.ended(worker, "1", "far")


def test_reports_clear_what_was_lost_but_spare_the_young() -> None:
    dispatcher, clock = pair()
    worker = place(dispatcher, "1")
    dispatcher.report(worker.token, 0)
    assert worker.calls == 1
    clock.now_s = 3.0
    dispatcher.report(worker.token, 0)
    assert worker.calls == 0


def test_reports_add_what_the_edge_did_not_see() -> None:
    dispatcher, _ = pair()
    dispatcher.report("w0", 2)
    assert {place(dispatcher, "1").token, place(dispatcher, "2").token} == {"w1"}
    assert dispatcher.choose("3", "far", 1) is None
    dispatcher.report("w0", 1)
    assert place(dispatcher, "4").token == "w0"
    dispatcher.report("unknown", 1)


def test_no_count_leaks_when_nobody_reports() -> None:
    dispatcher, clock = pair(capacity=1)
    ringing, talking = place(dispatcher, "1"), place(dispatcher, "2")
    dispatcher.answered(talking, "2", "far")
    clock.now_s = 201.0
    assert place(dispatcher, "3") is ringing
    clock.now_s = 4 * 3600.0 + 1
    dispatcher.answered(ringing, "3", "far")
    assert place(dispatcher, "4") is talking


def test_a_draining_worker_keeps_its_calls_and_gets_no_others() -> None:
    dispatcher, _ = pair()
    worker = place(dispatcher, "1")
    dispatcher.drain(worker.token)
    dispatcher.drain("unknown")
    assert [place(dispatcher, call).token for call in ("2", "3")] == ["w1", "w1"]
    assert dispatcher.find("1", "far") is worker


def test_a_removed_worker_takes_its_calls_along() -> None:
    dispatcher, _ = pair()
    worker = place(dispatcher, "1")
    dispatcher.remove_worker(worker.token)
    dispatcher.remove_worker(worker.token)
    assert dispatcher.find("1", "far") is None
    assert dispatcher.worker_at(worker.address) is None
    # The caller still repeats its INVITE: another worker may take it.
    assert place(dispatcher, "1").token == "w1"
    dispatcher.add_worker("w0b", worker.address, 1)
    assert place(dispatcher, "2").token == "w0b"


def test_a_bot_that_calls_itself_has_one_call_id_on_two_workers() -> None:
    dispatcher, _ = pair()
    caller = dispatcher.worker("w0")
    assert caller is not None
    dispatcher.remember_outbound(caller, "self", "tag-a")
    dispatcher.report("w0", 2)
    callee = dispatcher.choose("self", "tag-a", 1)
    assert callee is not None
    assert callee.token == "w1"
    # Requests of the caller go to the callee, and the other way round.
    assert dispatcher.find("self", "tag-a", "tag-b") is callee
    assert dispatcher.find("self", "tag-b", "tag-a") is caller


def test_a_replaced_call_may_be_one_too_many() -> None:
    dispatcher, _ = pair(capacity=1)
    worker = place(dispatcher, "1")
    dispatcher.join(worker, "2", "other", 1)
    assert worker.calls == 2


def test_tokens_and_addresses_are_unique() -> None:
    dispatcher, _ = pair()
    with pytest.raises(ValueError, match="w0"):
        dispatcher.add_worker("w0", ("127.0.0.1", 7000), 1)
    with pytest.raises(ValueError, match="6000"):
        dispatcher.add_worker("w9", ("127.0.0.1", 6000), 1)
