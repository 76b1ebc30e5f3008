"""Nodes that ask for what they need to know, in whole turns; it is Monday, the second of March, a quarter past ten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import Caller, small_engine
from voicebot.dialogue.decision import Kind
from voicebot.protocol import Hangup

FRAME = """\
language: %s
start: hello
silence: {prompts: ["Still there?", "Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
intents:
  order: [I want to order something, place an order]
globals:
  order: {goto: ask}
nodes:
  hello: {say: Hello., transitions: [{intent: yes, goto: ask}]}
  ask:
    slots: {x: {ask: ["Which one?", "Which?"], %s}}
    filled: got
    tries: 2
    give_up: enough
  got:
    say: "[{{x}}|{{x_value}}]"
    corrects: ask
    transitions: [{intent: yes, goto: bye}, {intent: no, goto: ask}]
  enough: {say: Never mind., goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
faq:
  - {question: "What does it cost?", similar: [how much is it], answer: It is free.}
"""


async def caller_at(folder: Path, language: str, slot: str, **variables: str) -> Caller:
    caller = Caller(small_engine(folder, FRAME % (language, slot)))
    await caller.say("", **variables)
    await caller.say("yes" if language == "en" else "好的")
    return caller


@pytest.mark.parametrize(
    ("language", "slot", "words", "answer"),
    [
        ("en", "kind: date", "next Friday please", "[Friday March 13th|2026-03-13]"),
        ("zh", "kind: date", "下周五", "[三月十三号|2026-03-13]"),
        ("en", "kind: time", "half past three in the afternoon", "[3:30 pm|15:30]"),
        ("zh", "kind: datetime", "明天下午三点半", "[三月三号下午三点半|2026-03-03T15:30]"),
        ("zh", "kind: datetime", "下午三点", "[三月二号下午三点|2026-03-02T15:00]"),
        ("zh", "kind: datetime", "早上九点", "[三月三号上午九点|2026-03-03T09:00]"),
        ("en", "kind: number, min: 1, max: 8", "twelve, no, six people", "[6|6]"),
        ("zh", "kind: number", "两百五十", "[两百五十|250]"),
        ("en", "kind: digits, length: 5", "four five, one two three", "[four five one two three|45123]"),
        ("zh", "kind: digits, length: 4", "幺二三四", "[幺二三四|1234]"),
        ("zh", "kind: digits, letters: true, length: 4-6", "A幺二三四", "[A 幺二三四|A1234]"),
        ("zh", "kind: phone", "幺三八零零幺三八零零零", "[幺三八，零零幺三，八零零零|13800138000]"),
        ("zh", "kind: money", "一百二十块五毛", "[一百二十块五毛|120.50]"),
        ("en", "kind: percent", "thirty percent", "[30 percent|30]"),
        ("en", "kind: duration", "an hour and a half", "[an hour and a half|PT1H30M]"),
        ("en", "kind: yes_no", "no thank you", "[no|no]"),
        ("zh", "kind: name, values: [李医生, 张医生]", "我想找张医生", "[张医生|张医生]"),
        ("zh", "kind: name, values: {周末: [礼拜六, 礼拜天], 平时: [工作日]}", "礼拜天吧", "[周末|周末]"),
        ("en", "kind: text", "my screen is cracked", "[my screen is cracked|my screen is cracked]"),
    ],
)
async def test_each_kind(tmp_path: Path, language: str, slot: str, words: str, answer: str) -> None:
    caller = await caller_at(tmp_path, language, slot)
    said = await caller.say(words)
    assert said.endswith(answer)
    assert caller.decision.kind is Kind.SLOT


@pytest.mark.parametrize(
    ("slot", "words", "answer"),
    [
        ("kind: date, earliest: tomorrow, invalid: {earliest: Too soon.}", "today", "Too soon. Which?"),
        (
            "kind: date, latest: 2 weeks, invalid: 'Too late. Before the 16th?'",
            "on April 1st",
            "Too late. Before the 16th?",
        ),
        (
            "kind: date, not_on: [sunday], invalid: {not_on: Closed on Sundays.}",
            "on Sunday",
            "Closed on Sundays. Which?",
        ),
        ("kind: date, only_on: [tue, 2026-03-20]", "on March 19th", "Which?"),
        ("kind: date, only_on: [tue, 2026-03-20]", "on March 20th", "[Friday March 20th|2026-03-20]"),
        ('kind: time, between: "09:00-12:00"', "at two in the afternoon", "Which?"),
        ('kind: time, between: "18:00-20:00"', "at seven", "[7 pm|19:00]"),
        (
            'kind: time, earliest: now, invalid: "That was before."',
            "at nine in the morning",
            "That was before. Which?",
        ),
        ("kind: datetime, earliest: 2 hours", "today at eleven in the morning", "Which?"),
        ("kind: number, min: 1, max: 8, invalid: {max: Eight at most.}", "ten", "Eight at most. Which?"),
        ("kind: number, min: 1, max: 8, invalid: {other: No.}", "zero", "No. Which?"),
        (
            "kind: digits, length: 5, invalid: Five digits., end_of_speech_ms: 2000",
            "1 2 3 4 5 6",
            "Five digits. Which?",
        ),
        ('kind: number, valid_if: "x_value != 13", invalid: {valid_if: Bad luck.}', "thirteen", "Bad luck. Which?"),
        ('kind: number, valid_if: "x_value < {{limit}}"', "six", "Which?"),
        ('kind: number, valid_if: "x_value < {{limit}}"', "four", "[4|4]"),
    ],
)
async def test_what_is_not_accepted(tmp_path: Path, slot: str, words: str, answer: str) -> None:
    caller = await caller_at(tmp_path, "en", slot, limit="5")
    assert (await caller.say(words)) == answer


async def test_after_so_many_tries_it_gives_up(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: number, max: 8, invalid: Too many.")
    assert await caller.say("nine") == "Too many. Which?"
    assert await caller.say("purple elephants") == "Sorry? Which one?"
    assert await caller.say("ten") == "Never mind. Bye."
    assert caller.chunks[-1].instructions == (Hangup(),)


async def test_questions_and_intents_are_heard_in_between_and_cost_no_try(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: number")
    for _ in range(4):
        assert (await caller.say("how much is it")).startswith("It is free. Which")
    assert await caller.say("six") == "[6|6]"


async def test_a_slot_for_any_text_leaves_questions_to_the_faq(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: text")
    assert await caller.say("what does it cost?") == "It is free. Which?"
    assert await caller.say("the one that costs nothing") == "[the one that costs nothing|the one that costs nothing]"


async def test_a_correction_where_the_value_was_said_back(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: number, max: 8, invalid: Too many.")
    assert await caller.say("six") == "[6|6]"
    assert await caller.say("no, seven") == "[7|7]"
    assert await caller.say("no, nine") == "Too many. Which?"
    assert await caller.say("five") == "[5|5]"
    assert await caller.say("five") == "Bye."


async def test_who_says_no_is_asked_again(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: number")
    assert await caller.say("six") == "[6|6]"
    assert await caller.say("no") == "Which?"
    assert await caller.say("seven") == "[7|7]"


async def test_what_comes_with_the_call_is_not_asked_for(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, FRAME % ("en", "kind: digits, length: 5")))
    await caller.say("", x="45123")
    assert await caller.say("yes") == "[45123|45123]"
    # The second time it is asked for: who leads back here was not content with it.
    assert await caller.say("no") == "Which one?"


async def test_what_comes_in_the_middle_of_the_call_is_not_asked_for_any_more(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "en", "kind: digits, length: 5")
    assert await caller.say("purple elephants", x="45123") == "[45123|45123]"


async def test_what_comes_with_the_call_and_is_no_value_is_asked_for(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, FRAME % ("en", "kind: digits, length: 5")))
    await caller.say("", x="unknown")
    assert await caller.say("yes") == "Which one?"


async def test_the_words_that_lead_to_a_node_are_searched_for_values(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, FRAME % ("en", "kind: digits, length: 5")))
    await caller.say("")
    assert await caller.say("I want to order something, 45123") == "[four five one two three|45123]"


async def test_digits_in_two_parts(tmp_path: Path) -> None:
    caller = await caller_at(tmp_path, "zh", "kind: phone, invalid: 还差几位。")
    assert await caller.say("幺三八零零幺三") == "还差几位。Which?"
    assert await caller.say("八零零零") == "[幺三八，零零幺三，八零零零|13800138000]"


@pytest.mark.parametrize(
    ("slot", "waits_ms"),
    [
        ("kind: digits", 1200),
        ("kind: phone", 1200),
        ("kind: number", 800),
        ("kind: digits, end_of_speech_ms: 900", 900),
    ],
)
async def test_dictated_digits_may_have_pauses(tmp_path: Path, slot: str, waits_ms: int) -> None:
    caller = await caller_at(tmp_path, "en", slot)
    assert caller.chunks[0].identify_duration_ms == waits_ms


async def test_a_node_may_wait_otherwise(tmp_path: Path) -> None:
    text = (FRAME % ("en", "kind: digits")).replace("tries: 2", "tries: 2\n    end_of_speech_ms: 1500")
    caller = Caller(small_engine(tmp_path, text))
    await caller.say("")
    await caller.say("yes")
    assert caller.chunks[0].identify_duration_ms == 1500


TABLE = """\
language: en
start: book
silence: {prompts: ["Still there?", "Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  book:
    say: For how many, and when?
    again: How many, and when?
    silence: {prompts: ["Take your time."], limit: 3}
    slots:
      people: {kind: number, ask: "For how many?", max: 8, echo: "A table for {{people}}."}
      day: {kind: date, ask: "On which day?"}
      from: {kind: time, ask: "From when?", day: day, earliest: now}
      until: {kind: time, ask: "Until when?", valid_if: "until_value != {{from_value}}", invalid: You come then.}
    filled: booked
  booked: {say: "{{people}}, {{day}}, {{from_value}}-{{until_value}}.", goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
"""


async def test_several_slots_in_one_utterance_and_in_any_order(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, TABLE))
    assert await caller.say("") == "For how many, and when?"
    assert await caller.keep_silent() == "Take your time."
    assert await caller.say("tomorrow at seven in the evening") == "For how many?"
    assert await caller.keep_silent() == "Still there? For how many?"
    assert await caller.say("six people") == "A table for 6. Until when?"
    assert await caller.say("seven in the evening") == "You come then. Until when?"
    assert await caller.say("nine in the evening") == "6, Tuesday March 3rd, 19:00-21:00. Bye."


async def test_all_at_once(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, TABLE))
    await caller.say("")
    said = await caller.say("six people tomorrow, I come at 7 pm and we leave at 9 pm")
    assert said == "6, Tuesday March 3rd, 19:00-21:00. Bye."


async def test_a_time_that_the_day_makes_impossible_is_asked_for_again(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, TABLE))
    await caller.say("")
    await caller.say("six people")
    assert await caller.say("today") == "From when?"
    assert await caller.say("nine in the morning") == "From when?"
    assert await caller.say("noon") == "Until when?"


VISITS = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], limit: 9, goto: bye}
nodes:
  hello:
    say: ["One?", "Two?"]
    max_visits: 2
    then: enough
    transitions: [{intent: no, goto: hello}, {intent: yes, goto: again}]
  again: {goto: hello}
  enough: {say: Enough., goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
faq:
  - {question: "What does it cost?", answer: It is free.}
"""


async def test_visits_are_limited(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, VISITS))
    assert await caller.say("") == "One?"
    assert await caller.say("what does it cost") == "It is free. One?"
    assert await caller.say("yes") == "Two?"
    assert await caller.say("no") == "Enough. Bye."
    assert caller.chunks[-1].instructions == (Hangup(),)
