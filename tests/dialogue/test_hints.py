"""A supervisor's hint, and what a bot makes of it: for one turn, in a model's prompt and as a variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.modelled import modelled
from tests.llm.endpoint import text_answer
from voicebot.dialogue.modelfile import model_texts

QUESTION = "Which of your kites flies best under water?"
HINT = "offer ten percent off"


async def test_the_model_is_told_the_hint_for_one_answer(tmp_path: Path) -> None:
    async with modelled(tmp_path, text_answer("The blue one.")) as bot:
        await bot.say("")
        await bot.say(QUESTION, supervisor_hint=HINT, supervisor="left")
        told = bot.messages()[0]["content"]
        assert f'"{HINT}"' in told
        assert "supervisor_hint" not in told
        assert "left" not in told.split()
        assert bot.session.variables["supervisor_hint"] == HINT
        await bot.say(QUESTION)
        assert HINT not in bot.messages()[0]["content"]
        assert "supervisor_hint" not in bot.session.variables


@pytest.mark.parametrize("language", ["zh", "en"])
def test_there_are_words_for_it_in_each_language(language: str) -> None:
    assert "{hint}" in model_texts(language)["hint"][0]
