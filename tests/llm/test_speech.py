"""Answers of models as they are spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.llm.plain import plain
from voicebot.llm.speech import SpeechShaper

COMMA, STOP = "\uff0c", "\u3002"


def spoken(*pieces: str, max_sentences: int = 20) -> list[str]:
    shaper = SpeechShaper(max_sentences)
    return [sentence for piece in pieces for sentence in shaper.feed(piece)] + shaper.flush()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It is **very** cheap.", "It is very cheap."),
        ("*Really* cheap, 2 * 3 yuan.", "Really cheap, 2 * 3 yuan."),
        ("## Prices", "Prices"),
        ("- one thing", "one thing"),
        ("1. one thing", "one thing"),
        ("> quoted", "quoted"),
        ("Use `curl` now.", "Use curl now."),
        ("See [our page](https://x.example/a_(b)) for more.", "See our page for more."),
        ("Look at https://x.example/a?b=1 now", "Look at now"),
        ("| a | b |", "a, b"),
        ("|---|---|", ""),
        ("---", ""),
        ("Hello \U0001f600!", "Hello !"),
        ("\U0001f44d\U0001f3fd", ""),
        ("<b>bold</b> words", "bold words"),
        ("25℃ and 3.5 kg, a < b", "25℃ and 3.5 kg, a < b"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_marks_for_screens_are_left_out(written: str, said: str) -> None:
    assert plain(written) == said


def test_sentences_come_as_soon_as_they_are_there() -> None:
    shaper = SpeechShaper(20)
    assert shaper.feed("It is open. ") == ["It is open."]
    assert shaper.feed("From nine") == []
    assert shaper.flush() == ["From nine"]


def test_the_first_clause_may_be_short() -> None:
    text = f"\u597d\u7684\u6ca1\u6709\u95ee\u9898{COMMA}\u6211\u6765\u67e5{STOP}"
    assert spoken(*text) == [f"\u597d\u7684\u6ca1\u6709\u95ee\u9898{COMMA}", f"\u6211\u6765\u67e5{STOP}"]


@pytest.mark.parametrize("tag", ["think", "thinking", "reasoning"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_thoughts_are_not_spoken(tag: str, size: int) -> None:
    text = f"<{tag}>The caller wants. A price? </{tag}>\n\nFive yuan. <{tag}>Done."
    assert spoken(*(text[place : place + size] for place in range(0, len(text), size))) == ["Five yuan."]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_code_is_not_spoken(size: int) -> None:
    text = "Do this:\n```python\nprint('x.')\n```\nThat is all."
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert spoken(*pieces) == ["Do this:", "That is all."]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_citations_are_collected_and_not_spoken(size: int) -> None:
    text = "It is free [2]. It opens at nine [1][3]. Really\u30101\u2020source\u3011. Yes [2, 4]."
    shaper = SpeechShaper(20)
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    said = [sentence for piece in pieces for sentence in shaper.feed(piece)] + shaper.flush()
    assert said == ["It is free.", "It opens at nine.", "Really.", "Yes."]
    assert shaper.citations == [2, 1, 3, 4]


def test_there_are_at_most_so_many_sentences() -> None:
    shaper = SpeechShaper(2)
    assert shaper.feed("One is here. Two is here. Three is here. ") == ["One is here.", "Two is here."]
    assert shaper.full
    assert shaper.feed("Four is here. ") == []
    assert shaper.flush() == []


def test_half_a_sentence_is_spoken_only_if_there_is_nothing_else() -> None:
    shaper = SpeechShaper(9)
    shaper.feed("All of it. And then")
    assert shaper.flush(cut=True) == []
    shaper = SpeechShaper(9)
    shaper.feed("And then")
    assert shaper.flush(cut=True) == ["And then"]


@given(st.text(alphabet="ab .!?\n*_`#<>/think[1]|-\u3002\uff0c\u597d", max_size=80), st.integers(1, 9))
def test_pieces_make_no_difference_to_what_may_be_said(text: str, size: int) -> None:
    shaper = SpeechShaper(50)
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    said = [sentence for piece in pieces for sentence in shaper.feed(piece)] + shaper.flush()
    for sentence in said:
        assert sentence.strip() == sentence
        assert any(character.isalnum() for character in sentence)
        assert "<think>" not in sentence
        assert "```" not in sentence


@given(st.lists(st.sampled_from(["Yes. ", "a b", ", ", "\u597d", STOP, COMMA, "3.5", " "]), max_size=12))
def test_plain_words_are_all_spoken(pieces: list[str]) -> None:
    said = "".join(spoken(*pieces, max_sentences=100))
    wanted = "".join(piece for piece in pieces if piece.strip(" .,\u3002\uff0c"))
    letters = [character for character in wanted if character.isalnum()]
    assert [character for character in said if character.isalnum()] == letters
