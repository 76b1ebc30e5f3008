"""Which bots get a language model and skills of servers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.llm.endpoint import endpoint, text_answer
from voicebot.dialogue import Bot, load_bot
from voicebot.dialogue.modeldesk import Said
from voicebot.dialogue.session import Session
from voicebot.protocol.reply import ReplySource
from voicebot.runtime.bots import skills_of
from voicebot.runtime.modeldesks import model_desk_of
from voicebot.settings import Settings
from voicebot.settings.languagemodel import LanguageModelSettings

BOT = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: hello}
fallback: {texts: ["Sorry?"], goto: hello}
nodes: {hello: {say: Hello.}}
"""


def bot(folder: Path, more: str = "") -> Bot:
    (folder / "bot.yaml").write_text(BOT + more, encoding="utf-8")
    return load_bot(folder / "bot.yaml")


def test_a_bot_that_wants_none_gets_none(tmp_path: Path) -> None:
    settings = Settings(language_model=LanguageModelSettings(base_url="http://127.0.0.1:9/v1", model="x"))
    assert model_desk_of(bot(tmp_path), settings, None) is None


def test_without_a_model_bots_answer_on_their_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert model_desk_of(bot(tmp_path, "language_model: {}\n"), Settings(), None) is None
    assert "without a language model" in caplog.text


async def test_the_model_of_the_settings(tmp_path: Path) -> None:
    async with endpoint(text_answer("Fine.")) as served:
        desk = model_desk_of(bot(tmp_path, "language_model: {}\n"), Settings(language_model=served.settings()), None)
        assert desk is not None
        await desk.start()
        session = Session("s")
        session.history.begin("How are you?")
        assert [part async for part in desk.answer(session, "How are you?")] == [
            Said("Fine.", ReplySource.LARGE_MODEL_REPLY)
        ]
        await desk.close()


def test_servers_are_skills_too(tmp_path: Path) -> None:
    assert skills_of(bot(tmp_path), Settings(), tell_messages=False) is None
    served = bot(tmp_path, "mcp: [{name: shop, command: x}]\n")
    assert skills_of(served, Settings(), tell_messages=False) is not None
