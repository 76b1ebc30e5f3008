"""What bots remember from call to call, with real engines and a real database."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_asyncio

from tests.dialogue.shared import Caller, encoder
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.versions import EngineVersions
from voicebot.errors import StorageError
from voicebot.protocol import Query
from voicebot.runtime.memory import StoredMemory
from voicebot.settings import load_settings
from voicebot.storage.store import Storage

BOT = """\
language: en
start: hello
memory: {remember: [name], days: 30}
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello:
    goto:
      - {if: last_name is set, goto: back}
      - {goto: new}
  new:
    say: ["What is your name?", "And your name?"]
    transitions: [{regex: "I am (?P<name>[A-Z][a-z]+)", goto: thanks}]
  back: {say: "Hello {{last_name}}, call {{calls_before}} was {{last_call_days}} days ago.", transitions: []}
  thanks: {say: "Thank you, {{name}}. I shall remember that.", goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
"""
NUMBER = "13800138000"


@dataclass
class Shop:
    """A bot that remembers, and its clock."""

    memory: StoredMemory
    storage: Storage
    versions: EngineVersions
    day: list[datetime] = field(default_factory=list)

    def caller(self) -> Caller:
        """Return somebody who calls."""
        return Caller(self.versions)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A bot that remembers."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "bot.yaml").write_text(BOT)
    day = [datetime(2026, 3, 1, tzinfo=timezone.utc)]
    storage = Storage(load_settings(overrides=[f"paths.data={tmp_path}"]))
    memory = StoredMemory(storage, history=True, history_days=7, now=lambda: day[0], recall_s=10)
    versions = EngineVersions(Engine(load_bot(tmp_path / "shop" / "bot.yaml"), encoder()), memory)
    yield Shop(memory, storage, versions, day)
    await versions.close()
    await memory.stop()


async def test_a_caller_is_known_in_the_next_call_by_number(shop: Shop) -> None:
    first = shop.caller()
    assert await first.say("", caller="+86 138 0013 8000") == "What is your name?"
    assert (await first.say("I am Ann")).startswith("Thank you, Ann.")
    await shop.memory.written()
    shop.day[0] += timedelta(days=3, hours=1)
    assert await shop.caller().say("", caller=NUMBER) == "Hello Ann, call 1 was 3 days ago."
    assert await shop.caller().say("", caller="13900139000") == "What is your name?"
    assert await shop.caller().say("") == "What is your name?"


async def test_a_caller_is_forgotten_after_the_days(shop: Shop) -> None:
    first = shop.caller()
    await first.say("", caller=NUMBER)
    await first.say("I am Ann")
    await shop.memory.written()
    shop.day[0] += timedelta(days=30)
    assert await shop.caller().say("", caller=NUMBER) == "What is your name?"


async def test_a_bot_that_did_not_ask_for_it_remembers_nothing(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "shop" / "bot.yaml"
    file.write_text(BOT.replace("memory: {remember: [name], days: 30}\n", ""))
    shop.versions.replace(Engine(load_bot(file), encoder()))
    caller = shop.caller()
    await caller.say("", caller=NUMBER)
    await caller.say("I am Ann")
    await shop.memory.written()
    assert shop.storage.memories.find(NUMBER, shop.day[0]) == []


async def test_the_history_has_every_turn_as_far_as_it_was_heard(shop: Shop) -> None:
    caller = shop.caller()
    await caller.say("", caller=NUMBER)
    await caller.say("whatever", bot_heard="What is")
    await caller.say("I am Ann")
    await shop.memory.written()
    turns = shop.storage.turns.of_session(caller.session_id)
    assert [(one.number, one.node, one.kind, one.caller_text, one.bot_text, one.cut_short) for one in turns] == [
        (1, "new", "greeting", "", "What is", True),
        (2, "new", "fallback", "whatever", "Sorry? What is your name?", False),
        (3, "bye", "transition", "I am Ann", "Thank you, Ann. I shall remember that. Bye.", False),
    ]
    assert {one.caller for one in turns} == {NUMBER}
    assert [one.intent for one in turns] == ["", "", ""]
    shop.day[0] += timedelta(days=7, seconds=1)
    shop.memory.forget_old()
    assert shop.storage.turns.of_session(caller.session_id) == []


async def test_the_history_has_intents_and_values(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "shop" / "bot.yaml"
    file.write_text(BOT.replace("transitions: [{regex", "transitions: [{intent: no, goto: bye}, {regex", 1))
    shop.versions.replace(Engine(load_bot(file), encoder()))
    caller = shop.caller()
    await caller.say("", caller=NUMBER)
    await caller.say("no thanks")
    await shop.memory.written()
    _, turn = shop.storage.turns.of_session(caller.session_id)
    assert (turn.kind, turn.intent) == ("transition", "no")
    assert {"kind": "yes_no", "value": "no", "text": "no"} in json.loads(turn.entities or "")


async def test_an_answer_that_is_given_up_is_kept_as_far_as_it_was_handed_out(shop: Shop) -> None:
    session_id = shop.versions.new_session()
    await shop.caller().ask(Query("", session_id, {"caller": NUMBER}))
    answer = shop.versions.ask(Query("I am Ann", session_id))
    chunk = await anext_of(answer)
    assert chunk == "Thank you, Ann."
    await answer.aclose()  # type: ignore[attr-defined]
    await shop.memory.written()
    assert shop.storage.turns.of_session(session_id)[-1].bot_text == "Thank you, Ann."


async def anext_of(answer: object) -> str:
    """Return the text of the next chunk."""
    chunk = await answer.__anext__()  # type: ignore[attr-defined]
    return str(chunk.reply.text).strip()


async def test_a_database_that_is_away_disturbs_nobody_and_gets_it_later(
    shop: Shop, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    hidden = tmp_path / "voicebot.db"
    hidden.mkdir()
    caller = shop.caller()
    with caplog.at_level(logging.DEBUG):
        assert await caller.say("", caller=NUMBER) == "What is your name?"
        assert (await caller.say("I am Ann")).startswith("Thank you, Ann.")
        with pytest.raises(StorageError):
            await shop.memory.written()
    assert NUMBER not in caplog.text
    assert "Ann" not in caplog.text
    hidden.rmdir()
    await shop.memory.written()
    assert len(shop.storage.turns.of_session(caller.session_id)) == 2
    (known,) = shop.storage.memories.find(NUMBER, shop.day[0])
    assert known.values == {"name": "Ann"}


async def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    settings = load_settings(overrides=[f"paths.data={tmp_path}"])
    memory = StoredMemory(Storage(settings), history=False, history_days=7)
    memory.start()
    memory.keep("shop", NUMBER, {"name": "Ann"}, 30)
    await memory.stop()
    storage = Storage(settings)
    assert len(storage.memories.find(NUMBER, datetime.now(timezone.utc))) == 1
    storage.close()
