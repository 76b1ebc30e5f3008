"""Whole conversations with the example bots, and wordings that stand in none of their files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.dialogue.shared import Caller, encoder, engine
from tests.skills.endpoint import Endpoint, endpoint
from voicebot.dialogue import Engine
from voicebot.dialogue.decision import Kind
from voicebot.protocol import Hangup, Instruction, ToCustomerService
from voicebot.skills.runner import BotSkills

CONFIRM, SERVICE = "appointment", "service"

# Written without a look at the bots' own examples.
ZH_QUESTIONS = {
    "你们地址在哪里": ["你们店在哪条街", "我该坐几号线过来", "我不知道你们在哪儿啊"],
    "有地方停车吗": ["开车过去有地方停吗", "你们楼下好不好停车"],
    "需要带什么": ["我去的时候要拿什么东西", "身份证要不要带"],
    "费用是多少": ["看个牙得花多少钱", "你们那儿贵吗"],
    "营业时间是几点到几点": ["你们几点关门", "早上最早几点能去"],
    "周末上班吗": ["礼拜六你们开门吗", "星期天休不休息"],
    "可以用医保吗": ["医保卡可以刷吗", "这个能报销吗"],
    "是哪个医生给我看": ["哪个大夫给我看牙", "给我看的医生姓什么"],
    "迟到了怎么办": ["我要是迟到了呢", "晚二十分钟到行吗"],
    "看牙疼不疼": ["会很疼吗", "会不会特别痛啊"],
    "来之前可以吃东西吗": ["去之前能吃饭吗", "早饭能吃吗"],
    "怎么付款": ["能用支付宝付吗", "你们收不收现金"],
}
EN_QUESTIONS = {
    "What are your opening hours?": ["what time does the shop close", "when are you open"],
    "Are you open on Sunday?": ["do you work on sundays", "is the store open this sunday"],
    "Where are you located?": ["how do I find your shop", "what's the address of the store"],
    "Is there parking?": ["can I leave my car somewhere", "do you have parking spaces"],
    "How do I pay my bill?": ["which ways can I pay my bill", "can I pay with a credit card"],
    "How do I return something?": ["I'd like to return this phone", "how can I get my money back"],
    "How long does delivery take?": ["how long will shipping take", "how many days does delivery take"],
    "My phone is broken, can you repair it?": ["my display is broken", "could you fix a cracked screen"],
    "Is my phone under warranty?": ["do I still have warranty", "how many years of warranty do I get"],
    "I lost my phone, can you block my SIM card?": ["somebody stole my phone", "I need my sim card blocked"],
    "How do I cancel my contract?": ["I'd like to end my contract", "cancel my plan please"],
    "Can I keep my number?": ["can I bring my old number with me", "do I get to keep my phone number"],
}
ZH_OTHERS = ["今天天气怎么样", "香蕉大象", "昨天那场球谁赢了", "我家的猫不吃东西"]
EN_OTHERS = ["what's the weather like", "purple elephants fly", "who won the game", "where is the train station"]


async def decisions(name: str, words: list[str]) -> list[tuple[Kind, str]]:
    found = []
    for text in words:
        caller = Caller(engine(name))
        await caller.say("")
        await caller.say(text)
        found.append((caller.decision.kind, caller.decision.name))
    return found


@pytest.mark.parametrize(("name", "questions"), [(CONFIRM, ZH_QUESTIONS), (SERVICE, EN_QUESTIONS)])
async def test_other_wordings_of_questions(name: str, questions: dict[str, list[str]]) -> None:
    wanted = [(Kind.FAQ, question) for question, wordings in questions.items() for _ in wordings]
    words = [wording for wordings in questions.values() for wording in wordings]
    found = await decisions(name, words)
    missed = [(text, got) for text, got, want in zip(words, found, wanted, strict=True) if got != want]
    assert len(missed) <= len(words) // 8, missed


@pytest.mark.parametrize(("name", "others"), [(CONFIRM, ZH_OTHERS), (SERVICE, EN_OTHERS)])
async def test_what_the_bot_knows_nothing_about(name: str, others: list[str]) -> None:
    assert {kind for kind, _ in await decisions(name, others)} == {Kind.FALLBACK}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        *(("转员工", "human"), ("帮我转员工吧", "human"), ("我要找个真人", "human"), ("叫你们客服来", "human")),
        *(("我正在开会呢", "busy"), ("我在开车不方便", "busy"), ("别再给我打电话了", "refuse"), ("拜拜", "hang_up")),
        *(("你再说一遍", "repeat"), ("刚刚没听清", "repeat"), ("喂喂听得到吗", "cannot_hear"), ("你好", "hello")),
    ],
)
async def test_intents_that_are_understood_everywhere(text: str, intent: str) -> None:
    assert await decisions(CONFIRM, [text]) == [(Kind.GLOBAL, intent)]


@pytest.mark.parametrize(
    ("text", "goto"),
    [
        *(("对", "confirm"), ("嗯，是的", "confirm"), ("对对对", "confirm"), ("是我，怎么了", "confirm")),
        *(("不是", "wrong_person"), ("不是，你打错了", "wrong_person"), ("你好像打错电话了", "wrong_person")),
        *(("喂，您哪位", "confirm"), ("我想改一下时间", "ask_time"), ("我那天有事来不了", "ask_time")),
    ],
)
async def test_answers_to_the_first_question(text: str, goto: str) -> None:
    caller = Caller(engine(CONFIRM))
    await caller.say("")
    await caller.say(text)
    assert (caller.decision.kind, caller.decision.goto) == (Kind.TRANSITION, goto)


async def talk(name: str, words: list[str]) -> tuple[list[str], tuple[Instruction, ...]]:
    caller = Caller(engine(name))
    return [await caller.say(text) for text in ["", *words]], caller.chunks[-1].instructions


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Caller]:
    bot = engine(SERVICE).bot
    shop = Engine(bot, encoder(), skills=BotSkills(bot.skills, tmp_path, tell_messages=True))
    try:
        yield Caller(shop)
    finally:
        await shop.close()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("it's 4 5 1 2 3", "Your order is on its way and should arrive tomorrow."),
        ("four five one two three", "Your order is on its way and should arrive tomorrow."),
        ("one two, three four five", "Your order is being packed and should arrive on Friday."),
        ("nine oh double two zero please", "Your order was delivered last Monday."),
    ],
)
async def test_an_order_by_its_number(shop: Caller, number: str, told: str) -> None:
    await shop.say("")
    assert await shop.say("where is my order") == "Happy to check that. What is your order number?"
    assert await shop.say(number) == f"Thank you. One moment, I'll look it up. {told} Is there anything else?"
    assert await shop.say("no that's all") == "Thanks for calling Northwind Mobile. Goodbye!"
    assert shop.chunks[-1].instructions == (Hangup(),)


async def test_an_order_that_nobody_knows(shop: Caller) -> None:
    await shop.say("")
    await shop.say("where is my order")
    assert await shop.say("seven seven 8 8 1") == (
        "Thank you. One moment, I'll look it up. I can't find that order. "
        "Could you say the number again, digit by digit?"
    )
    assert await shop.say("7 7 8 8 1") == (
        "Thank you. One moment, I'll look it up. "
        "No problem. A colleague can look it up by your name. Shall I put you through?"
    )


async def test_an_order_that_the_platform_knows() -> None:
    caller = Caller(engine(SERVICE))
    await caller.say("", order_status="at the post office")
    await caller.say("where is my order")
    assert await caller.say("12345") == "Thank you. Your order is at the post office. Is there anything else?"


async def test_orders_that_cannot_be_looked_up() -> None:
    answers, _ = await talk(SERVICE, ["where is my order", "12345"])  # nobody runs its skills
    assert answers[-1] == (
        "Thank you. One moment, I'll look it up. I'm sorry, I can't look it up right now. "
        "No problem. A colleague can look it up by your name. Shall I put you through?"
    )


async def test_billing_leads_to_a_person() -> None:
    answers, instructions = await talk(SERVICE, ["I was charged twice", "yes please"])
    assert answers[-1] == "One moment, I'll put you through."
    assert [type(item) for item in instructions] == [ToCustomerService]


def forecast(rain: int) -> bytes:
    """Return an answer of the weather service, as its documentation has it."""
    daily = {
        "time": ["2026-03-02", "2026-03-03"],
        "temperature_2m_max": [14.2, 17.0],
        "precipitation_probability_max": [3, rain],
    }
    units = {"time": "iso8601", "temperature_2m_max": "\u00b0C", "precipitation_probability_max": "%"}
    place = {"latitude": 31.25, "longitude": 121.5, "timezone": "Asia/Shanghai", "utc_offset_seconds": 28800}
    return json.dumps({**place, "daily_units": units, "daily": daily}).encode()


@asynccontextmanager
async def clinic(
    monkeypatch: pytest.MonkeyPatch, rain: int, status: int = 200
) -> AsyncIterator[tuple[Caller, Endpoint]]:
    bot = engine(CONFIRM).bot
    async with endpoint(forecast(rain), status) as weather:
        monkeypatch.setenv("WEATHER_URL", weather.url + "/v1/forecast")
        clinic = Engine(bot, encoder(), skills=BotSkills(bot.skills, Path("unused")))
        try:
            yield Caller(clinic), weather
        finally:
            await clinic.close()


@pytest.mark.parametrize(
    ("rain", "status", "told"),
    [
        (80, 200, "明天最高17度，可能会下雨，记得带伞。"),
        (20, 200, "明天最高17度，应该不会下雨。"),
        (20, 500, "不好意思，天气我暂时查不到。"),
    ],
)
async def test_the_weather(monkeypatch: pytest.MonkeyPatch, rain: int, status: int, told: str) -> None:
    async with clinic(monkeypatch, rain, status) as (caller, weather):
        await caller.say("")
        await caller.say("是我")
        answer = await caller.say("明天会不会下雨啊")
        assert answer == f"我看一下明天的天气。{told}您约的是明天下午三点。到时候能过来吗？"
        await caller.say("可以")
        assert (await caller.say("那天冷不冷")).endswith("好的。那您还有什么想问我的吗？")
        assert {request.query["daily"] for request in weather.seen} == {
            "temperature_2m_max,precipitation_probability_max"
        }
