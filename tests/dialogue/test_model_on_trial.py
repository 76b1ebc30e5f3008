"""A bot that asks its language model on trial: one request in all, and nothing that shows before the real query."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from tests.dialogue.modelled import Modelled, modelled
from tests.llm.endpoint import CUT, HANG, Script, chunk, text_answer, tool_answer
from voicebot.dialogue.versions import EngineVersions
from voicebot.llm.load import RequestCounts
from voicebot.protocol import Chunk, Query
from voicebot.protocol.query import HEARD_VARIABLE, HINT_VARIABLE

QUESTION = "Which of your kites flies best under water?"
FIRST = chunk({"content": "The blue one. "})


def on_trial(bot: Modelled, text: str = QUESTION, **variables: str) -> AsyncGenerator[Chunk, None]:
    query = Query(text, bot.caller.session_id, variables, speculative=True, wants_expectation=True)
    return cast(AsyncGenerator[Chunk, None], bot.engine.rehearse(query))


def in_earnest(bot: Modelled) -> AsyncGenerator[Chunk, None]:
    return cast(AsyncGenerator[Chunk, None], bot.engine.ask(Query(QUESTION, bot.caller.session_id)))


def words(chunks: list[Chunk]) -> list[str]:
    return [each.reply.text for each in chunks if each.reply is not None and each.reply.text]


async def all_of(chunks: AsyncIterator[Chunk]) -> list[Chunk]:
    return [each async for each in chunks]


def state(bot: Modelled) -> dict[str, Any]:
    session = bot.session.copy()
    return {each.name: getattr(session, each.name) for each in fields(session) if each.name != "secrets"}


async def test_the_real_query_takes_the_model_s_answer_over(tmp_path: Path) -> None:
    rest = asyncio.Event()
    async with modelled(tmp_path, [FIRST, rest, *text_answer("It is good.")], on_trial=True) as bot:
        await bot.say("")
        before = state(bot)
        async with aclosing(on_trial(bot)) as chunks:
            first = await anext(chunks)
            assert (first.complete, first.done, words([first])) == (False, False, [])
            assert words([await anext(chunks)]) == ["The blue one. "]
            assert state(bot) == before
            async with aclosing(in_earnest(bot)) as answer:
                assert words([await anext(answer)]) == ["The blue one. "]
                # Nobody rehearses any more what is said already.
                last = await anext(chunks)
                assert (last.done, words([last]), last.instructions) == (True, [], ())
                await chunks.aclose()
                rest.set()
                assert words(await all_of(answer)) == ["It is good. ", "Shall we start? "]
        assert len(bot.served.requests) == 1
        assert bot.session.history.last.bot == "The blue one. It is good. Shall we start? "
        assert bot.load.counts == RequestCounts(asked=0, trials=1, taken_over=1)


async def test_an_answer_that_is_complete_on_trial_waits_for_its_query(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("The blue one. ", "It is good."), on_trial=True) as bot:
        await bot.say("")
        rehearsed = await all_of(on_trial(bot))
        assert words(rehearsed) == ["The blue one. ", "It is good. "]
        assert [each.complete for each in rehearsed] == [False, None, None, None]
        assert await bot.say(QUESTION) == "The blue one. It is good. Shall we start?"
        assert len(bot.served.requests) == 1


async def test_off_unless_it_is_wanted(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("The blue one.")) as bot:
        await bot.say("")
        assert words(await all_of(on_trial(bot))) == []
        assert not bot.served.requests


@pytest.mark.parametrize("case", ["words", "heard", "variable", "hint", "turn"])
async def test_a_query_that_differs_is_asked_anew(tmp_path: Path, case: str) -> None:
    def script(number: int) -> Script:
        return [FIRST, HANG] if number == 0 else text_answer("Anew.")

    async with modelled(tmp_path, script, on_trial=True) as bot:
        await bot.say("")
        async with aclosing(on_trial(bot)) as chunks:
            await anext(chunks)
            await anext(chunks)
            if case == "turn":
                assert await bot.say("Do your elephants like green umbrellas?") == "Anew. Shall we start?"
            given = {
                "heard": (HEARD_VARIABLE, "This is"),
                "variable": ("name", "Bob"),
                "hint": (HINT_VARIABLE, "Be kind"),
            }
            variables = dict([given[case]]) if case in given else {}
            said = await bot.say(QUESTION + "!" if case == "words" else QUESTION, **variables)
            assert said.startswith("Anew.")
            await asyncio.wait_for(bot.served.gone.wait(), 5)
            assert (await anext(chunks)).done
        assert bot.load.counts == RequestCounts(asked=2 if case == "turn" else 1, trials=1)


async def test_a_query_that_the_bot_answers_itself_ends_the_trial(tmp_path: Path) -> None:
    async with modelled(tmp_path, [FIRST, HANG], on_trial=True) as bot:
        await bot.say("")
        async with aclosing(on_trial(bot)) as chunks:
            await anext(chunks)
            await anext(chunks)
            assert await bot.say("yes") == "Your card number?"
            await asyncio.wait_for(bot.served.gone.wait(), 5)
        assert len(bot.served.requests) == 1


@pytest.mark.parametrize("case", ["caller goes on", "call ends", "engine closes"])
async def test_the_request_ends_with_what_it_is_for(tmp_path: Path, case: str) -> None:
    async with modelled(tmp_path, [FIRST, HANG], on_trial=True) as bot:
        await bot.say("")
        chunks = on_trial(bot)
        await anext(chunks)
        await anext(chunks)
        if case == "caller goes on":
            await chunks.aclose()
        elif case == "call ends":
            assert EngineVersions(bot.engine).end(bot.caller.session_id)
        else:
            await bot.engine.close()
            assert not any(task.get_name() == "language-model-trial" for task in asyncio.all_tasks())
        await asyncio.wait_for(bot.served.gone.wait(), 5)
        await all_of(chunks)


async def test_a_failure_on_trial_costs_nothing(tmp_path: Path) -> None:
    def script(number: int) -> Script:
        return [FIRST, CUT] if number == 0 else text_answer("Anew.")

    async with modelled(tmp_path, script, on_trial=True) as bot:
        await bot.say("")
        rehearsed = await all_of(on_trial(bot))
        assert words(rehearsed) == ["The blue one. "]
        assert rehearsed[-1].done
        assert await bot.say(QUESTION) == "Anew. Shall we start?"


async def test_no_skill_runs_on_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(number: int) -> Script:
        return (
            text_answer("It is sent.") if number == 2 else tool_answer(("status", {"order": "7"}), text="Let me see. ")
        )

    async with modelled(tmp_path, script, on_trial=True) as bot:
        await bot.say("")
        ran: list[str] = []
        run = bot.engine._skills.run  # type: ignore[union-attr]

        async def noted(name: str, *more: Any) -> Any:
            ran.append(name)
            return await run(name, *more)

        monkeypatch.setattr(bot.engine._skills, "run", noted)
        assert words(await all_of(on_trial(bot))) == ["Let me see. "]
        assert ran == []
        assert await bot.say(QUESTION) == "Let me see. It is sent. Shall we start?"
        assert ran == ["status"]


async def test_a_tool_of_an_answer_that_was_taken_over_runs(tmp_path: Path) -> None:
    rest = asyncio.Event()

    def script(number: int) -> Script:
        if number:
            return text_answer("It is sent.")
        return [chunk({"content": "Let me see. "}), rest, *tool_answer(("status", {"order": "7"}))]

    async with modelled(tmp_path, script, on_trial=True) as bot:
        await bot.say("")
        async with aclosing(on_trial(bot)) as chunks:
            await anext(chunks)
            await anext(chunks)
            async with aclosing(in_earnest(bot)) as answer:
                assert words([await anext(answer)]) == ["Let me see. "]
                rest.set()
                assert words(await all_of(answer)) == ["It is sent. ", "Shall we start? "]
        assert bot.load.counts == RequestCounts(asked=1, trials=1, taken_over=1)


async def test_where_words_are_completed_first_nothing_is_tried(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("x"), on_trial=True, rewrite=True) as bot:
        await bot.say("")
        await bot.say(QUESTION)
        asked = len(bot.served.requests)
        await all_of(on_trial(bot, "And that one?"))
        assert len(bot.served.requests) == asked


async def test_the_real_query_may_come_while_its_rehearsal_is_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with modelled(tmp_path, text_answer("The blue one."), on_trial=True) as bot:
        await bot.say("")
        decide, asked = bot.engine._decide, asyncio.Event()

        async def slow(session: Any, text: str) -> Any:
            if session is not bot.session:
                await asked.wait()
            return await decide(session, text)

        monkeypatch.setattr(bot.engine, "_decide", slow)
        rehearsing = asyncio.create_task(all_of(on_trial(bot)))
        await asyncio.sleep(0)
        assert await bot.say(QUESTION) == "The blue one. Shall we start?"
        asked.set()
        assert words(await rehearsing) == []
        assert len(bot.served.requests) == 1
