from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.assembler import SentenceAssembler


def run(pieces: list[str]) -> list[str]:
    assembler = SentenceAssembler()
    return [sentence for piece in pieces for sentence in assembler.feed(piece)] + assembler.flush()


def test_a_whole_sentence_passes_at_once() -> None:
    assert SentenceAssembler().feed("您好。") == ["您好。"]
    assert SentenceAssembler().feed("Hello there.") == ["Hello there."]


FULL_WIDTH = "\u60a8\u597d\uff0c\u8bf7\u95ee\u662f\u5417\uff1f\u597d\uff01"
"""Hello, is it you? Good! - with the punctuation marks that Chinese texts have."""


def test_full_width_marks_end_sentences() -> None:
    assert SentenceAssembler().feed(FULL_WIDTH) == [FULL_WIDTH[:8], FULL_WIDTH[8:]]


def test_tokens_become_sentences() -> None:
    tokens = ["我", "呀", ",是", "坐席", "中心", "的小助手", ",专门", "来陪你", "聊天", "。", "好吗", "?"]
    assert run(tokens) == ["我呀,是坐席中心的小助手,", "专门来陪你聊天。", "好吗?"]


@pytest.mark.parametrize("text", ["一共3.5元。", "请在10:30到。", "Mail a.b@example.com now.", "1,000 people came."])
def test_numbers_and_addresses_stay_whole(text: str) -> None:
    assert run(list(text)) == [text]


def test_the_rest_comes_with_the_flush() -> None:
    assert run(["没有标点"]) == ["没有标点"]


@given(st.lists(st.text(alphabet="好的,。a .1?", max_size=6)))
def test_no_letter_is_lost(pieces: list[str]) -> None:
    joined = "".join("".join(run(pieces)).split())
    assert joined == "".join("".join(pieces).split())
