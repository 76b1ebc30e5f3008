from __future__ import annotations

import pytest

from telephony.announcements.answerers import answerer_of
from telephony.announcements.outcome import DEFAULTS, Category, Outcome, RetryRule, category_of_status, handlings
from voicebot.conversation.answeredby import DECISIONS, Answerer, Then
from voicebot.settings.dialling import DiallingSettings


def test_every_category_has_its_row() -> None:
    assert set(DEFAULTS) == set(Category)
    assert all(1 <= handling.cause <= 127 for handling in DEFAULTS.values())


def test_numbers_that_are_not_in_use_are_never_tried_again() -> None:
    wrong = [handling for handling in DEFAULTS.values() if handling.outcome is Outcome.WRONG_NUMBER]
    assert {handling.retry for handling in wrong} == {RetryRule.NEVER}


def test_changes_of_the_table() -> None:
    changed = handlings({Category.CALL_REMINDER: (Outcome.UNREACHABLE, RetryRule.BUSY)})
    assert changed[Category.CALL_REMINDER].outcome is Outcome.UNREACHABLE
    assert changed[Category.BUSY] is DEFAULTS[Category.BUSY]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (486, Outcome.BUSY),
        (404, Outcome.WRONG_NUMBER),
        (408, Outcome.NO_ANSWER),
        (603, Outcome.REJECTED),
        (503, Outcome.NETWORK_BUSY),
        (500, Outcome.FAILED),
    ],
)
def test_status_without_words(status: int, outcome: Outcome) -> None:
    assert DEFAULTS[category_of_status(status)].outcome is outcome


def test_nobody_is_hung_up_on_who_may_be_a_person() -> None:
    people = (Category.HUMAN, Category.UNDECIDED, Category.SILENCE, Category.QUEUE, Category.ASSISTANT)
    assert all(DECISIONS[answerer_of(category)] is Then.CONTINUE for category in people)
    assert answerer_of(Category.POWERED_OFF) is Answerer.ANNOUNCEMENT


def test_what_ends_the_ringing_is_what_the_table_says() -> None:
    ends = {category.value for category, handling in DEFAULTS.items() if handling.ends_ringing}
    assert set(DiallingSettings().give_up_on) == ends
