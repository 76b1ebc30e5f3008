"""What a call came to, and what the settings and the plan make of it."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from telephony.announcements.outcome import Category, RetryRule, rule_of
from telephony.announcements.outcome import Outcome as HeardOutcome
from voicebot.campaigns.ending import End, EndRules
from voicebot.campaigns.outcome import CallResult, Outcome
from voicebot.campaigns.plan import DEFAULT_RETRIES, RetryRuleName, parse_plan
from voicebot.errors import PlanError
from voicebot.settings.dialling import DiallingSettings, Heard, RetryName
from voicebot.settings.dialling import HeardOutcome as OutcomeName

PLAN = {"bot": "desk", "hours": {"timezone": "Asia/Shanghai"}}


def rules(handling: dict[str, Any] | None = None, plan: dict[str, Any] | None = None, **more: Any) -> EndRules:
    settings = DiallingSettings.model_validate({"handling": handling or {}, **more})
    return EndRules(settings, parse_plan({**PLAN, "handling": plan or {}}).handling)


def heard(category: str) -> CallResult:
    return CallResult(status=480, announcement=category)


def test_the_settings_have_every_name_of_the_table() -> None:
    assert set(get_args(Heard)) == {category.value for category in Category}
    assert set(get_args(OutcomeName)) == {outcome.value for outcome in HeardOutcome}
    assert set(get_args(RetryName)) == {rule.value for rule in RetryRule}


def test_every_rule_of_the_table_can_be_given_in_a_plan() -> None:
    names = {rule.value for rule in RetryRule} - {"never"}
    assert names | {"unknown", "cancelled"} == set(get_args(RetryRuleName))
    assert set(DEFAULT_RETRIES) <= set(get_args(RetryRuleName))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_plan_has_a_rule_for_every_outcome_but_those_that_are_never_tried_again(outcome: Outcome) -> None:
    never = {Outcome.ANSWERED, Outcome.MESSAGE_LEFT, Outcome.WRONG_NUMBER, Outcome.BLOCKED, Outcome.EXPIRED}
    plain = {**PLAN, "retries": {outcome.value: {"times": 7}}}
    if outcome in never:
        with pytest.raises(PlanError):
            parse_plan(plain)
    else:
        assert parse_plan(plain).rule(outcome.value).times == 7
        assert rules().retry_rule(outcome.value, "") == outcome.value


@pytest.mark.parametrize("outcome", HeardOutcome)
def test_every_outcome_of_the_table_has_a_name_in_the_settings_and_brings_its_rule(outcome: HeardOutcome) -> None:
    changed = rules({"busy": {"outcome": outcome.value}})
    assert changed.end_of(heard("busy")).outcome.value == outcome.value
    assert changed.retry_rule(outcome.value, "busy") == rule_of(outcome).value
    assert rule_of(outcome).value in get_args(RetryName)


def test_the_table_as_it_comes() -> None:
    assert rules().end_of(heard("powered_off")) == End(Outcome.UNREACHABLE, "powered_off", 20)
    assert rules().end_of(CallResult(status=404)) == End(Outcome.WRONG_NUMBER, "no_such_number", 1)
    assert rules().end_of(CallResult(answered=True, status=200)) == End(Outcome.ANSWERED, "undecided", 16)
    assert rules().end_of(CallResult(lost=True)) == End(Outcome.UNKNOWN)


def test_settings_change_a_category_and_leave_the_others() -> None:
    changed = rules({"suspended": {"outcome": "wrong_number"}, "powered_off": {"cause": 27}})
    assert changed.end_of(heard("suspended")) == End(Outcome.WRONG_NUMBER, "suspended", 27)
    assert changed.end_of(heard("powered_off")) == End(Outcome.UNREACHABLE, "powered_off", 27)
    assert changed.end_of(heard("unreachable")) == rules().end_of(heard("unreachable"))
    # The outcome has brought its own rule with it.
    assert changed.retry_rule("wrong_number", "suspended") == "never"
    assert changed.causes["powered_off"] == 27


def test_a_plan_wins_over_the_settings_where_it_says_something() -> None:
    both = rules({"powered_off": {"outcome": "no_answer", "cause": 19}}, {"powered_off": {"retry": "never"}})
    assert both.end_of(heard("powered_off")) == End(Outcome.NO_ANSWER, "powered_off", 19)
    assert both.retry_rule("no_answer", "powered_off") == "never"


def test_a_status_may_stand_for_something_else() -> None:
    gateway = rules(statuses={480: "no_answer", 403: "no_such_number"})
    assert gateway.end_of(CallResult(status=480)).outcome is Outcome.NO_ANSWER
    assert gateway.end_of(CallResult(status=403)).outcome is Outcome.WRONG_NUMBER
    # What was heard still says more.
    assert gateway.end_of(heard("powered_off")).outcome is Outcome.UNREACHABLE


def test_the_cause_of_the_network_says_more_than_the_status() -> None:
    # Asterisk makes 403 of 603, and 480 of much else.
    assert rules().end_of(CallResult(status=403, q850=21)).outcome is Outcome.REJECTED
    assert rules().end_of(CallResult(status=480, q850=20)) == End(Outcome.UNREACHABLE, "powered_off", 20)
    assert rules().end_of(CallResult(status=486, q850=31)).outcome is Outcome.BUSY  # unspecified
    assert rules(statuses={403: "outgoing_barred"}).end_of(CallResult(status=403, q850=21)).outcome is Outcome.FAILED
    # We gave up: the cause beside it is nobody else's.
    assert rules().end_of(CallResult(status=487, q850=1)).outcome is Outcome.NO_ANSWER
    assert rules().end_of(CallResult(status=480, q850=1, announcement="powered_off")).category == "powered_off"


def test_a_mailbox_with_and_without_our_message() -> None:
    taken = CallResult(answered=True, status=200, answered_by="voicemail", announcement="voicemail")
    assert rules().end_of(taken).outcome is Outcome.VOICEMAIL
    left = CallResult(answered=True, status=200, answered_by="voicemail", announcement="message_left")
    assert rules().end_of(left) == End(Outcome.MESSAGE_LEFT, "message_left", 16)
    assert rules().retry_rule("message_left", "message_left") == "never"


def test_what_was_noted_under_another_table_goes_by_its_outcome() -> None:
    assert rules({"busy": {"outcome": "no_answer"}}).retry_rule("busy", "busy") == "busy"


@pytest.mark.parametrize(
    ("handling", "field"),
    [
        ({"powerd_off": {}}, "handling.powerd_off.[key]"),
        ({"powered_off": {"outcome": "unknown"}}, "handling.powered_off.outcome"),
        ({"powered_off": {"retry": "later"}}, "handling.powered_off.retry"),
        ({"powered_off": {"cause": 128}}, "handling.powered_off.cause"),
        ({"powered_off": {"times": 3}}, "handling.powered_off.times"),
    ],
)
def test_a_plan_says_what_is_wrong_with_it(handling: dict[str, Any], field: str) -> None:
    with pytest.raises(PlanError) as raised:
        parse_plan({**PLAN, "handling": handling})
    assert raised.value.field == field
    assert field in raised.value.message
