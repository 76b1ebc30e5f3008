from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.stored import START, message, storage
from voicebot.storage.outbox import Message, MessageState, Outbox, Progress

pytestmark = pytest.mark.usefixtures("database")

CLAIM = timedelta(seconds=60)
SENT = Progress(MessageState.SENT, 1, START, provider_id="p1", ended_at=START)
DELAYED = Progress(MessageState.WAITING, 1, START + timedelta(seconds=5), "http_503")
GIVEN_UP = Progress(MessageState.GIVEN_UP, 1, START, "http_404", ended_at=START)


def only(outbox: Outbox) -> Message:
    (found,) = outbox.messages()
    return found


def test_a_message_comes_back_as_it_was(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        assert opened.outbox.add(message())
        assert only(opened.outbox) == message()


def test_the_same_id_is_kept_once(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        assert opened.outbox.add(message())
        assert not opened.outbox.add(message(mobile="another"))
        assert only(opened.outbox).mobile == message().mobile


def test_a_claimed_message_is_nobody_elses_until_the_claim_runs_out(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.add(message())
        (claimed,) = opened.outbox.claim(START, START + CLAIM, 5)
        assert claimed.state is MessageState.SENDING
        assert opened.outbox.claim(START + CLAIM / 2, START + CLAIM, 5) == []
        assert opened.outbox.next_due() == START + CLAIM
        (again,) = opened.outbox.claim(START + CLAIM, START + 2 * CLAIM, 5)
        assert (again.id, again.attempts) == (claimed.id, 0)
        assert again.claim != claimed.claim


def test_only_what_is_due_is_claimed_the_oldest_first(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for number in (3, 1, 2, 9):
            opened.outbox.add(message(f"m{number}", next_attempt_at=START + timedelta(seconds=number)))
        opened.outbox.add(message("kept", state=MessageState.KEPT))
        claimed = opened.outbox.claim(START + timedelta(seconds=5), START + CLAIM, 2)
        assert [item.id for item in claimed] == ["m1", "m2"]
        assert opened.outbox.next_due() == START + timedelta(seconds=3)


def test_two_services_on_one_database_share_the_messages(tmp_path: Path) -> None:
    with storage(tmp_path) as one, storage(tmp_path) as other:
        for number in range(10):
            one.outbox.add(message(f"m{number}"))
        mine = one.outbox.claim(START, START + CLAIM, 6)
        others = other.outbox.claim(START, START + CLAIM, 6)
        assert len(mine) == 6
        assert len(others) == 4
        assert len({item.id for item in [*mine, *others]}) == 10


def test_a_failure_counts_only_for_whoever_holds_the_claim(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.add(message())
        (slow,) = opened.outbox.claim(START, START + CLAIM, 1)
        (quick,) = opened.outbox.claim(START + CLAIM, START + 2 * CLAIM, 1)
        assert not opened.outbox.record(slow, GIVEN_UP)
        opened.outbox.release(slow)
        assert only(opened.outbox).state is MessageState.SENDING
        assert opened.outbox.record(quick, DELAYED)
        found = only(opened.outbox)
        assert (found.state, found.attempts, found.last_error) == (MessageState.WAITING, 1, "http_503")
        assert opened.outbox.next_due() == DELAYED.next_attempt_at


def test_that_it_was_sent_counts_in_any_case(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.add(message())
        (slow,) = opened.outbox.claim(START, START + CLAIM, 1)
        (quick,) = opened.outbox.claim(START + CLAIM, START + 2 * CLAIM, 1)
        assert opened.outbox.record(slow, SENT)
        assert not opened.outbox.record(quick, GIVEN_UP)
        assert not opened.outbox.record(quick, replace(SENT, provider_id="p2"))
        found = only(opened.outbox)
        assert (found.state, found.provider_id, found.ended_at) == (MessageState.SENT, "p1", START)


def test_a_released_message_is_due_at_once(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.add(message())
        (claimed,) = opened.outbox.claim(START, START + CLAIM, 1)
        opened.outbox.release(claimed)
        assert len(opened.outbox.claim(START, START + CLAIM, 1)) == 1


def test_what_was_given_up_or_kept_can_be_sent_after_all(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for name, state in (("up", MessageState.GIVEN_UP), ("kept", MessageState.KEPT), ("sent", MessageState.SENT)):
            opened.outbox.add(message(name, state=state, attempts=8, ended_at=START))
        assert opened.outbox.send_again(START, ["sent", "nobody"]) == 0
        assert opened.outbox.send_again(START) == 1
        assert opened.outbox.send_again(START, ["kept"]) == 1
        claimed = opened.outbox.claim(START, START + CLAIM, 5)
        assert {(item.id, item.attempts) for item in claimed} == {("up", 0), ("kept", 0)}


def test_what_waits_can_be_kept(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for state in MessageState:
            opened.outbox.add(message(state.value, state=state))
        assert opened.outbox.keep_waiting() == 1
        assert [item.id for item in opened.outbox.messages(MessageState.KEPT)] == ["kept", "waiting"]


def test_only_what_has_ended_is_forgotten(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for state in MessageState:
            ended = START if state in (MessageState.SENT, MessageState.GIVEN_UP) else None
            opened.outbox.add(message(state.value, state=state, ended_at=ended))
        assert opened.outbox.forget(START) == 0
        assert opened.outbox.forget(START + timedelta(seconds=1)) == 2
        left = {item.state for item in opened.outbox.messages()}
        assert left == {MessageState.WAITING, MessageState.SENDING, MessageState.KEPT}


def test_counting_and_listing(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.add(message("m1"))
        opened.outbox.add(message("m2", state=MessageState.SENT))
        counts = opened.outbox.counts()
        assert {state.value: count for state, count in counts.items() if count} == {"waiting": 1, "sent": 1}
        assert opened.outbox.counts([MessageState.WAITING]) == {MessageState.WAITING: 1}
        assert [item.id for item in opened.outbox.messages(MessageState.SENT)] == ["m2"]


def test_the_latest_messages_are_listed(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for number in (2, 3, 1):
            opened.outbox.add(message(f"m{number}", created_at=START + timedelta(seconds=number)))
        assert [item.id for item in opened.outbox.messages(limit=2)] == ["m2", "m3"]


STEP = st.sampled_from(["claim", "sent", "delayed", "given up", "release", "wait"])


@given(st.lists(st.tuples(STEP, st.integers(0, 5)), max_size=25))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_a_message_is_sent_given_up_or_will_be_claimed_again(steps: list[tuple[str, int]]) -> None:
    progress = {"sent": SENT, "delayed": DELAYED, "given up": GIVEN_UP}
    # In SQLite: to make a database for each example takes PostgreSQL too long.
    with tempfile.TemporaryDirectory() as folder, storage(Path(folder), storage={}) as opened:
        opened.outbox.add(message())
        now, claims, done = START, [], False
        for step, choice in steps:
            if step == "claim":
                taken = opened.outbox.claim(now, now + CLAIM, 1)
                assert not (taken and done), "what has ended is not sent again"
                claims += taken
            elif step == "wait":
                now += CLAIM / 2
            elif claims:
                claimed = claims[choice % len(claims)]
                if step == "release":
                    opened.outbox.release(claimed)
                else:
                    counted = opened.outbox.record(claimed, progress[step])
                    done = done or (counted and step != "delayed")
        state = only(opened.outbox).state
        later = opened.outbox.claim(now + 3 * CLAIM, now + 4 * CLAIM, 1)
        assert bool(later) is not (state in (MessageState.SENT, MessageState.GIVEN_UP))
