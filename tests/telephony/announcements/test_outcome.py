from __future__ import annotations

import re
from pathlib import Path

import pytest

from telephony.announcements.answerers import answerer_of
from telephony.announcements.outcome import (
    DEFAULTS,
    Category,
    Change,
    Outcome,
    RetryRule,
    category_of_status,
    handlings,
    rule_of,
)
from voicebot.conversation.answeredby import DECISIONS, Answerer, Then
from voicebot.settings.dialling import DiallingSettings


def test_every_category_has_its_row() -> None:
    assert set(DEFAULTS) == set(Category)
    assert all(1 <= handling.cause <= 127 for handling in DEFAULTS.values())


def test_numbers_that_are_not_in_use_are_never_tried_again() -> None:
    wrong = [handling for handling in DEFAULTS.values() if handling.outcome is Outcome.WRONG_NUMBER]
    assert {handling.retry for handling in wrong} == {RetryRule.NEVER}


def test_changes_of_the_table() -> None:
    changed = handlings(
        {Category.CALL_REMINDER: Change(Outcome.UNREACHABLE, RetryRule.BUSY), Category.BUSY: Change(cause=21)},
        {Category.CALL_REMINDER: Change(cause=18)},
    )
    reminder = changed[Category.CALL_REMINDER]
    assert (reminder.outcome, reminder.retry, reminder.cause) == (Outcome.UNREACHABLE, RetryRule.BUSY, 18)
    assert (changed[Category.BUSY].outcome, changed[Category.BUSY].cause) == (Outcome.BUSY, 21)
    assert changed[Category.IN_CALL] is DEFAULTS[Category.IN_CALL]


def test_another_outcome_brings_its_rule_along() -> None:
    changed = handlings({Category.SUSPENDED: Change(Outcome.NO_ANSWER), Category.BUSY: Change(Outcome.WRONG_NUMBER)})
    assert changed[Category.SUSPENDED].retry is RetryRule.NO_ANSWER
    assert changed[Category.BUSY].retry is RetryRule.NEVER


def test_every_outcome_has_a_rule() -> None:
    assert {rule_of(outcome) for outcome in Outcome} == set(RetryRule)


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


@pytest.mark.parametrize("page", ["answering-machines.md", "answering-machines.zh-CN.md"])
def test_the_page_shows_the_table(page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| (\d+) \|$", text, re.MULTILINE)
    rows = DEFAULTS.items()
    assert shown == [(kind.value, row.outcome.value, row.retry.value, str(row.cause)) for kind, row in rows]
