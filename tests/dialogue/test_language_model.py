"""A bot that asks a language model, in whole turns, with the real client and a local endpoint."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialogue.modelled import BOT, modelled
from tests.llm.endpoint import CUT, DONE, HANG, Script, chunk, text_answer, tool_answer
from voicebot.dialogue.modeldesk import Said
from voicebot.dialogue.passages import Passage
from voicebot.protocol import Hangup, Query, ToCustomerService
from voicebot.protocol.reply import ReplySource

QUESTION = "Which of your kites flies best under water?"
MODEL, TEXT = "LARGE_MODEL_REPLY", "TEXT_REPLY"


async def test_the_model_answers_what_nothing_else_understood(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("The blue one. ", "It is **very** good.")) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "The blue one. It is very good. Shall we start?"
        assert bot.sources == [MODEL, MODEL, TEXT]
        system, *conversation = bot.messages()
        assert system["content"].startswith("You are the voice of The Shop.")
        assert "Shall we start?" in system["content"]
        assert conversation == [
            {"role": "user", "content": "(The call was answered.)"},
            {"role": "assistant", "content": "This is the shop, dear caller. Shall we start?"},
            {"role": "user", "content": QUESTION},
        ]


async def test_what_the_bot_knows_it_answers_itself(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("No.")) as bot:
        await bot.say("")
        assert (await bot.say("When are you open on Saturday?")).startswith("On Saturday from nine to one.")
        assert await bot.say("yes") == "Your card number?"
        assert not bot.served.requests


async def test_sentences_are_handed_out_as_they_come(tmp_path: Path) -> None:
    rest = asyncio.Event()
    async with modelled(tmp_path, [chunk({"content": "First it is. "}), rest, *text_answer("Then that.")]) as bot:
        await bot.say("")
        async with aclosing(bot.engine.ask(Query(QUESTION, bot.caller.session_id))) as chunks:  # type: ignore[type-var]
            first = await anext(chunks)
            assert first.reply is not None
            assert first.reply.text == "First it is. "
            assert first.identify_duration_ms
            assert not bot.served.gone.is_set()
            rest.set()
            others = [chunk.reply.text async for chunk in chunks if chunk.reply is not None]
        assert others == ["Then that. ", "Shall we start? ", ""]


async def test_giving_the_answer_up_ends_the_model_at_once(tmp_path: Path) -> None:
    async with modelled(tmp_path, [chunk({"content": "First it is. "}), HANG]) as bot:
        await bot.say("")
        chunks = bot.engine.ask(Query(QUESTION, bot.caller.session_id))
        await anext(chunks)
        await chunks.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(bot.served.gone.wait(), 5)
        assert bot.session.history.last.bot == "First it is. "


async def test_cancelling_before_the_first_word_ends_the_model_at_once(tmp_path: Path) -> None:
    async with modelled(tmp_path, [HANG]) as bot:
        await bot.say("")
        task = asyncio.create_task(bot.say(QUESTION))
        await bot.served.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(bot.served.gone.wait(), 5)


async def test_the_model_is_told_only_what_was_heard(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("It is blue. It is big. It is new.")) as bot:
        await bot.say("")
        await bot.say(QUESTION)
        await bot.say("Wait, what colour was that again there?", bot_heard="It is blue. It")
        contents = [message["content"] for message in bot.messages()]
        assert contents[4] == "It is blue. It"
        assert contents[5] == "(The caller cut in here.)\nWait, what colour was that again there?"
        assert "big" not in json.dumps(bot.served.requests[-1])


async def test_roles_alternate_whatever_happened(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("Fine.")) as bot:
        await bot.say("")
        await bot.caller.keep_silent()
        await bot.say(QUESTION, bot_heard="")
        await bot.caller.keep_silent()
        await bot.say(QUESTION)
        for number in range(len(bot.served.requests)):
            roles = [message["role"] for message in bot.messages(number)]
            assert roles[0] == "system"
            assert roles[1:] == (["user", "assistant"] * len(roles))[: len(roles) - 1]
            assert roles[-1] == "user"


async def test_the_history_is_limited(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("Fine."), history_turns=1) as bot:
        await bot.say("")
        for _ in range(3):
            await bot.say(QUESTION)
        assert len(bot.messages()) == 4


async def test_tools_are_skills(tmp_path: Path) -> None:
    def script(number: int) -> Script:
        if number == 0:
            return tool_answer(("status", {"order": "7"}), ("status", {"order": "13"}))
        return text_answer("Order seven is sent.")

    async with modelled(tmp_path, script) as bot:
        await bot.say("", card_no="62221234")
        assert (await bot.say("Where on earth are all my umbrellas?")).startswith("Order seven is sent.")
        tools = [tool["function"]["name"] for tool in bot.served.requests[0]["tools"]]
        assert tools == ["status", "transfer_to_human", "hang_up"]
        found, failed = (message["content"] for message in bot.messages()[-2:])
        assert json.loads(found) == {"order": "7", "status": "sent", "card": "[card_no]"}
        assert "failed" in json.loads(failed)["error"]


async def test_the_model_can_put_callers_through_where_the_bot_says(tmp_path: Path) -> None:
    async with modelled(tmp_path, tool_answer(("transfer_to_human", {}), text="Of course.")) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "Of course. I put you through."
        assert [type(order) for order in bot.caller.chunks[-1].instructions] == [ToCustomerService]


async def test_the_model_can_end_the_call(tmp_path: Path) -> None:
    async with modelled(tmp_path, tool_answer(("hang_up", {}))) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "Bye."
        assert [type(order) for order in bot.caller.chunks[-1].instructions] == [Hangup]


@pytest.mark.parametrize(
    "script",
    [500, 429, [], [chunk({"content": "Half a"}), CUT], text_answer("**"), [HANG], tool_answer(("no_such_tool", {}))],
)
async def test_a_model_that_fails_costs_nothing_but_its_answer(tmp_path: Path, script: Script) -> None:
    async with modelled(tmp_path, script, first_token_timeout_ms=200) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "Sorry? Shall we start?"
        assert await bot.say(QUESTION) == "Pardon? Shall we start?"
        assert await bot.say(QUESTION) == "I put you through."


async def test_an_answer_that_breaks_off_after_a_sentence_stands(tmp_path: Path) -> None:
    async with modelled(tmp_path, [chunk({"content": "All of it. And half"}), CUT]) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "All of it. Shall we start?"


async def test_an_answer_that_takes_too_long_ends(tmp_path: Path) -> None:
    script = [chunk({"content": "All of it. "}), HANG]
    async with modelled(tmp_path, script, total_timeout_ms=500, token_timeout_ms=60000) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "All of it. Shall we start?"
        await asyncio.wait_for(bot.served.gone.wait(), 5)


async def test_a_slow_model_is_bridged(tmp_path: Path) -> None:
    late = asyncio.Event()
    async with modelled(tmp_path, [late, *text_answer("Here it is.")], filler_after_ms=50) as bot:
        await bot.say("")
        said = []
        async for part in bot.engine.ask(Query(QUESTION, bot.caller.session_id)):
            assert part.reply is not None
            said.append((part.reply.text, part.reply.reply_source))
            late.set()
        assert said[:2] == [("One moment. ", ReplySource.TEXT_REPLY), ("Here it is. ", ReplySource.LARGE_MODEL_REPLY)]


async def test_a_filler_then_the_fallback(tmp_path: Path) -> None:
    async with modelled(tmp_path, [HANG], filler_after_ms=50, first_token_timeout_ms=300) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "One moment. Sorry? Shall we start?"


async def test_at_private_nodes_the_model_is_not_asked_and_not_told(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("Fine.")) as bot:
        await bot.say("")
        await bot.say("yes")
        assert (await bot.say("it is six two two two or so")).startswith("Sorry?")
        assert not bot.served.requests
        await bot.say("62221234")
        await bot.say(QUESTION)
        sent = json.dumps(bot.served.requests)
        assert "six two two" not in sent
        assert "6222" not in sent
        assert "(The caller gave an answer that is kept from you.)" in sent


async def test_the_answer_is_no_longer_than_allowed(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer(*["This is one. "] * 20), max_sentences=2) as bot:
        await bot.say("")
        assert await bot.say(QUESTION) == "This is one. This is one. Shall we start?"


async def test_a_withheld_name_is_not_spoken(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("Your card [card_no] is fine. [card_no].")) as bot:
        await bot.say("", card_no="62221234")
        assert await bot.say(QUESTION) == "Your card is fine. Shall we start?"


async def test_passages_are_cited_but_not_spoken(tmp_path: Path) -> None:
    passages = [Passage("a", "pens.md", "Pens", "All pens are blue.", 0.9), Passage("b", "ink.md", "", "Ink.", 0.8)]
    async with modelled(tmp_path, text_answer("They are blue [1].", " Really [1][7].")) as bot:
        await bot.say("")
        session = bot.session
        session.history.begin(QUESTION)
        desk = bot.engine._model
        assert desk is not None
        said = [part async for part in desk.answer(session, QUESTION, passages)]
        assert [(part.text, part.source) for part in said if isinstance(part, Said)] == [
            ("They are blue.", ReplySource.RAG),
            ("Really.", ReplySource.RAG),
        ]
        assert session.citations == (passages[0],)
        assert "[1] Pens: All pens are blue." in bot.messages()[0]["content"]
        assert "[2] Ink." in bot.messages()[0]["content"]


async def test_questions_of_the_faq_may_be_the_models_too(tmp_path: Path) -> None:
    text = BOT.replace("  tools: [status]", "  tools: [status]\n  when: questions\n  ask_again: false")
    async with modelled(tmp_path, text_answer("On Saturday we close at one.")) as bot:
        await bot.say("")
    async with modelled(tmp_path, text_answer("On Saturday we close at one."), text) as bot:
        await bot.say("")
        assert await bot.say("Are you open on a Saturday, too?") == "On Saturday we close at one."
        assert "On Saturday from nine to one." in bot.messages()[0]["content"]
        assert await bot.say("When are you open on Saturday?") == "On Saturday from nine to one. Shall we start?"


async def test_short_questions_are_completed(tmp_path: Path) -> None:
    def script(number: int) -> Script:
        return text_answer('"When are you open on Saturday?"' if number == 0 else "Fine.")

    async with modelled(tmp_path, script, rewrite=True) as bot:
        await bot.say("")
        assert (await bot.say("zzz and that one then qqq")).startswith("On Saturday from nine to one.")
        assert "zzz and that one then qqq" in bot.messages()[-1]["content"]
        assert len(bot.served.requests) == 1


@pytest.mark.parametrize("script", [500, [HANG], text_answer("yes")])
async def test_a_question_that_cannot_be_completed_stays_as_it_is(tmp_path: Path, script: Script) -> None:
    def answers(number: int) -> Script:
        return script if number == 0 else text_answer("Fine.")

    async with modelled(tmp_path, answers, rewrite=True, rewrite_timeout_ms=300) as bot:
        await bot.say("")
        assert await bot.say("zzz and that one then qqq") == "Fine. Shall we start?"
        assert bot.messages()[-1]["content"] == "zzz and that one then qqq"


async def test_a_mistake_of_ours_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with modelled(tmp_path, [*text_answer("Fine."), DONE]) as bot:
        await bot.say("")
        desk = bot.engine._model
        assert desk is not None
        monkeypatch.setattr(desk, "_prompts", None)
        assert await bot.say(QUESTION) == "Sorry? Shall we start?"
        assert "could not be asked" in caplog.text


NAMES = st.sampled_from(["card_no", "user_password", "ID_CARD_2", "my_opinion_of_it", "dtmf"])
# Characters that stand nowhere in what the bot says of its own accord.
VALUES = st.text(alphabet="\u00e4\u00f6\u00fc\u0416\u0429\u4e96\u4e97 -", min_size=1, max_size=8).filter(
    lambda value: bool(value.strip(" -"))
)


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_withheld_values_are_in_no_request(variables: list[tuple[str, str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with modelled(Path(folder), text_answer(f"I know, {variables[0][1]}. ")) as bot:
            await bot.say("", name=variables[-1][1], free=f"it is {variables[0][1]}!")
            seen = []
            for name, value in variables:
                seen.append(value)
                words = data.draw(st.lists(st.sampled_from([*seen, "zz", "qqq zzz"]), min_size=1, max_size=4))
                await bot.say(f"{QUESTION} {' '.join(words)}", **{name: value})
            assert len(bot.served.requests) == len(variables)
            for number in range(len(variables)):
                told = "\n".join(message["content"] for message in bot.messages(number))
                for value in seen[: number + 1]:
                    assert value.strip() not in told
