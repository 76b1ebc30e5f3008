"""Bots that run skills, in whole turns and with real skill processes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import cast

import pytest

from tests.dialogue.shared import Caller, encoder
from tests.skills.pipes import Pipe
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.bot import DEFAULT_JOB_S, DEFAULT_WAIT_S
from voicebot.dialogue.skillcall import prepare_call
from voicebot.protocol import Chunk, Hangup, Query, ShortMessage
from voicebot.skills.runner import BotSkills

SKILLS = '''\
import os


def lookup(order: str, count: int = 1) -> dict[str, object]:
    """Look up an order."""
    if order == "13":
        raise LookupError(order)
    return {"status": "sent", "items": ["phone", "case"][:count], "gift": count > 1}


def read(path: str, begun: str = "") -> str:
    """Wait until a named pipe is written to, and return that."""
    if begun:
        with open(begun, "w") as file:
            file.write(f"{os.getpid()}\\n")
    with open(path) as file:
        return file.readline().strip()
'''

BOT = """\
language: en
start: hello
silence_s: 7
variables: {pipe: "", status: unknown}
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: gave_up}
nodes:
  hello:
    say: Your order?
    transitions:
      - {regex: "(?P<order>[0-9]+)", goto: lookup}
      - {contains: [wait], goto: slow}
      - {contains: [background], goto: start_job}
  lookup:
    say: One moment.
    skill:
      call: lookup
      with: {order: "{{order}}", count: "{{count}}"}
      save: {status: status, gift: gift, first: items.0, missing: nothing.here}
      on_error: unknown
    instructions: {sms: {template: "{{status}}"}}
    goto:
      - {if: gift == true, goto: gift}
      - {goto: found}
  found: {say: "It is {{status}}.{{missing}} Bye.", goto: hello}
  gift: {say: "It is {{status}}, with the {{first}}.", goto: long}
  long:
    say: Anything else?
    end_of_speech_ms: 2000
    silence: {seconds: 20, prompts: ["Well?"]}
  unknown: {say: I know no such order., goto: hello}
  slow:
    say: Let me see.
    skill: {call: read, with: {path: "{{pipe}}"}, save: word, timeout_s: 8}
    goto: told
  told: {say: "It says {{word|nothing}}.", goto: hello}
  start_job:
    say: I am looking.
    skill: {call: read, with: {path: "{{pipe}}", begun: "{{begun}}"}, save: word, wait: false}
    transitions:
      - {contains: [ready], if: word is set, goto: told}
      - {contains: [ready], goto: not_yet}
      - {contains: [restart], goto: start_job}
  not_yet: {say: Not yet., goto: waiting}
  waiting:
    say: Ask again.
    transitions:
      - {contains: [ready], if: word is set, goto: told}
      - {contains: [ready], goto: not_yet}
  gave_up: {say: I cannot do this now., goto: hello}
  bye: {say: Bye., instructions: {hangup: true}}
faq:
  - {question: "What does it cost?", answer: It is free.}
globals:
  hang_up: {goto: bye}
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "shop.py").write_text(SKILLS, encoding="utf-8")
    (tmp_path / "bot.yaml").write_text(BOT, encoding="utf-8")
    bot = load_bot(tmp_path / "bot.yaml")
    engine = Engine(bot, encoder(), skills=BotSkills(bot.skills, tmp_path / "home"))
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def caller(engine: Engine) -> Caller:
    caller = Caller(engine)
    await caller.say("")
    return caller


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "pipe")
    yield pipe
    pipe.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "other")
    yield pipe
    pipe.close()


def answer_to(text: str, caller: Caller, pipe: Pipe) -> AbstractAsyncContextManager[AsyncGenerator[Chunk, None]]:
    """Begin to answer; leaving the block gives the answer up, as a caller who speaks does."""
    chunks = caller.engine.ask(Query(text, caller.session_id, {"pipe": str(pipe)}))
    return aclosing(cast("AsyncGenerator[Chunk, None]", chunks))


async def text_of(chunks: AsyncIterator[Chunk]) -> str:
    return "".join([chunk.reply.text async for chunk in chunks if chunk.reply is not None])


async def test_a_result_is_there_for_what_comes_after(caller: Caller) -> None:
    assert await caller.say("number 4711") == "One moment. It is sent. Bye. Your order?"
    assert caller.chunks[-1].instructions == (ShortMessage("", "", "sent"),)
    assert await caller.say("number 4711", count="2") == "One moment. It is sent, with the phone. Anything else?"


async def test_the_first_chunk_allows_for_the_longest_pause_that_may_come(caller: Caller) -> None:
    await caller.say("4711", count="2")
    assert (caller.chunks[0].identify_duration_ms, caller.chunks[0].node_silent_duration_s) == (2000, 20)


async def test_words_are_handed_out_before_the_skill_has_run(caller: Caller, pipe: Pipe) -> None:
    async with answer_to("wait", caller, pipe) as chunks:
        first = await chunks.__anext__()
        assert first.reply is not None
        assert first.reply.text == "Let me see. "
        rest = asyncio.create_task(text_of(chunks))
        pipe.write("hello")
        assert await rest == "It says hello. Your order? "


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"order": "13"}, "skill 'lookup' failed: LookupError at shop.py:7"),
        ({"order": "12", "count": "many"}, "skill 'lookup' wants a whole number for 'count'"),
    ],
)
async def test_a_failure_leads_elsewhere_and_is_in_the_log_without_what_was_said(
    caller: Caller, caplog: pytest.LogCaptureFixture, variables: dict[str, str], reason: str
) -> None:
    with caplog.at_level(logging.WARNING):
        text = await caller.say(variables.pop("order"), **variables)
    assert text == "One moment. I know no such order. Your order?"
    assert caplog.messages == [f"bot {caller.engine.bot.name} at lookup: {reason}"]


async def test_without_a_place_of_its_own_a_failure_leads_where_the_fallback_does(caller: Caller) -> None:
    assert await caller.say("wait", pipe="/nowhere") == "Let me see. I cannot do this now. Your order?"


async def test_an_engine_that_runs_no_skills_says_so(caller: Caller) -> None:
    other = Caller(Engine(caller.engine.bot, encoder()))
    await other.say("")
    assert await other.say("4711") == "One moment. I know no such order. Your order?"


async def test_an_old_result_is_not_the_next_one_s(caller: Caller) -> None:
    await caller.say("4711", count="2")
    await caller.say("hang up", word="old")
    caller.engine.sessions.open(caller.session_id).node = "hello"
    assert await caller.say("13") == "One moment. I know no such order. Your order?"
    variables = caller.engine.sessions.open(caller.session_id).variables
    assert "status" not in variables
    assert "gift" not in variables


async def test_who_speaks_while_a_skill_runs_is_answered_and_the_skill_asked_again(
    caller: Caller, pipe: Pipe, other: Pipe
) -> None:
    async with answer_to("wait", caller, pipe) as chunks:
        await chunks.__anext__()
    session = caller.engine.sessions.open(caller.session_id)
    assert session.node == "slow"
    other.write("hello")
    assert (
        await caller.say("what does it cost", pipe=str(other)) == "It is free. Let me see. It says hello. Your order?"
    )


async def test_who_hums_while_a_skill_runs_is_not_asked_what_he_means(caller: Caller, pipe: Pipe, other: Pipe) -> None:
    async with answer_to("wait", caller, pipe) as chunks:
        await chunks.__anext__()
    other.write("hello")
    assert await caller.say("mumble jumble", pipe=str(other)) == "Let me see. It says hello. Your order?"


async def test_who_says_nothing_after_that_has_the_skill_asked_again(caller: Caller, pipe: Pipe) -> None:
    async with answer_to("wait", caller, pipe) as chunks:
        await chunks.__anext__()
    caller.engine.sessions.open(caller.session_id).set_variable("pipe", "/nowhere")
    assert await caller.keep_silent() == "Let me see. I cannot do this now. Your order?"


async def test_who_hangs_up_while_a_skill_runs_gets_no_more_of_it(caller: Caller, pipe: Pipe) -> None:
    async with answer_to("wait", caller, pipe) as chunks:
        await chunks.__anext__()
    assert await caller.say("goodbye") == "Bye."
    assert caller.chunks[-1].instructions == (Hangup(),)
    assert "word" not in caller.engine.sessions.open(caller.session_id).variables


async def test_a_result_from_the_background_is_there_once_it_has_come(caller: Caller, pipe: Pipe) -> None:
    assert await caller.say("background", pipe=str(pipe)) == "I am looking."
    assert await caller.say("ready?") == "Not yet. Ask again."
    pipe.write("hello")
    session = caller.engine.sessions.open(caller.session_id)
    while "word" not in session.variables:
        await next_step()
    assert await caller.say("ready?") == "It says hello. Your order?"


async def next_step() -> None:
    """Let the loop handle what has come; a busy wait, bounded by the test's time-out."""
    await asyncio.sleep(0)


async def test_the_same_job_again_replaces_the_first(caller: Caller, pipe: Pipe, other: Pipe) -> None:
    await caller.say("background", pipe=str(pipe))
    await caller.say("restart", pipe=str(other))
    other.write("second")
    session = caller.engine.sessions.open(caller.session_id)
    while "word" not in session.variables:
        await next_step()
    pipe.write("first")
    assert await caller.say("ready?") == "It says second. Your order?"


async def test_closing_ends_a_job_and_its_process(caller: Caller, pipe: Pipe, other: Pipe) -> None:
    await caller.say("background", pipe=str(pipe), begun=str(other))
    pid = int(await other.read())
    await caller.engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_time_outs(engine: Engine) -> None:
    session = engine.sessions.open("")
    bot = engine.bot
    waits = {name: prepare_call(bot, bot.nodes[name], session).timeout_s for name in ("lookup", "slow", "start_job")}
    assert waits == {"lookup": DEFAULT_WAIT_S, "slow": 8.0, "start_job": DEFAULT_JOB_S}
