from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.texts import render, split_sentences, unpaired_braces, variables_in


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("您好!请问是{{name}}吗?", ["您好!", "请问是{{name}}吗?"]),
        ("改到{{time|明天。下午}},对吗?", ["改到{{time|明天。下午}},对吗?"]),
        ("We open at 9 a.m. on Monday. Dr. Smith costs 3.5 dollars. OK?", None),
        ("他说“好。”就走了", ["他说“好。”", "就走了"]),
        ("等一下……好的", ["等一下……", "好的"]),
        ("没有标点", ["没有标点"]),
        ("", []),
    ],
)
def test_split(text: str, sentences: list[str] | None) -> None:
    expected = sentences or ["We open at 9 a.m. on Monday.", "Dr. Smith costs 3.5 dollars.", "OK?"]
    assert split_sentences(text) == (expected if text else [])


@given(st.text("你好。!?.{}|a 3\n", max_size=40))
def test_nothing_is_lost(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_render() -> None:
    text = "{{ name }}和{{city|成都}},{{none}}{{empty|x}}"
    assert variables_in(text) == ["name", "city", "none", "empty"]
    assert render(text, {"empty": " "}, {"name": "张"}) == "张和成都,x"
    assert render(text, {"name": "李", "city": "北京"}, {"name": "张", "none": "!"}) == "李和北京,!x"


def test_a_template_as_a_value_is_neither_filled_in_nor_spoken() -> None:
    # A platform that forgot to fill in its own template sends such a thing.
    assert render("{{a}}", {"a": "{{b}}", "b": "x"}, {}) == ""
    assert render("{{a|you}}", {"a": "{{ a }}"}, {}) == "you"
    assert render("{{a}}", {"a": "Ms {{b}}"}, {"a": "y"}) == "Ms"


@pytest.mark.parametrize("text", ["{{name", "name}}", "{{}}", "{{a|b|c", "{{{a}} }}"])
def test_braces_that_belong_to_no_variable_are_found(text: str) -> None:
    assert unpaired_braces(text)


@given(st.text("{}|a ", max_size=12))
def test_what_has_no_stray_braces_is_spoken_without_any(text: str) -> None:
    if not unpaired_braces(text):
        assert "{{" not in render(text, {}, {})


def test_full_width_marks_end_sentences() -> None:
    # Written as escapes: a half-width mark in their place looks almost the same and would prove nothing.
    question, exclamation = "\u662f\u5417\uff1f", "\u597d\uff01"
    assert split_sentences(question + exclamation) == [question, exclamation]
