"""Variables that a language model is never told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.withheld import MAX_VALUES, Secrets, Withheld
from voicebot.settings.languagemodel import LanguageModelSettings


def secrets(**values: str) -> Secrets:
    kept = Secrets()
    for name, value in values.items():
        kept.add(name, value)
    return kept


@pytest.mark.parametrize("name", ["card_no", "CARD_NO", "my_card_no", "id_card", "userPassword", "dtmf", "login_token"])
def test_names_that_are_withheld_by_default(name: str) -> None:
    assert Withheld(LanguageModelSettings().withheld).hides(name)


@pytest.mark.parametrize("name", ["name", "order", "opinion", "card", "called"])
def test_names_that_are_not(name: str) -> None:
    assert not Withheld(LanguageModelSettings().withheld).hides(name)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("my card is 62221234, yes", "my card is [card], yes"),
        ("my card is 6222 1234", "my card is [card]"),
        ("my card is 6222-12 34.", "my card is [card]."),
        ("it is 622212345", "it is [card]5"),
        ("it is 6222", "it is 6222"),
    ],
)
def test_values_are_hidden_however_they_are_spaced(text: str, hidden: str) -> None:
    assert secrets(card="62221234").hidden(text) == hidden


def test_case_makes_no_difference() -> None:
    assert secrets(word="Open Sesame").hidden("say open sesame") == "say [word]"


def test_the_longest_value_goes_first() -> None:
    assert secrets(a="12", b="1234").hidden("1234 and 12") == "[b] and [a]"


def test_earlier_values_stay_hidden() -> None:
    kept = secrets(pin="1111")
    kept.add("pin", "2222")
    assert kept.hidden("1111 or 2222") == "[pin] or [pin]"


def test_empty_values_hide_nothing() -> None:
    assert secrets(a="", b="  ").hidden("a b") == "a b"


def test_marks_can_be_taken_out_again() -> None:
    assert secrets(pin="1111").unmarked("Your [pin] is safe [1].") == "Your is safe [1]."


def test_there_is_a_limit() -> None:
    kept = Secrets()
    for number in range(MAX_VALUES + 1):
        kept.add("x", f"v{number:05}v")
    assert kept.hidden(f"v00000v v{MAX_VALUES:05}v") == "v00000v [x]"


WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12)


@given(st.lists(WORDS.filter(lambda word: bool(word.strip())), max_size=4), st.lists(WORDS, max_size=6))
def test_no_value_is_left_over(values: list[str], words: list[str]) -> None:
    kept = Secrets()
    for value in values:
        kept.add("\u2603", value)  # a name that no value can be a part of
    text = "".join([*words, *values, *words])
    hidden = kept.hidden(text)
    for value in values:
        assert value.strip() not in hidden.replace("[\u2603]", "\n")
