"""Numbers are claimed once, whoever claims at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tests.storage.stored import START, settings, storage
from voicebot.storage.campaigns import NewContact, StoredCampaign
from voicebot.storage.database import Database
from voicebot.storage.outgoing import CallState, Ending, OutgoingCall
from voicebot.storage.store import Storage

pytestmark = pytest.mark.usefixtures("database")

T = TypeVar("T")
MANY = 40


def together(*steps: Callable[[], T]) -> list[T]:
    """Begin all steps at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(steps))

    def run(step: Callable[[], T]) -> T:
        gate.wait()
        return step()

    with ThreadPoolExecutor(len(steps)) as threads:
        return list(threads.map(run, steps))


def campaign_of(opened: Storage, numbers: int) -> StoredCampaign:
    campaign = opened.campaigns.create("autumn", "{}", "running", START)
    added = [NewContact(f"+861380000{number:04d}", number + 2, {}) for number in range(numbers)]
    opened.campaigns.add_contacts(campaign, "list.csv", added, START)
    return campaign


def template(campaign: StoredCampaign) -> OutgoingCall:
    return OutgoingCall("", "", "desk", START, campaign.id)


def test_two_who_claim_at_once_never_get_the_same_number(tmp_path: Path) -> None:
    with storage(tmp_path) as one, storage(tmp_path) as two:
        campaign = campaign_of(one, MANY)
        claimed: list[str] = []
        while True:
            found = together(
                *(
                    lambda who=who: who.outgoing.claim_contacts(template(campaign), START, [""] * 7)
                    for who in (one, two)
                )
            )
            claimed += [call.number for calls in found for call in calls]
            if not any(found):
                break
        assert len(claimed) == len(set(claimed)) == MANY
        assert {contact.attempts for contact in one.campaigns.contacts(campaign)} == {1}


def test_two_who_claim_single_calls_at_once(tmp_path: Path) -> None:
    with storage(tmp_path) as one, storage(tmp_path) as two:
        for number in range(MANY):
            one.outgoing.add(OutgoingCall(f"o{number}", "1001", "desk", START))
        found = together(*(lambda who=who: who.outgoing.claim_waiting(START, MANY) for who in (one, two)))
        claimed = [call.id for calls in found for call in calls]
        assert len(claimed) == len(set(claimed)) == MANY


def test_an_end_that_is_noted_twice_at_once_counts_once(tmp_path: Path) -> None:
    with storage(tmp_path) as one, storage(tmp_path) as two:
        campaign = campaign_of(one, 1)
        (call,) = one.outgoing.claim_contacts(template(campaign), START, [""])
        one.outgoing.begin(call, START)
        ending = Ending("busy", START)
        noted = together(*(lambda who=who: who.outgoing.end(call, ending, lambda ends: START) for who in (one, two)))
        assert sorted(noted) == [False, True]
        (known,) = one.outgoing.of_campaign(campaign.id)
        assert (known.state, known.outcome) == (CallState.ENDED, "busy")


def test_numbers_that_come_while_a_campaign_ends_are_not_forgotten(tmp_path: Path) -> None:
    with storage(tmp_path) as one, storage(tmp_path) as two:
        campaign = campaign_of(one, 0)

        def bring() -> str:
            two.campaigns.add_contacts(campaign, "more.csv", [NewContact("+8613800009999", 2, {})], START)
            return two.campaigns.all()[0].state

        finished, state = together(lambda: one.campaigns.finish(campaign, "done", START), bring)
        # Whoever brought them has seen that it had ended, or it has not ended.
        assert not finished or state == "done"


def test_services_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    made = [Database(settings(tmp_path)) for _ in range(4)]

    def use(database: Database) -> bool:
        with database.transaction():
            return True

    assert all(together(*(lambda database=database: use(database) for database in made)))
    for database in made:
        database.close()
