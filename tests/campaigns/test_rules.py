from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.announcements.outcome import Category
from telephony.announcements.outcome import Outcome as Heard
from voicebot.campaigns.ending import End, EndRules
from voicebot.campaigns.lifecycle import CampaignState, Command, next_state
from voicebot.campaigns.outcome import CallResult, Outcome
from voicebot.campaigns.plan import BreakerPlan, CallerNumber, Plan, parse_plan
from voicebot.campaigns.rules import Pace, after_call, choose_caller, free_places, is_tripped
from voicebot.errors import CampaignStateError, PlanError
from voicebot.settings.dialling import DiallingSettings

NOW = datetime(2026, 11, 21, 10, tzinfo=timezone.utc)
HOURS = {"timezone": "Asia/Shanghai"}
RULES = EndRules(DiallingSettings())


def plan(**more: Any) -> Plan:
    return parse_plan({"bot": "desk", "hours": HOURS, **more})


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (CallResult(answered=True, status=200), Outcome.ANSWERED),
        (CallResult(answered=True, status=200, answered_by="voicemail"), Outcome.VOICEMAIL),
        (CallResult(answered=True, status=200, answered_by="unknown"), Outcome.ANSWERED),
        (CallResult(answered=True, status=200, cause="shutdown"), Outcome.ANSWERED),
        (CallResult(status=486), Outcome.BUSY),
        (CallResult(status=487), Outcome.NO_ANSWER),
        (CallResult(status=408), Outcome.NO_ANSWER),
        (CallResult(status=480), Outcome.UNREACHABLE),
        (CallResult(status=404), Outcome.WRONG_NUMBER),
        (CallResult(status=603), Outcome.REJECTED),
        (CallResult(status=503), Outcome.NETWORK_BUSY),
        (CallResult(status=500), Outcome.FAILED),
        (CallResult(status=0, reason="no such bot"), Outcome.FAILED),
        (CallResult(status=487, cause="shutdown"), Outcome.CANCELLED),
        (CallResult(status=480, announcement="no_such_number"), Outcome.WRONG_NUMBER),
        (CallResult(status=486, announcement="powered_off"), Outcome.UNREACHABLE),
        (CallResult(status=486, announcement="ringing"), Outcome.BUSY),
        (CallResult(status=487, announcement="colour_ring"), Outcome.NO_ANSWER),
        (CallResult(answered=True, status=200, announcement="colour_ring"), Outcome.ANSWERED),
        (CallResult(answered=True, status=200, announcement="silence"), Outcome.SILENT),
        (CallResult(lost=True), Outcome.UNKNOWN),
    ],
)
def test_what_a_call_came_to(result: CallResult, outcome: Outcome) -> None:
    assert RULES.end_of(result).outcome is outcome


def test_every_word_for_what_was_heard_is_one_of_ours() -> None:
    assert {word.value for word in Heard} <= {outcome.value for outcome in Outcome}
    for category in Category:
        assert RULES.end_of(CallResult(announcement=category.value)).outcome in Outcome


def retry_at(rules: Plan, ends: dict[tuple[str, str], int], end: End) -> datetime | None:
    """When a number is called again whose latest call is ``end``, by the table of the plan."""
    return after_call(rules, EndRules(DiallingSettings(), rules.handling), ends, end, NOW).retry_at


BUSY, IN_CALL, UNHEARD = End(Outcome.BUSY, "busy"), End(Outcome.BUSY, "in_call"), End(Outcome.NO_ANSWER)


def test_retries_by_outcome() -> None:
    rules = plan(retries={"busy": {"times": 2, "wait_minutes": 5}}, max_calls=4)
    soon = NOW + timedelta(minutes=5)
    assert retry_at(rules, {("busy", "busy"): 1}, BUSY) == soon
    assert retry_at(rules, {("busy", "busy"): 1, ("busy", "in_call"): 1, ("no_answer", ""): 1}, BUSY) == soon
    assert retry_at(rules, {("busy", "busy"): 1, ("busy", "in_call"): 2}, IN_CALL) is None
    assert retry_at(rules, {("busy", "busy"): 1, ("no_answer", ""): 3}, BUSY) is None


def test_what_was_heard_may_have_a_rule_of_its_own() -> None:
    handling = {"in_call": {"retry": "no_answer"}, "call_reminder": {"retry": "never"}, "busy": {"retry": "never"}}
    retries = {"no_answer": {"times": 1, "wait_minutes": 7}}
    rules, later = plan(handling=handling, retries=retries), NOW + timedelta(minutes=7)
    assert retry_at(rules, {("busy", "in_call"): 1}, IN_CALL) == later
    assert retry_at(rules, {("busy", "busy"): 1}, BUSY) is None
    reminded = End(Outcome.NO_ANSWER, "call_reminder")
    assert retry_at(rules, {("no_answer", "call_reminder"): 1}, reminded) is None
    # They share the rule, so they share its number of times.
    assert retry_at(rules, {("busy", "in_call"): 1, ("no_answer", ""): 1}, UNHEARD) is None


@pytest.mark.parametrize(
    "outcome", ["answered", "message_left", "rejected", "wrong_number", "unknown", "blocked", "suspended"]
)
def test_nobody_is_called_again_without_a_rule(outcome: str) -> None:
    assert retry_at(plan(), {(outcome, ""): 1}, End(Outcome(outcome))) is None


@given(st.lists(st.sampled_from(Outcome), max_size=80), st.integers(1, 10))
def test_a_number_is_never_called_more_often_than_the_plan_says(outcomes: list[Outcome], most: int) -> None:
    rules, calls = plan(max_calls=most), Counter[tuple[str, str]]()
    for outcome in outcomes:
        calls[outcome.value, ""] += 1
        if retry_at(rules, calls, End(outcome)) is None:
            break
    else:
        assert sum(calls.values()) < most
    assert sum(calls.values()) <= most


def test_the_breaker_looks_at_the_way_and_not_at_the_people() -> None:
    rule = BreakerPlan(failed_share=0.5, min_calls=4)
    assert not is_tripped(rule, [Outcome.FAILED] * 3)
    assert is_tripped(rule, [Outcome.FAILED, Outcome.NETWORK_BUSY, Outcome.BUSY, Outcome.ANSWERED])
    assert not is_tripped(rule, [Outcome.FAILED, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.ANSWERED])
    assert not is_tripped(rule, [])


def test_one_call_at_a_time_shows_whether_it_works_again() -> None:
    assert [free_places(plan(), mine, on_trial=True) for mine in (0, 1, 2)] == [1, 0, 0]
    assert [free_places(plan(), mine, on_trial=False) for mine in (0, 4, 7)] == [5, 1, 0]


@given(st.floats(0.1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_calls_begin_no_faster_than_the_pace(per_second: float, waits: list[float]) -> None:
    pace, now_s, begins = Pace(per_second), 100.0, list[float]()
    for wait_s in waits:
        now_s += wait_s
        for _ in range(pace.room(now_s, 1.0)):
            begins.append(now_s + pace.reserve(now_s))
            assert begins[-1] <= now_s + 1.0 + 1e-6
    assert begins, "the first call may begin at once"
    for earlier, later in itertools.pairwise(begins):
        assert later - earlier >= 1 / per_second - 1e-6


def test_numbers_to_call_from_take_turns() -> None:
    pool = [CallerNumber(number="0101"), CallerNumber(number="0102", concurrent=1), CallerNumber(number="0103")]
    assert choose_caller(pool, {}, "") == "0101"
    assert choose_caller(pool, {}, "0101") == "0102"
    assert choose_caller(pool, {"0102": 1}, "0101") == "0103"
    assert choose_caller(pool, {}, "0103") == "0101"
    assert choose_caller(pool[1:2], {"0102": 1}, "0102") is None
    assert choose_caller([], {}, "") == ""


def test_commands_and_states() -> None:
    assert next_state(CampaignState.READY, Command.START) is CampaignState.RUNNING
    assert next_state(CampaignState.RUNNING, Command.RESUME) is CampaignState.RUNNING
    assert next_state(CampaignState.PAUSED, Command.STOP) is CampaignState.STOPPED
    for state, command in (
        (CampaignState.STOPPED, Command.START),
        (CampaignState.DONE, Command.RESUME),
        (CampaignState.READY, Command.PAUSE),
    ):
        with pytest.raises(CampaignStateError, match=f"{state.value} cannot {command.value}"):
            next_state(state, command)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hours": {}}, "hours.timezone"),
        ({"hours": {"timezone": "Peking"}}, "hours.timezone"),
        ({"hours": {**HOURS, "days": {"mon": ["9-12"]}}}, "hours.days"),
        ({"hours": {**HOURS, "days": {"monday": []}}}, "hours.days"),
        ({"limits": {"concurrent": 0}}, "limits.concurrent"),
        ({"retries": {"answered": {"times": 1}}}, "retries.answered.[key]"),
        ({"callers": ["sip:me@here"]}, "callers.0.number"),
        ({"typing_mistake": 1}, "typing_mistake"),
        ({"bot": ""}, "bot"),
    ],
)
def test_a_wrong_plan_names_what_is_wrong(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(PlanError) as raised:
        parse_plan({"bot": "desk", "hours": HOURS, **wrong})
    assert raised.value.field == field


def test_a_plan_survives_the_database() -> None:
    full = plan(
        callers=["01088886666", {"number": "01088887777", "concurrent": 2}],
        hours={**HOURS, "holidays": ["2026-10-01"], "special_days": {"2026-10-10": ["09:00-12:00"]}},
        retries={"busy": {"times": 1}},
    )
    assert Plan.model_validate_json(full.model_dump_json()) == full
