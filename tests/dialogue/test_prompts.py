from __future__ import annotations

import pytest

from tests.dialogue.shared import Caller, engine
from voicebot.dialogue import fixed_prompts
from voicebot.speech.types import UNKNOWN_WORDS


@pytest.mark.parametrize("name", ["appointment", "service"])
def test_no_variables_and_no_doubles(name: str) -> None:
    prompts = fixed_prompts(engine(name).bot)
    assert len(prompts) == len(set(prompts)) > 40
    assert not any("{{" in prompt for prompt in prompts)
    assert all(prompt == prompt.strip() != "" for prompt in prompts)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("appointment", ["是我", "停车方便吗", "香蕉大象", "啥", "能换个时间吗", "后天上午十点", "对", "没有了"]),
        ("service", ["what time do you close", "yes", "purple elephants fly", "is there parking", "nothing else"]),
    ],
)
async def test_what_is_said_is_listed_exactly_as_it_is_sent(name: str, words: list[str]) -> None:
    caller = Caller(engine(name))
    fixed = set(fixed_prompts(engine(name).bot))
    variable = set(engine(name).bot.variables.values()) | {"三月四号上午十点"}
    said = []
    for text in ["", *words]:
        await caller.say(text)
        said += [chunk.reply.text.strip() for chunk in caller.chunks if chunk.reply and chunk.reply.text]
    said.append(await caller.keep_silent())
    unlisted = [text for text in said if text not in fixed]
    assert len(said) > 10
    assert all(any(value in text for value in variable) for text in unlisted)


def test_sentences_with_variables_come_with_a_mark_behind_those_that_are_fixed() -> None:
    prompts = fixed_prompts(engine("appointment").bot)
    marked = [prompt for prompt in prompts if UNKNOWN_WORDS in prompt]
    assert f"好，给您改到{UNKNOWN_WORDS}{UNKNOWN_WORDS}，对吗？" in marked
    assert prompts[-len(marked) :] == marked
