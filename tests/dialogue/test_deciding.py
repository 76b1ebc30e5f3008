"""Turns that more than one source has something to say to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import SMALL_BOT, Caller, engine, small_engine
from voicebot.dialogue import Engine
from voicebot.dialogue.decision import Kind
from voicebot.protocol.reply import ReplySource

APPOINTMENT, SERVICE = "appointment", "service"


async def at_confirm() -> Caller:
    caller = Caller(engine(APPOINTMENT))
    await caller.say("")
    await caller.say("是我")
    return caller


def sources(caller: Caller) -> list[ReplySource]:
    return [chunk.reply.reply_source for chunk in caller.chunks if chunk.reply is not None and chunk.reply.text]


async def test_a_question_that_a_document_answers() -> None:
    caller = await at_confirm()
    answer = await caller.say("洗牙会伤牙吗")
    assert answer.startswith("正规的超声波洗牙不会伤牙，也不会让牙缝变大。")
    assert answer.endswith("方便过来吗？")
    assert (caller.decision.kind, caller.decision.name) == (Kind.DOCUMENT, "洗牙")
    assert sources(caller)[0] is ReplySource.RAG
    (passage,) = caller.engine.sessions.open(caller.session_id).citations
    assert (passage.document, passage.title) == ("洗牙.md", "洗牙 > 洗牙会不会伤牙")
    await caller.say("停车方便吗")
    assert caller.engine.sessions.open(caller.session_id).citations == ()


async def test_a_node_may_lead_on_after_an_answer_from_a_document() -> None:
    caller = Caller(engine(SERVICE))
    await caller.say("")
    assert (await caller.say("how do I switch roaming on")).endswith("Is there anything else?")
    assert caller.decision.kind is Kind.DOCUMENT


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        (APPOINTMENT, "给我讲个笑话吧", "抱歉，讲笑话我不在行。请问您是王女士吗？"),
        (SERVICE, "tell me a joke", "I'm sorry, jokes aren't my strong side. How can I help you?"),
    ],
)
async def test_small_talk_leads_back_to_the_question(name: str, text: str, answer: str) -> None:
    caller = Caller(engine(name))
    await caller.say("")
    assert await caller.say(text) == answer
    assert caller.decision.kind is Kind.CHITCHAT
    assert sources(caller) == [ReplySource.CHITCHAT, ReplySource.TEXT_REPLY]


async def test_small_talk_turned_off(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path, SMALL_BOT + "\nchitchat: false"))
    await caller.say("")
    await caller.say("tell me a joke")
    assert caller.decision.kind is Kind.FALLBACK


@pytest.mark.parametrize("text", ["可以，那停车方便吗", "行那停车方便吗", "方便的。请问停车收费吗"])
async def test_a_yes_and_a_question_are_both_heard(text: str) -> None:
    caller = await at_confirm()
    answer = await caller.say(text)
    assert answer.startswith("楼下有地下停车场，看诊的客人可以免费停两个小时。好的，已经帮您确认了。")
    assert caller.decision.kind is Kind.TRANSITION


async def test_who_was_asked_whether_there_is_a_question_just_asks_it() -> None:
    caller = Caller(engine(SERVICE))
    for text in ("", "what time do you close", "yes, is there parking"):
        answer = await caller.say(text)
    assert answer.startswith("Yes. There's a car park behind the shop.")
    assert caller.decision.kind is Kind.FAQ
    assert answer.endswith("Is there anything else?")


async def test_a_no_before_a_question_is_not_acted_on() -> None:
    caller = await at_confirm()
    assert (await caller.say("不是，我想问一下停车方便吗")).startswith("楼下有地下停车场")
    assert caller.decision.kind is Kind.FAQ


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("停车，哦不对，你们地址在哪", "你们地址在哪里"),
        ("轉一下，請問停車方便嗎", "有地方停车吗"),
        ("那个那个，我想问一下，就是说，你们停车方便吗", "有地方停车吗"),
        ("我昨天看到你们广告了，打算带我妈一起过去，你们那边停车方便吗", "有地方停车吗"),
    ],
)
async def test_what_is_meant_counts(text: str, question: str) -> None:
    caller = await at_confirm()
    await caller.say(text)
    assert (caller.decision.kind, caller.decision.name) == (Kind.FAQ, question)


TWO = """\
faq:
  - {question: "Can I pay by card in the shop?", topic: paying in the shop, answer: "In the shop, cards are fine."}
  - {question: "Can I pay by card on the web?", topic: paying online, answer: "Online, cards are fine."}
"""


@pytest.fixture
def two(tmp_path: Path) -> Engine:
    return small_engine(tmp_path, SMALL_BOT[: SMALL_BOT.index("faq:")] + TWO)


async def asked_back(engine: Engine) -> Caller:
    caller = Caller(engine)
    await caller.say("")
    assert await caller.say("what about paying with cards") == "Do you mean paying in the shop, or paying online?"
    assert caller.decision.kind is Kind.CLARIFY
    return caller


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("the first one", "In the shop, cards are fine. Shall we?"),
        ("the second", "Online, cards are fine. Shall we?"),
        ("online please", "Online, cards are fine. Shall we?"),
        ("in the shop", "In the shop, cards are fine. Shall we?"),
        ("neither of them", "Sorry? Shall we?"),
        ("yes", "Sorry? Shall we?"),
        ("put me through to someone", "One moment."),
    ],
)
async def test_the_caller_picks_one_of_two(two: Engine, text: str, answer: str) -> None:
    assert await (await asked_back(two)).say(text) == answer


async def test_nobody_is_asked_back_twice(two: Engine) -> None:
    caller = await asked_back(two)
    await caller.say("what about paying with cards")
    assert caller.decision.kind is not Kind.CLARIFY
