"""Conditions, branches and variables set by nodes, in whole turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import Caller, small_engine

BOT = """\
language: en
start: hello
variables: {plan: basic, nothing: ""}
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello:
    set: {visits: "{{visits}}x", greeting: "Hi {{name|there}}", late: "{{greeting}}!"}
    say: "{{late}}"
    goto:
      - {if: plan == gold and visits == x, goto: gold}
      - {if: plan is not set, goto: bye}
      - {goto: menu}
  gold:
    set: {plan: ""}
    say: Gold it was, {{plan}} it is.
    goto: menu
  menu:
    say: How much?
    transitions:
      - {regex: "(?P<amount>[0-9]+)", if: amount > 100, goto: much}
      - {regex: "(?P<amount>[0-9]+)", goto: little}
      - {intent: yes, if: name is set, goto: known}
      - {intent: yes, goto: unknown}
      - {contains: [stop], if: "not (name is set)", goto: bye}
      - {any: true, if: name == Bob, goto: known}
      - {if: plan == gold, goto: much}
  much: {say: "{{amount}} is much.", goto: menu}
  little: {say: "{{amount}} is little.", goto: menu}
  known: {say: "I know you, {{name}}.", goto: menu}
  unknown: {say: "Who are you?", goto: menu}
  bye: {say: Bye., instructions: {hangup: true}}
"""


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(small_engine(tmp_path, BOT))


async def test_a_branch_is_taken_if_it_holds(caller: Caller) -> None:
    assert await caller.say("", plan="Gold") == "Hi there! Gold it was, basic it is. How much?"


async def test_without_one_that_holds_the_last_is_taken(caller: Caller) -> None:
    assert await caller.say("", name="Ann") == "Hi Ann! How much?"


async def test_a_condition_sees_what_a_pattern_picked_out(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("make it 250") == "250 is much. How much?"
    assert await caller.say("make it 99") == "99 is little. How much?"


async def test_intents_words_and_anything_with_a_condition(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("yes") == "Who are you? How much?"
    assert await caller.say("yes", name="Ann") == "I know you, Ann. How much?"
    assert await caller.say("stop it") == "Sorry? How much?"
    assert await caller.say("purple elephants", name="Bob") == "I know you, Bob. How much?"
    assert await caller.say("stop it", name="") == "Bye."


async def test_a_condition_that_stands_alone_takes_whatever_else_was_said(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("purple elephants", plan="gold", amount="7") == "7 is much. How much?"
    assert await caller.say("yes") == "Who are you? How much?"


async def test_a_platform_s_own_unfilled_template_is_not_spoken(caller: Caller) -> None:
    assert await caller.say("", name="{{customer.name}}") == "Hi there! How much?"
