from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.dialogue.shared import SMALL_BOT, Caller, small_engine
from voicebot.dialogue.decision import Kind
from voicebot.dialogue.engine import LONG_TEXT
from voicebot.dialogue.matching import Method
from voicebot.dialogue.session import SessionStore
from voicebot.errors import UnknownSessionError
from voicebot.protocol import (
    Chunk,
    Hangup,
    Query,
    ReplySource,
    ShortMessage,
    SilenceType,
    ToCustomerService,
    TransferState,
    TransferType,
)


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(small_engine(tmp_path))


async def test_the_first_turn_greets(caller: Caller) -> None:
    assert await caller.say("") == "Hello Ann. Shall we start?"
    assert [chunk.reply.text for chunk in caller.chunks if chunk.reply] == ["Hello Ann. ", "Shall we start? ", ""]
    assert caller.session_id.startswith("3_")
    first = caller.chunks[0]
    assert (first.identify_duration_ms, first.node_silent_duration_s) == (900, 5)


async def test_the_client_s_own_session_id_is_kept(tmp_path: Path) -> None:
    caller = Caller(small_engine(tmp_path), "mine")
    await caller.say("")
    assert caller.session_id == "mine"


async def test_variables_are_merged_and_fill_texts_and_instructions(caller: Caller) -> None:
    assert await caller.say("", name="Bob", mobile="555") == "Hello Bob. Shall we start?"
    assert await caller.say("yes") == "Your number please."
    assert not caller.chunks[0].reply or not caller.chunks[0].reply.allow_interrupt
    assert await caller.say("it is 42", name="Eve") == "Got 42. Bye."
    assert caller.chunks[-1].instructions == (ShortMessage("555", "", "7"), Hangup())
    assert caller.engine.sessions.open(caller.session_id).variables["name"] == "Eve"


async def test_words_come_before_meaning_and_any_before_fallback(caller: Caller) -> None:
    await caller.say("")
    await caller.say("yeah sure")
    assert caller.decision.method is Method.EXACT
    assert await caller.say("I forgot it") == "Bye."
    await caller.say("", name="x")
    caller = Caller(caller.engine)
    await caller.say("")
    await caller.say("yes")
    assert await caller.say("the moon is round") == "I see. Bye."
    assert caller.decision.kind is Kind.ANYTHING


async def test_a_question_is_answered_and_the_node_asks_again(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("how much does it cost me") == "It is free. Really. Shall we?"
    assert [chunk.reply.reply_source for chunk in caller.chunks if chunk.reply] == [
        *(ReplySource.FAQ, ReplySource.FAQ),
        *(ReplySource.TEXT_REPLY, ReplySource.TEXT_REPLY),
    ]
    assert caller.decision.kind is Kind.FAQ
    assert 0.55 <= caller.decision.score <= 1
    assert await caller.say("what is the price?") == "As I said it is free. Shall we?"
    assert await caller.say("yes") == "Your number please."


async def test_what_is_not_understood_is_asked_again_and_then_goes_on(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("purple elephants fly") == "Sorry? Shall we?"
    assert await caller.say("mumble jumble") == "Pardon me? Shall we?"
    assert await caller.say("seven green bananas") == "Bye."


async def test_understanding_in_between_starts_the_count_again(caller: Caller) -> None:
    await caller.say("")
    for _ in range(3):
        assert await caller.say("purple elephants fly") == "Sorry? Shall we?"
        assert await caller.say("hello") == "Hi there. Shall we?"


async def test_repeat_says_the_last_words_again_and_not_twice(caller: Caller) -> None:
    greeting = await caller.say("")
    for _ in range(3):
        assert await caller.say("say that again please") == greeting


async def test_what_is_said_again_comes_from_where_it_came_from(caller: Caller) -> None:
    await caller.say("")
    await caller.say("what is the price?")
    await caller.say("say that again")
    sources = [chunk.reply.reply_source for chunk in caller.chunks if chunk.reply]
    assert sources == [ReplySource.FAQ, ReplySource.FAQ, ReplySource.TEXT_REPLY, ReplySource.TEXT_REPLY]


async def test_silence_of_a_node_and_of_the_bot(caller: Caller) -> None:
    await caller.say("")
    assert await caller.keep_silent() == "Well?"
    assert await caller.keep_silent() == "Bye."
    assert Hangup() in caller.chunks[-1].instructions
    caller = Caller(caller.engine)
    await caller.say("")
    assert await caller.keep_silent(SilenceType.GLOBAL) == "Are you there?"
    assert await caller.keep_silent(SilenceType.GLOBAL) == "Hello?"
    assert await caller.keep_silent(SilenceType.GLOBAL) == "Bye."


async def test_node_silence_where_there_is_none_falls_back(caller: Caller) -> None:
    await caller.say("")
    await caller.say("yes")
    assert await caller.keep_silent() == "Are you there?"
    assert caller.chunks[0].node_silent_duration_s == 9


async def test_speaking_starts_the_count_of_silences_again(caller: Caller) -> None:
    await caller.say("")
    for _ in range(3):
        assert await caller.keep_silent() == "Well?"
        await caller.say("hello")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (TransferState.BUSY, "They are busy. Shall we start?"),
        (TransferState.FAILED, "Nobody answered. Bye."),
    ],
)
async def test_a_transfer_and_its_failures(caller: Caller, state: TransferState, text: str) -> None:
    await caller.say("")
    assert await caller.say("let me talk to a human being") == "One moment."
    assert caller.chunks[-1].instructions == (ToCustomerService("", TransferType.SEAT, "1001", "asked for a person"),)
    assert await caller.come_back(state) == text


async def test_an_old_transfer_result_does_not_branch_again(caller: Caller) -> None:
    await caller.say("")
    await caller.say("agent")
    await caller.come_back(TransferState.BUSY)
    # Some clients send all their variables with every turn.
    variables = {"Trans_result": "2"}
    silence = Query(session_id=caller.session_id, variables=variables, silence=True)
    assert await caller.ask(silence) == "Are you there?"
    assert await caller.say("yes", **variables) == "Your number please."


async def test_a_transfer_result_out_of_the_blue_is_answered(caller: Caller) -> None:
    assert await caller.come_back(TransferState.FAILED) == "Nobody answered. Bye."


async def test_words_on_the_first_turn_are_answered(caller: Caller) -> None:
    assert await caller.say("what is the price") == "It is free. Really. Hello Ann. Shall we start?"
    caller = Caller(caller.engine)
    assert await caller.say("purple elephants fly") == "Hello Ann. Shall we start?"


async def test_nothing_heard_later_asks_again(caller: Caller) -> None:
    await caller.say("")
    assert await caller.say("") == "Shall we?"


async def test_a_second_query_ends_the_first_answer(caller: Caller) -> None:
    await caller.say("")
    first = caller.engine.ask(Query("how much is it", caller.session_id))
    seen: list[Chunk] = [await first.__anext__()]
    assert await caller.say("yes") == "Your number please."
    seen += [chunk async for chunk in first]
    assert not any(chunk.done for chunk in seen)


async def test_what_was_not_handed_out_was_not_said(caller: Caller) -> None:
    await caller.say("")
    answer = caller.engine.ask(Query("how much is it", caller.session_id))
    assert isinstance(answer, AsyncGenerator)
    first = await answer.__anext__()
    assert first.reply is not None
    await answer.aclose()
    assert await caller.say("say that again") == first.reply.text.strip()


async def test_an_answer_of_which_nothing_was_handed_out_leaves_the_conversation_where_it_was(caller: Caller) -> None:
    greeting = await caller.say("")
    session = caller.engine.sessions.open(caller.session_id)
    place = session.place()

    async def first_chunk() -> Chunk:
        return await caller.engine.ask(Query("yes " * LONG_TEXT, caller.session_id)).__anext__()

    answer = asyncio.create_task(first_chunk())
    await asyncio.sleep(0)
    assert session.turn == 2  # it is being decided on now, in a thread
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    assert session.place() == place
    assert await caller.say("say that again") == greeting


async def test_a_transfer_counts_when_its_instruction_was_handed_out(caller: Caller) -> None:
    await caller.say("")
    session = caller.engine.sessions.open(caller.session_id)
    answer = caller.engine.ask(Query("agent", caller.session_id))
    assert isinstance(answer, AsyncGenerator)
    assert (await answer.__anext__()).instructions == ()
    assert not session.transferring
    assert (await answer.__anext__()).instructions != ()
    assert session.transferring
    await answer.aclose()
    assert await caller.come_back(TransferState.BUSY) == "They are busy. Shall we start?"


async def test_a_session_of_ours_that_is_over(caller: Caller) -> None:
    await caller.say("")
    caller.engine.sessions = SessionStore(ids=caller.engine.sessions.ids)
    with pytest.raises(UnknownSessionError):
        await caller.say("yes")


async def test_a_query_that_is_overtaken_while_it_thinks_changes_nothing(caller: Caller) -> None:
    await caller.say("")

    async def collect(query: Query) -> list[Chunk]:
        return [chunk async for chunk in caller.engine.ask(query)]

    first = asyncio.create_task(collect(Query("no " * LONG_TEXT, caller.session_id)))
    second = asyncio.create_task(collect(Query("yes", caller.session_id)))
    assert await first == []
    assert (await second)[-1].done
    assert caller.engine.sessions.open(caller.session_id).node == "number"


@pytest.mark.parametrize("filler", ["", "well, " * LONG_TEXT])
async def test_a_long_utterance_is_decided_like_a_short_one(caller: Caller, filler: str) -> None:
    await caller.say("")
    await caller.say("yes")
    assert await caller.say(f"{filler}it is 42") == "Got 42. Bye."


async def test_sessions_do_not_mix(tmp_path: Path) -> None:
    engine = small_engine(tmp_path)
    callers = [Caller(engine) for _ in range(10)]
    await asyncio.gather(*(one.say("", name=f"N{number}") for number, one in enumerate(callers)))
    await asyncio.gather(*(one.say("yes" if number % 2 else "hello") for number, one in enumerate(callers)))
    texts = await asyncio.gather(*(one.say("say that again") for one in callers))
    assert texts == ["Hi there. Shall we?", "Your number please."] * 5
    assert len({one.session_id for one in callers}) == 10


async def test_a_second_visit_says_the_second_variant(tmp_path: Path) -> None:
    text = SMALL_BOT.replace("{intent: no, goto: bye}", "{intent: no, goto: hello}")
    caller = Caller(small_engine(tmp_path, text))
    assert await caller.say("") == "Hello Ann. Shall we start?"
    assert await caller.say("no") == "Once more then. Shall we start?"
    assert await caller.say("no") == "Hello Ann. Shall we start?"
