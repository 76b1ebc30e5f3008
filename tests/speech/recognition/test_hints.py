from __future__ import annotations

import pytest

from voicebot.speech.recognition.hints import MAX_PROMPT_TOKENS, MAX_PROMPT_WORDS, hint_words, only_hinted, prompt_of


def test_a_hint_has_a_word_in_each_line() -> None:
    assert hint_words("王女士\n\n 安心口腔 \n") == ("王女士", "安心口腔")
    assert hint_words("") == ()


def test_the_first_words_go_into_the_prompt_as_far_as_there_is_room() -> None:
    assert prompt_of(["王女士", "安心口腔"], "zh", len) == "王女士、安心口腔"
    assert prompt_of(["Northwind", "billing"], "en", len) == "Northwind, billing"
    assert prompt_of([], "zh", len) == ""
    assert prompt_of(["词"] * 20, "zh", len).count("词") == MAX_PROMPT_WORDS
    assert prompt_of(["好", "长" * MAX_PROMPT_TOKENS, "短"], "zh", len) == "好"


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("补牙。", True),
        ("补牙、洗牙", True),
        ("我要补牙", False),
        ("Northwind, billing!", True),
        ("。", False),
        ("", False),
    ],
)
def test_an_echo_of_the_hint_is_noticed(text: str, only: bool) -> None:
    assert only_hinted(text, ["补牙", "洗牙", "Northwind", "billing"]) is only
