from __future__ import annotations

import asyncio

import pytest

from tests.conversation.in_memory import FRAME, MemoryBrain, MemoryCall
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.events import SpeechGrew, SpeechPaused, UtteranceEnded
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferRequest, TransferResult
from voicebot.errors import BrainTimeoutError, SpeechWorkerLostError, TransferError
from voicebot.protocol.instruction import Blacklist, Hangup, ToCustomerService, TransferType

TRANSFER = ToCustomerService("", TransferType.NUMBER, "1001")


async def say(call: MemoryCall, text: str | Exception, utterance_id: int = 1) -> None:
    call.recogniser.hears.append(text)
    await call.hear(SpeechGrew(utterance_id, 400), SpeechPaused(utterance_id, 1))
    await call.hear(UtteranceEnded(utterance_id, 1))


async def greeted(*answers: list[str]) -> MemoryCall:
    call = MemoryCall(MemoryBrain(["您好。"], *answers))
    call.session.start()
    await call.listen()
    return call


def all_heard(call: MemoryCall) -> list[str]:
    return [heard.text for turn in call.session.stopwatch.record.turns for heard in turn.heard]


async def test_the_caller_is_greeted_understood_and_answered() -> None:
    call = await greeted(["好的。", "明天见。"])
    await say(call, "我会去的")
    assert any(await call.listen())
    assert [query.query_text for query in call.brain.queries] == ["", "我会去的"]
    assert all_heard(call) == ["您好。", "好的。", "明天见。"]
    turn = call.session.stopwatch.record.turns[1]
    assert turn.caller_text == "我会去的"
    assert turn.overhead_ms is not None
    await call.session.close()


async def test_the_recogniser_is_told_what_words_to_expect() -> None:
    call = await greeted(["好的。"])
    await say(call, "我是王女士")
    await call.listen()
    assert call.recogniser.hints
    assert set(call.recogniser.hints) == {"王女士"}
    await call.session.close()


async def test_a_barge_in_silences_the_bot_and_counts_only_what_was_heard() -> None:
    call = await greeted(["第一句话很长很长。"], ["请说。"])
    await say(call, "你好")
    await call.settle()
    call.leg.play(20)
    call.recogniser.hears.append("等一下")
    await call.hear(SpeechGrew(2, 400), SpeechPaused(2, 1))
    call.leg.play(2)
    assert call.leg.play(5) == bytes(5 * 2 * FRAME)
    await call.hear(UtteranceEnded(2, 1))
    assert all_heard(call)[-1] == "第一句话"
    assert dict(call.brain.queries[-1].variables)["bot_heard"] == "第一句话"
    assert call.session.stopwatch.record.barge_ins == 1
    await call.session.close()


async def test_after_a_noise_the_bot_goes_on_where_it_was() -> None:
    call = await greeted(["第一句话很长很长。"])
    await say(call, "你好")
    first = call.leg.play(20)
    call.recogniser.hears.append("")
    await call.hear(SpeechGrew(2, 400), SpeechPaused(2, 1))
    rest = call.leg.play(1 + 45 - 20 + 15)  # a fade; the clip has 45 frames; 15 of them, 300 ms, are heard again
    assert any(first[-640:])
    assert all(any(rest[at : at + 2 * FRAME]) for at in range(0, len(rest), 2 * FRAME))
    await call.settle()
    assert call.leg.play(2) == bytes(2 * 2 * FRAME)
    assert all_heard(call)[-1] == "第一句话很长很长。"
    assert call.session.stopwatch.record.resumptions == 1
    await call.session.close()


async def test_hanging_up_ends_every_task() -> None:
    call = await greeted(["好的。"])
    before = len(asyncio.all_tasks())
    await say(call, "你好")
    call.session.on_hung_up(HangupCause.CALLER)
    await asyncio.wait_for(call.ended.wait(), 2)
    await call.settle()
    assert len(asyncio.all_tasks()) <= before
    assert call.session.stopwatch.record.cause is HangupCause.CALLER


async def test_the_bot_hangs_up_after_its_goodbye() -> None:
    call = MemoryCall(MemoryBrain((["再见。"], (Hangup(), Blacklist()))))
    call.session.start()
    await call.settle()
    assert call.leg.causes == []
    await call.listen()
    assert call.leg.causes == [HangupCause.BOT]
    assert call.stored == [Blacklist()]
    await asyncio.wait_for(call.ended.wait(), 2)


@pytest.mark.parametrize("failure", [BrainTimeoutError("too slow"), RuntimeError("a bug")])
async def test_a_failing_brain_is_apologised_for(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    call = MemoryCall(MemoryBrain(["您好。"], failure, ["好的。"]))
    call.session.start()
    await call.listen()
    await say(call, "你好")
    await call.listen()
    assert all_heard(call)[-1] == "抱歉。"
    assert "call-1" in caplog.text
    await say(call, "你好", 2)
    await call.listen()
    assert all_heard(call)[-1] == "好的。"
    await call.session.close()


async def test_a_lost_recogniser_is_apologised_for_and_the_call_kept() -> None:
    call = await greeted(["好的。"])
    call.recogniser.hears = [SpeechWorkerLostError("gone"), SpeechWorkerLostError("gone")]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    await call.hear(UtteranceEnded(1, 1))
    await call.listen()
    assert all_heard(call)[-1] == "抱歉。"
    assert call.leg.causes == []
    await call.session.close()


async def test_a_kept_apology_can_be_said_when_the_voice_is_gone() -> None:
    call = MemoryCall(MemoryBrain(["您好。"]), unspeakable="您好")
    await call.voice.keep(["抱歉。"])
    call.session.start()
    await call.listen()
    assert all_heard(call) == ["抱歉。"]
    await call.session.close()


async def test_a_busy_target_comes_back_to_the_brain() -> None:
    call = MemoryCall(MemoryBrain((["转接中。"], (TRANSFER,)), ["对方忙。"]))
    call.session.start()
    await call.listen()
    assert call.leg.transfers == [TransferRequest("sip:1001@pbx")]
    assert any(call.leg.play(10))  # the ringing tone
    call.transferred(TransferResult(TransferOutcome.BUSY, 486))
    await call.listen()
    assert dict(call.brain.queries[1].variables) == {"Trans_result": "2"}
    assert all_heard(call)[-1] == "对方忙。"
    await call.session.close()


async def test_a_person_is_briefed_in_the_bot_s_voice() -> None:
    def briefed(_: ToCustomerService, _session_id: str) -> TransferRequest:
        return TransferRequest("sip:1001@pbx", briefing="客户要投诉。")

    call = MemoryCall(MemoryBrain((["转接中。"], (TRANSFER,))), briefed)
    call.session.start()
    await call.listen()
    await call.settle()
    [request] = call.leg.transfers
    assert len(request.briefing_pcm) > 1000
    await call.session.close()


async def test_a_person_is_rung_even_if_the_briefing_cannot_be_spoken() -> None:
    def briefed(_: ToCustomerService, _session_id: str) -> TransferRequest:
        return TransferRequest("sip:1001@pbx", briefing="客户要投诉。")

    call = MemoryCall(MemoryBrain((["转接中。"], (TRANSFER,))), briefed, unspeakable="投诉")
    call.session.start()
    await call.listen()
    await call.settle()
    assert call.leg.transfers[0].briefing_pcm == b""
    await call.session.close()


async def test_a_transfer_without_a_target_fails_at_once() -> None:
    def no_target(_: ToCustomerService, _session_id: str) -> TransferRequest:
        raise TransferError("no PBX")

    call = MemoryCall(MemoryBrain((["转接中。"], (TRANSFER,)), ["没有人。"]), no_target)
    call.session.start()
    await call.listen()
    await call.listen()
    assert dict(call.brain.queries[1].variables) == {"Trans_result": "-1"}
    assert call.session.stopwatch.record.transfer == "failed"
    await call.session.close()


async def test_a_machine_that_answers_is_hung_up_on_and_noted() -> None:
    call = await greeted()
    call.session.answered_by(Answerer.VOICEMAIL)
    await asyncio.wait_for(call.ended.wait(), 2)
    assert call.leg.causes == [HangupCause.BOT]
    assert call.session.stopwatch.record.as_dict()["answered_by"] == "voicemail"


async def test_while_the_bot_is_silent_for_the_caller_no_more_is_spoken_than_was_begun() -> None:
    call = await greeted(["第一句话很长很长。", "第二句话。"])
    call.recogniser.hears += ["你好", ""]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    call.ears.events = [UtteranceEnded(1, 1)]
    call.session.on_audio(bytes(2 * FRAME))
    for _ in range(8):  # the first sentence is in the making
        await asyncio.sleep(0)
    await call.hear(SpeechGrew(2, 400))
    assert not any(call.leg.play(5))
    await call.hear(SpeechPaused(2, 1))
    await call.listen(100)
    assert all_heard(call)[-2:] == ["第一句话很长很长。", "第二句话。"]
    await call.session.close()
