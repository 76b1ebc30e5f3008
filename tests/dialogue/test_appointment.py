"""Whole calls with the appointment bot, each way through it; it is Monday, the second of March, a quarter past ten."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialogue.shared import Caller, engine
from voicebot.protocol import Blacklist, Hangup, Instruction, ShortMessage, ToCustomerService, TransferState
from voicebot.protocol.query import SilenceType

GREETING = "您好，我是安心口腔的预约助手。请问是王女士吗？"
CONFIRM = "跟您确认一下，您约了明天下午三点来看牙。到时候方便过来吗？"
CONFIRMED = "好的，已经帮您确认了。明天下午三点，我们等您。稍后会给您发一条短信确认。请问还有别的问题吗？"
GOODBYE = "好的，感谢您的接听，祝您生活愉快，再见。"
ASK_TIME = "没关系，可以改。您想改到哪天、几点？"
PARKING = "楼下有地下停车场，看诊的客人可以免费停两个小时。"
HOURS = "我们早上九点到晚上八点营业，您看几点方便？"
CONFIRMATION = ShortMessage("", "安心口腔", "1001")
NEW_TIME = ShortMessage("", "安心口腔", "1002")
SILENCE, BUSY, FAILED = "(silence)", "(busy)", "(failed)"

Turns = list[tuple[str, str]]


def rescheduled(when: str) -> str:
    return (
        f"好的，帮您记下了，{when}。稍后会给您发一条短信确认。如果那个时间满了，同事会给您回电话。请问还有别的问题吗？"
    )


CALLS: dict[str, tuple[Turns, tuple[Instruction, ...]]] = {
    "confirmed": (
        [
            ("是我", CONFIRM),
            ("停车方便吗", PARKING + "那明天下午三点，您方便过来吗？"),
            ("可以，没问题", CONFIRMED),
            ("没有了，谢谢", GOODBYE),
        ],
        (CONFIRMATION, Hangup()),
    ),
    "confirmed twice, one message": (
        [
            ("对", CONFIRM),
            ("可以", CONFIRMED),
            ("帮我取消吧", "好的。确定要取消明天下午三点的预约吗？"),
            ("不是", "您约的是明天下午三点。到时候能过来吗？"),
            ("能来", "好的，那就还是明天下午三点，我们等您。好的。那您还有什么想问我的吗？"),
            ("没有", GOODBYE),
        ],
        (CONFIRMATION, Hangup()),
    ),
    "date and time at once": (
        [
            ("对", CONFIRM),
            ("那天我去不了", ASK_TIME),
            ("后天下午三点", "好，给您改到三月四号下午三点，对吗？"),
            ("对", rescheduled("三月四号下午三点")),
            ("没有了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "date, a question, time, and a correction": (
        [
            ("对", CONFIRM),
            ("我想改时间", ASK_TIME),
            ("后天吧", "几点方便呢？"),
            ("有停车的地方吗", PARKING + "您看几点合适？"),
            ("三点", "好，给您改到三月四号下午三点，对吗？"),
            ("不对，是三点半", "那就是三月四号下午三点半，对吗？"),
            ("是的", rescheduled("三月四号下午三点半")),
            ("没了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "the new day is named at once": (
        [
            ("对", CONFIRM),
            ("换到后天可以吗", "几点方便呢？"),
            ("上午十点", "好，给您改到三月四号上午十点，对吗？"),
            ("那周五十点吧", "那就是三月六号上午十点，对吗？"),
            ("对", rescheduled("三月六号上午十点")),
            ("没了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "too late, closed, half an answer": (
        [
            ("对", CONFIRM),
            ("改期", ASK_TIME),
            ("昨天", "那天已经过了。您想改到哪天？"),
            ("下周", "下周哪天方便呢？"),
            ("周三晚上", "晚上几点呢？"),
            ("十点", HOURS),
            ("那就八点吧", "好，给您改到三月四号晚上八点，对吗？"),
            ("不对", "那您看改到哪天、几点合适？"),
            ("三个月以后", "我们现在只能约两个月以内的。哪天方便呢？"),
            ("今天早上九点", "这个时间已经过了。几点方便呢？"),
            ("下午两点", "那就是三月二号下午两点，对吗？"),
            ("可以", rescheduled("三月二号下午两点")),
            ("没事了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "no time at all": (
        [
            ("对", CONFIRM),
            ("改期", ASK_TIME),
            ("香蕉大象", "不好意思，我没太听明白。您想改到哪天、几点？"),
            ("紫色的", "抱歉，我还是没听清楚。您想改到哪天、几点？"),
            (SILENCE, "您想改到哪天、几点，跟我说就行。"),
            ("大象", "抱歉，我还是没听清楚。您想改到哪天、几点？"),
            ("香蕉", "没事，您先看看时间。我让同事晚点跟您联系。祝您生活愉快，再见。"),
        ],
        (Hangup(),),
    ),
    "cancelled": (
        [
            ("是的", CONFIRM),
            ("我不去了", "好的。确定要取消明天下午三点的预约吗？"),
            ("是的", "好的，已经帮您取消了。方便问一下是什么原因吗？"),
            ("我已经在别的医院看过了", "好的，谢谢您告诉我。以后有需要，随时联系我们。再见。"),
        ],
        (Hangup(),),
    ),
    "cancelled for the price, with a question before": (
        [
            ("是的", CONFIRM),
            ("帮我取消吧", "好的。确定要取消明天下午三点的预约吗？"),
            ("对", "好的，已经帮您取消了。方便问一下是什么原因吗？"),
            ("停车方便吗", PARKING + "方便说一下取消的原因吗？"),
            ("太贵了", "好的，谢谢您告诉我。以后有需要，随时联系我们。再见。"),
        ],
        (Hangup(),),
    ),
    "cancelled for lack of time": (
        [
            ("是的", CONFIRM),
            ("帮我取消吧", "好的。确定要取消明天下午三点的预约吗？"),
            ("对", "好的，已经帮您取消了。方便问一下是什么原因吗？"),
            ("最近太忙了没时间", "好的，谢谢您告诉我。以后有需要，随时联系我们。再见。"),
        ],
        (Hangup(),),
    ),
    "cancelled without a reason": (
        [
            ("是的", CONFIRM),
            ("帮我取消吧", "好的。确定要取消明天下午三点的预约吗？"),
            ("对", "好的，已经帮您取消了。方便问一下是什么原因吗？"),
            ("不方便说", "以后有需要，随时联系我们。再见。"),
        ],
        (Hangup(),),
    ),
    "refused": ([("不需要，别再打了", "好的，不好意思打扰您了，以后不会再给您打了。再见。")], (Blacklist(), Hangup())),
    "busy, with a time": (
        [
            ("我在开会", "好的，那您先忙。您看什么时候再给您打方便？"),
            ("下午三点吧", "好的，那我们三月二号下午三点再给您打电话。您先忙，再见。"),
        ],
        (Hangup(),),
    ),
    "busy, with half a time": (
        [
            ("我在开车不方便", "好的，那您先忙。您看什么时候再给您打方便？"),
            ("明天吧", "明天几点呢？"),
            ("十点", "好的，那我们三月三号上午十点再给您打电话。您先忙，再见。"),
        ],
        (Hangup(),),
    ),
    "busy, with a time at once": (
        [("我在开会，一个小时以后再打", "好的，那我们三月二号中午十一点十五分再给您打电话。您先忙，再见。")],
        (Hangup(),),
    ),
    "a time alone, and the day asked for": (
        [
            ("对", CONFIRM),
            ("三点来不了，四点行不行", "好，下午四点。您想改到哪天？"),
            ("后天", "好，给您改到三月四号下午四点，对吗？"),
            ("对", rescheduled("三月四号下午四点")),
            ("没有了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "the old time is not the new one": (
        [
            ("对", CONFIRM),
            ("我明天下午三点过不去", ASK_TIME),
            ("还是原来的时间吧", CONFIRMED),
            ("没有了", GOODBYE),
        ],
        (CONFIRMATION, Hangup()),
    ),
    "busy, any time": (
        [
            ("我正在忙", "好的，那您先忙。您看什么时候再给您打方便？"),
            ("都行", "好的，我们晚点再联系您。再见。"),
        ],
        (Hangup(),),
    ),
    "wrong number": ([("你打错了", "不好意思，打扰您了。再见。")], (Hangup(),)),
    "family": (
        [
            ("我是她老公", "您好。那麻烦您转告一下，请王女士方便的时候给我们回个电话，可以吗？"),
            ("好的", "好的，谢谢您，再见。"),
        ],
        (Hangup(),),
    ),
    "family, later": (
        [
            ("她现在不在", "您好。那麻烦您转告一下，请王女士方便的时候给我们回个电话，可以吗？"),
            ("你晚上再打吧", "好的，那我们晚点再打过来。打扰您了，再见。"),
        ],
        (Hangup(),),
    ),
    "nobody there": (
        [
            (SILENCE, "您好，您还在听吗？"),
            (SILENCE, "喂，能听到我说话吗？"),
            (SILENCE, "好像听不到您的声音，我们晚点再联系您。再见。"),
        ],
        (Hangup(),),
    ),
    "silence in the middle of a time": (
        [
            ("改期", ASK_TIME),
            ("后天", "几点方便呢？"),
            (SILENCE, "您好，您还在听吗？您看几点合适？"),
            ("三点", "好，给您改到三月四号下午三点，对吗？"),
            (SILENCE, "您好，您还在听吗？"),
            ("嗯", rescheduled("三月四号下午三点")),
            ("没有了", GOODBYE),
        ],
        (NEW_TIME, Hangup()),
    ),
    "a person, busy": (
        [
            ("帮我转人工", "好的，我帮您转给同事，请稍等。"),
            (BUSY, "不好意思，同事现在都在忙。我让他们晚点给您回电话，可以吗？"),
            ("好的", "好的，同事会尽快联系您。再见。"),
        ],
        (ToCustomerService("", trans_value="8000"), Hangup()),
    ),
    "a person, failed": (
        [
            ("帮我转人工", "好的，我帮您转给同事，请稍等。"),
            (FAILED, "不好意思，电话没有转过去。我让同事晚点给您回电话，可以吗？"),
            ("不用了", "好的。那您还有什么想问我的吗？"),
            ("没有", GOODBYE),
        ],
        (ToCustomerService("", trans_value="8000"), Hangup()),
    ),
    "not understood": (
        [
            ("香蕉大象", "不好意思，我没太听明白。请问您是王女士吗？"),
            ("紫色的", "抱歉，我还是没听清楚。请问您是王女士吗？"),
            ("大象", "抱歉，可能是我没听明白。我请同事来跟您说，请稍等。"),
        ],
        (ToCustomerService("", trans_value="8000"),),
    ),
}


async def turn(caller: Caller, words: str) -> str:
    if words == SILENCE:
        return await caller.keep_silent()
    if words in (BUSY, FAILED):
        return await caller.come_back(TransferState.BUSY if words == BUSY else TransferState.FAILED)
    return await caller.say(words)


@pytest.mark.parametrize("name", CALLS)
async def test_a_whole_call(name: str) -> None:
    turns, instructions = CALLS[name]
    caller = Caller(engine("appointment"))
    assert await caller.say("") == GREETING
    done: list[Instruction] = []
    answers = []
    for words, _ in turns:
        answers.append((words, await turn(caller, words)))
        done += caller.chunks[-1].instructions
    assert answers == turns
    assert tuple(done) == instructions


async def test_what_was_understood_is_reported() -> None:
    caller = Caller(engine("appointment"))
    for words in ("", "对", "改期", "后天下午三点"):
        await caller.say(words)
    found = {entity.kind.value: entity.value for entity in caller.decision.entities}
    assert (found["date"], found["time"]) == ("2026-03-04", "15:00")
    assert {name: value.value for name, value in caller.decision.filling.values.items()} == {
        "new_date": "2026-03-04",
        "new_time": "15:00",
    }
    await caller.say("帮我取消吧")
    assert caller.decision.intent == "cancel"


POOL = (
    *("对", "不是", "是我", "改期", "后天", "三点", "下周", "下午", "昨天晚上十点", "不对，是三点半", "明天几点开门"),
    *("停车方便吗", "香蕉大象", "帮我取消吧", "可以", "没有了", "我在开会", "再说一遍", "喂", "我是她老公", "你打错了"),
    *("转人工", "都行", "五点到六点", "周末", "嗯", "。", "一二三四五", "十一月三十一号", "半小时以后", "太贵了", ""),
    *(
        SILENCE,
        "随便",
        "不知道",
        "那天我有事",
        "还是原来的时间",
        "25:70",
        "2026-02-30",
        "零点",
        "晚上十二点",
    ),
)


@given(st.lists(st.sampled_from(POOL), max_size=14), st.sampled_from([BUSY, FAILED]))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_said_there_is_an_answer_and_a_next_step(calls: list[str], back: str) -> None:
    bot = engine("appointment").bot
    caller = Caller(engine("appointment"))
    await caller.say("")
    for words in calls:
        assert await turn(caller, words)
        node = bot.nodes[engine("appointment").sessions.open(caller.session_id).node]
        kinds = {type(item) for item in caller.chunks[-1].instructions}
        assert node.listen or kinds & {Hangup, ToCustomerService}
        if Hangup in kinds:
            return
        if ToCustomerService in kinds:
            assert await turn(caller, back)


async def test_silences_end_the_call_at_each_node() -> None:
    bot = engine("appointment").bot
    for name in (node.id for node in bot.nodes.values() if node.listen):
        caller = Caller(engine("appointment"))
        await caller.say("")
        engine("appointment").sessions.open(caller.session_id).node = name
        done: list[Instruction] = []
        for _ in range(8):
            await caller.keep_silent(SilenceType.NODE)
            done += caller.chunks[-1].instructions
        assert Hangup() in done, name
