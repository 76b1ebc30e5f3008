"""Queries on trial: what they say, and that they leave no trace."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from tests.dialogue.shared import engine, small_engine
from voicebot.dialogue import Engine
from voicebot.dialogue.bot import Node
from voicebot.dialogue.decision import Decision
from voicebot.dialogue.rehearsing import MAX_PREPARED
from voicebot.dialogue.session import Session
from voicebot.dialogue.versions import EngineVersions
from voicebot.protocol import Chunk, Query
from voicebot.protocol.expectation import Expectation, Expected

ASKING = """
name: asking
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello:
    say: Shall we start?
    transitions:
      - {intent: yes, goto: code}
      - {intent: no, goto: bye}
  code:
    slots:
      code: {kind: digits, ask: "Your code please.", length: 4}
    filled: moment
  moment:
    say: When?
    slots:
      day: {kind: date, ask: "Which day?"}
      time: {kind: time, ask: "At what time?"}
    filled: phone
  phone:
    end_of_speech_ms: 900
    slots:
      phone: {kind: phone, ask: "Your phone number?"}
    filled: bye
  bye:
    say: Goodbye.
    instructions: {hangup: true}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return small_engine(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return small_engine(tmp_path_factory.mktemp("asking"), ASKING)


class Conversation:
    """One session with an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.id = uuid.uuid4().hex

    @property
    def session(self) -> Session:
        return self.engine.sessions.open(self.id)

    async def ask(self, text: str, variables: Mapping[str, str] = {}, *, by_words: bool = False) -> list[Chunk]:
        query = Query(text, self.id, variables, wants_expectation=by_words)
        return [chunk async for chunk in self.engine.ask(query)]

    async def rehearse(self, text: str) -> list[Chunk]:
        query = Query(text, self.id, speculative=True, wants_expectation=True)
        return [chunk async for chunk in self.engine.rehearse(query)]

    def state(self) -> dict[str, object]:
        """All that the session is, the hard way."""
        session = self.session
        plain = {each.name: getattr(session, each.name) for each in fields(session) if each.name != "withheld"}
        turns = [copy.copy(turn) for turn in session.history]
        return plain | {
            "variables": dict(session.variables),
            "visits": dict(session.visits),
            "history": turns,
            "secrets": dict(session.secrets._names),
        }


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.reply.text for chunk in chunks if chunk.reply is not None)


async def test_a_rehearsal_changes_nothing_and_the_real_query_takes_it_over(
    small: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Conversation(small)
    await call.ask("")
    before = call.state()
    rehearsed = await call.rehearse("yes")
    assert call.state() == before
    assert said(rehearsed) == "Your number please. "
    assert rehearsed[-1].done
    with monkeypatch.context() as patched:
        patched.setattr(small, "_judge", None)  # nothing is decided a second time
        assert said(await call.ask("yes")) == "Your number please. "
    session = call.session
    assert (session.node, session.turn) == ("number", 2)
    assert [(turn.caller, turn.bot) for turn in session.history][1:] == [("yes", "Your number please. ")]
    assert said(await call.ask("17")).startswith("Got 17.")


async def test_instructions_come_with_the_real_answer_alone(asking: Engine) -> None:
    call = Conversation(asking)
    await call.ask("")
    rehearsed = await call.rehearse("no")
    assert said(rehearsed) == "Goodbye. "
    assert not any(chunk.instructions for chunk in rehearsed)
    assert (await call.ask("no"))[-1].instructions


async def test_what_was_rehearsed_is_forgotten_if_something_else_comes(small: Engine) -> None:
    call = Conversation(small)
    await call.ask("")
    await call.rehearse("yes")
    assert said(await call.ask("purple monkeys")) != "Your number please. "
    assert call.id not in small._rehearsals._prepared


@pytest.mark.parametrize("change", ["nothing", "variable", "node", "turn", "given", "heard"])
async def test_nothing_is_taken_over_if_anything_changed_meanwhile(
    small: Engine, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Conversation(small)
    await call.ask("")
    await call.rehearse("yes")
    session = call.session
    if change == "variable":
        session.set_variable("name", "Bob")
    elif change == "node":
        session.node = "number"
    elif change == "turn":
        session.turn += 1
    elif change == "heard":
        session.history.heard("Hello")
    decided, judge = [], small._judge

    def counted(node: Node, text: str, *more: Any) -> Decision:
        decided.append(text)
        return judge(node, text, *more)

    monkeypatch.setattr(small, "_judge", counted)
    await call.ask("yes", {"name": "Bob"} if change == "given" else {})
    assert bool(decided) == (change != "nothing")


async def test_every_answer_of_the_example_bot_is_the_same_with_and_without_rehearsal() -> None:
    plain, trying = Conversation(engine("appointment")), Conversation(engine("appointment"))
    words = ["是的", "停车方便吗", "我想改时间", "后天下午三点", "好的", "没有了", "再说一遍", "呃那个", "谢谢再见"]
    assert said(await plain.ask("")) == said(await trying.ask(""))
    for text in words:
        on_trial = said(await trying.rehearse(text))
        expected, found = await plain.ask(text), await trying.ask(text)
        assert said(found) == said(expected) == on_trial
        assert found[-1].instructions == expected[-1].instructions
    first, second = plain.state(), trying.state()
    assert {**first, "id": ""} == {**second, "id": ""} | {"decision": first["decision"]}


async def test_nothing_is_rehearsed_where_there_is_no_conversation(small: Engine) -> None:
    known = len(small.sessions)
    chunks = [chunk async for chunk in EngineVersions(small).rehearse(Query("yes", "nobody", speculative=True))]
    assert [(chunk.done, said([chunk]), chunk.complete) for chunk in chunks] == [(True, "", None)]
    assert len(small.sessions) == known


async def test_what_nobody_comes_back_for_is_forgotten(small: Engine) -> None:
    call = Conversation(small)
    await call.ask("")
    await call.rehearse("yes")
    prepared = small._rehearsals._prepared[call.id]
    for number in range(MAX_PREPARED):
        small._rehearsals.keep(str(number), prepared)
    assert call.id not in small._rehearsals._prepared
    assert len(small._rehearsals._prepared) == MAX_PREPARED


@pytest.mark.parametrize(("text", "complete"), [("yes", True), ("purple monkeys", False)])
async def test_a_rehearsal_tells_whether_the_words_are_complete(asking: Engine, text: str, complete: bool) -> None:
    call = Conversation(asking)
    await call.ask("")
    first, *others = await call.rehearse(text)
    assert first.complete is complete
    assert all(chunk.complete is None for chunk in others)


async def test_values_are_complete_when_all_that_was_asked_for_is_there(asking: Engine) -> None:
    call = Conversation(asking)
    for text in ("", "yes", "one two three four"):
        await call.ask(text)
    assert (await call.rehearse("tomorrow"))[0].complete is None
    assert (await call.rehearse("tomorrow at three pm"))[0].complete is True


async def test_who_ends_turns_by_words_is_told_what_is_expected(asking: Engine) -> None:
    call, found = Conversation(asking), []
    for text in ("", "yes", "one two three four", "tomorrow", "at three pm"):
        first, *others = await call.ask(text, by_words=True)
        found.append((first.expects, first.identify_duration_ms))
        assert all(chunk.expects is None for chunk in others)
    assert found == [
        (Expectation(Expected.YES_NO), 1200),
        (Expectation(Expected.DIGITS, (4, 4)), 2000),
        (Expectation(Expected.DATETIME), 1200),
        (Expectation(Expected.TIME), 1200),
        (Expectation(Expected.PHONE), 900),
    ]


async def test_nobody_else_is(asking: Engine) -> None:
    call = Conversation(asking)
    for text, duration_ms in (("", 800), ("yes", 1200)):
        first, *_ = await call.ask(text)
        assert (first.expects, first.complete, first.identify_duration_ms) == (None, None, duration_ms)
