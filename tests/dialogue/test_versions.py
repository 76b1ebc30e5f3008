"""A bot that changes while it talks: who hears which version, and how long the old one is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import encoder
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.session import EXPIRY_S, SessionStore
from voicebot.dialogue.sessionids import SessionIds
from voicebot.dialogue.versions import EngineVersions
from voicebot.errors import UnknownSessionError
from voicebot.protocol import Chunk, Query

BOT = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello: {say: "Version VERSION. Go on?", transitions: [{intent: yes, goto: hello}, {intent: no, goto: bye}]}
  bye: {say: "Bye from VERSION.", instructions: {hangup: true}}
"""


class Closing(Engine):
    """Tells that it was closed."""

    closed = False

    async def close(self) -> None:
        """Close."""
        self.closed = True
        await super().close()


class Setting:
    """Versions of one bot on one clock."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.ids = SessionIds()
        self._folder = folder
        self.engines: list[Closing] = []
        self.versions = EngineVersions(self.make())

    def make(self) -> Engine:
        """Return the next version."""
        file = self._folder / "bot.yaml"
        file.write_text(BOT.replace("VERSION", str(len(self.engines) + 1)), encoding="utf-8")
        engine = Closing(load_bot(file), encoder(), SessionStore(clock=lambda: self.now, ids=self.ids))
        self.engines.append(engine)
        return engine

    async def say(self, text: str, session_id: str = "") -> tuple[str, str]:
        """Return the answer and the session."""
        chunks: list[Chunk] = [chunk async for chunk in self.versions.ask(Query(text, session_id))]
        words = "".join(chunk.reply.text for chunk in chunks if chunk.reply is not None).strip()
        return words, chunks[0].session_id


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A bot in its first version."""
    return Setting(tmp_path)


async def test_a_conversation_ends_on_the_version_it_began_with(setting: Setting) -> None:
    _, old = await setting.say("")
    setting.versions.replace(setting.make())
    assert await setting.say("yes", old) == ("Version 1. Go on?", old)
    words, new = await setting.say("")
    assert words == "Version 2. Go on?"
    assert (await setting.say("no", old))[0] == "Bye from 1."
    assert (await setting.say("no", new))[0] == "Bye from 2."


async def test_a_session_that_a_server_opened_before_the_change_counts_as_begun(setting: Setting) -> None:
    session_id = setting.versions.new_session()
    setting.versions.replace(setting.make())
    assert (await setting.say("", session_id))[0] == "Version 1. Go on?"


async def test_three_versions_at_once(setting: Setting) -> None:
    sessions = []
    for _ in range(3):
        sessions.append((await setting.say(""))[1])
        setting.versions.replace(setting.make())
    assert [(await setting.say("yes", one))[0] for one in sessions] == [f"Version {n}. Go on?" for n in (1, 2, 3)]
    assert setting.versions.older == 3


async def test_an_old_version_is_closed_a_while_after_its_last_conversation_ended(setting: Setting) -> None:
    _, session_id = await setting.say("")
    setting.versions.replace(setting.make())
    await setting.versions.retire()
    assert not setting.engines[0].closed
    await setting.say("no", session_id)
    await setting.versions.retire()
    assert not setting.engines[0].closed, "a client that did not hang up may still ask"
    setting.now += 60
    await setting.versions.retire()
    assert [engine.closed for engine in setting.engines] == [True, False]


async def test_a_client_that_goes_on_after_the_end_keeps_its_version(setting: Setting) -> None:
    _, session_id = await setting.say("")
    setting.versions.replace(setting.make())
    await setting.say("no", session_id)
    await setting.say("what did you say", session_id)
    setting.now += 60
    await setting.versions.retire()
    assert not setting.engines[0].closed


async def test_an_old_version_is_closed_when_its_conversations_are_forgotten(setting: Setting) -> None:
    _, session_id = await setting.say("")
    setting.versions.replace(setting.make())
    setting.now += EXPIRY_S - 1
    await setting.versions.retire()
    assert setting.versions.older == 1
    setting.now += 1
    await setting.versions.retire()
    assert (setting.versions.older, setting.engines[0].closed, setting.engines[1].closed) == (0, True, False)
    with pytest.raises(UnknownSessionError):
        await setting.say("yes", session_id)


async def test_a_version_without_conversations_goes_at_once(setting: Setting) -> None:
    setting.versions.replace(setting.make())
    await setting.versions.retire()
    assert (setting.versions.older, setting.engines[0].closed) == (0, True)


async def test_a_client_with_an_id_of_its_own_gets_the_new_version_after_its_session_is_forgotten(
    setting: Setting,
) -> None:
    assert (await setting.say("", "mine"))[0] == "Version 1. Go on?"
    setting.versions.replace(setting.make())
    assert (await setting.say("yes", "mine"))[0] == "Version 1. Go on?"
    setting.now += EXPIRY_S
    assert (await setting.say("", "mine"))[0] == "Version 2. Go on?"


async def test_an_old_version_goes_as_soon_as_its_calls_are_over(setting: Setting) -> None:
    _, one = await setting.say("")
    _, other = await setting.say("")
    setting.versions.replace(setting.make())
    assert setting.versions.end(one)
    assert not setting.versions.end(one)
    await setting.versions.retire()
    assert not setting.engines[0].closed
    assert setting.versions.end(other)
    await setting.versions.retire()
    assert setting.engines[0].closed
    with pytest.raises(UnknownSessionError):
        await setting.say("yes", one)


async def test_closing_closes_all_versions(setting: Setting) -> None:
    await setting.say("")
    setting.versions.replace(setting.make())
    await setting.versions.close()
    assert [engine.closed for engine in setting.engines] == [True, True]
