from __future__ import annotations

import pytest

from tests.dialogue.shared import BOTS
from voicebot.dialogue import load_bot
from voicebot.dialogue.bot import Bot
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.entities import Entity, EntityKind
from voicebot.dialogue.slots import Filling, SlotValue
from voicebot.errors import ConfigError
from voicebot.evaluation.labels import Judge, Outcome, digits_of, time_read
from voicebot.evaluation.turns import Turn

HOURS = "What are your opening hours?"
TOPICS = {"faq:hours": [HOURS], "faq:unlock": [], "document:roaming": ["document:roaming"], "chitchat": ["chitchat"]}
FALLBACK = Decision(Kind.FALLBACK, score=0.0)


@pytest.fixture(scope="module")
def bot() -> Bot:
    return load_bot(BOTS / "service" / "bot.yaml")


@pytest.fixture(scope="module")
def judge(bot: Bot) -> Judge:
    return Judge(bot, TOPICS)


def turn(*expect: str, node: str = "greeting", slot: str = "") -> Turn:
    return Turn("en-1", node, "words", expect, "kind", slot)


@pytest.mark.parametrize(
    ("label", "decision"),
    [
        ("goto:goodbye", Decision(Kind.TRANSITION, "no", goto="goodbye")),
        ("goto:goodbye", Decision(Kind.GLOBAL, "hang_up", goto="goodbye")),
        ("global:hang_up", Decision(Kind.TRANSITION, "hang_up", goto="goodbye")),
        ("global:human", Decision(Kind.TRANSITION, "yes", goto="to_person")),
        ("faq:hours", Decision(Kind.FAQ, HOURS, faq=0)),
        ("faq:unlock", FALLBACK),
        ("faq:unlock", Decision(Kind.GLOBAL, "human", goto="to_person")),
        ("fallback", FALLBACK),
    ],
)
def test_a_label_is_met_by_its_effect(judge: Judge, label: str, decision: Decision) -> None:
    assert judge.outcome(turn(label), decision) is Outcome.RIGHT


def test_any_of_several_labels_will_do(judge: Judge) -> None:
    either = turn("goto:go_ahead", "faq:hours")
    assert judge.outcome(either, Decision(Kind.FAQ, HOURS, faq=0)) is Outcome.RIGHT
    assert judge.outcome(either, Decision(Kind.TRANSITION, "yes", goto="go_ahead")) is Outcome.RIGHT


def test_acting_on_the_wrong_thing_is_worse_than_asking_again(judge: Judge) -> None:
    assert judge.outcome(turn("faq:hours"), Decision(Kind.FAQ, "Is there parking?", faq=3)) is Outcome.WRONG
    assert judge.outcome(turn("faq:hours"), FALLBACK) is Outcome.MISSED
    assert judge.outcome(turn("fallback"), Decision(Kind.FAQ, HOURS, faq=0)) is Outcome.WRONG
    assert judge.outcome(turn("faq:unlock"), Decision(Kind.FAQ, HOURS, faq=0)) is Outcome.WRONG
    assert judge.outcome(turn("document:roaming"), FALLBACK) is Outcome.MISSED


def test_an_intent_is_what_the_node_does_on_it(judge: Judge) -> None:
    no = turn("intent:no", node="ask_order")
    assert judge.outcome(no, Decision(Kind.TRANSITION, "don't have", goto="no_number")) is Outcome.RIGHT
    assert judge.outcome(no, Decision(Kind.TRANSITION, "regex", goto="got_number")) is Outcome.WRONG


@pytest.mark.parametrize(("words", "outcome"), [("double seven, one 20", Outcome.RIGHT), ("77121", Outcome.WRONG)])
def test_digits_have_to_be_the_right_ones(judge: Judge, words: str, outcome: Outcome) -> None:
    decision = Decision(Kind.TRANSITION, "regex", goto="got_number", variables={"order_number": words})
    assert judge.outcome(turn("slot:77120", node="ask_order"), decision) is outcome


def test_a_slot_that_takes_the_words_is_named(judge: Judge) -> None:
    fills = turn("fills:order_number", node="ask_order")
    judge.check([fills])
    filled = Decision(Kind.SLOT, filling=Filling({"order_number": SlotValue("48213", "")}))
    assert judge.outcome(fills, filled) is Outcome.RIGHT
    assert (
        judge.outcome(fills, Decision(Kind.SLOT, filling=Filling({"other": SlotValue("48213", "")}))) is Outcome.WRONG
    )
    assert judge.outcome(fills, FALLBACK) is Outcome.MISSED


@pytest.mark.parametrize(
    ("words", "digits"),
    [("nine oh five, five one six", "905516"), ("triple 1 2", "1112"), ("none", ""), ("4-8 2", "482")],
)
def test_dictated_digits(words: str, digits: str) -> None:
    assert digits_of(words) == digits


@pytest.mark.parametrize(
    ("slot", "found", "right"),
    [
        ("2026-11-25T15:00", ["2026-11-25T15:00"], True),
        ("2026-11-25T15:00", ["2026-11-25T03:00"], False),
        ("2026-11-25 afternoon", ["2026-11-25", "afternoon"], True),
        ("16:00", ["2026-11-24T16:00"], True),
        ("2026-11-25", [], False),
        ("", ["2026-11-25"], None),
    ],
)
def test_times_are_found_in_the_words(slot: str, found: list[str], right: bool | None) -> None:
    entities = tuple(Entity(EntityKind.DATETIME, "", 0, 0, value, "", 1.0) for value in found)
    assert time_read(turn("goto:check_time", slot=slot), Decision(Kind.SLOT, entities=entities)) is right


@pytest.mark.parametrize(
    ("slot", "filled", "outcome"),
    [
        ("2026-11-25T15:00", ["2026-11-25", "15:00"], Outcome.RIGHT),
        ("2026-11-25T15:00", ["2026-11-25"], Outcome.RIGHT),
        ("2026-11-25T15:00", ["2026-11-26T15:00"], Outcome.WRONG),
        ("2026-11-25 afternoon", ["2026-11-25", "15:00"], Outcome.WRONG),
        ("16:00", ["2026-11-24T16:00"], Outcome.RIGHT),
        ("", ["2026-11-25"], Outcome.WRONG),
    ],
)
def test_slots_take_what_is_meant_and_no_more(judge: Judge, slot: str, filled: list[str], outcome: Outcome) -> None:
    values = {f"slot{number}": SlotValue(value, "") for number, value in enumerate(filled)}
    decision = Decision(Kind.SLOT, filling=Filling(values))
    assert judge.outcome(turn("goto:go_ahead", slot=slot), decision) is outcome


def test_a_topic_without_an_answer_is_not_meant_to_be_understood(judge: Judge) -> None:
    assert not judge.has_answer(turn("faq:unlock"))
    assert not judge.has_answer(turn("fallback"))
    assert judge.has_answer(turn("faq:hours"))


def test_a_question_that_was_renamed_is_told(bot: Bot) -> None:
    with pytest.raises(ConfigError, match="no question 'When\\?' \\(faq:hours\\)"):
        Judge(bot, {"faq:hours": ["When?"]})


@pytest.mark.parametrize(
    "wrong", [turn("faq:hours", node="nowhere"), turn("goto:nowhere"), turn("faq:wether"), turn("fills:nothing")]
)
def test_labels_that_mean_nothing_are_told(judge: Judge, wrong: Turn) -> None:
    judge.check([turn("faq:hours", "goto:goodbye", "fallback", "chitchat")])
    with pytest.raises(ConfigError, match="en-1: "):
        judge.check([wrong])
