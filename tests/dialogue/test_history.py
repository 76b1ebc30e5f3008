"""What a session remembers of what was said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.history import MAX_TURNS, History


def history(*sentences: str) -> History:
    kept = History()
    kept.begin("hello")
    for sentence in sentences:
        kept.said(sentence)
    return kept


def bot(kept: History) -> str:
    assert kept.last is not None
    return kept.last.bot


def test_what_was_handed_out_is_kept() -> None:
    kept = history("One. ", "Two. ")
    assert bot(kept) == "One. Two. "
    assert not next(iter(kept)).cut_short


def test_what_was_not_heard_is_cut_off() -> None:
    kept = history("One is here. ", "Two is here. ")
    kept.heard("One is here. Two")
    assert bot(kept) == "One is here. Two"
    assert next(iter(kept)).cut_short


def test_blanks_make_no_difference() -> None:
    kept = history("One is  here. ", "Two.")
    kept.heard("One is here.Two")
    assert bot(kept) == "One is  here. Two"


def test_nothing_heard() -> None:
    kept = history("One. ")
    kept.heard("")
    assert bot(kept) == ""


def test_what_was_heard_is_believed_even_if_we_said_it_otherwise() -> None:
    kept = history("It costs 3.50 euros. More.")
    kept.heard("It costs three fifty")
    assert bot(kept) == "It costs three fifty"


def test_an_old_variable_is_no_news() -> None:
    kept = history("One. Two. ")
    kept.heard("One.")
    kept.begin("and then")
    kept.said("Three. ")
    kept.heard("One.")
    assert bot(kept) == "Three. "


def test_an_answer_is_cut_once() -> None:
    kept = history("One. Two. ")
    kept.heard("One.")
    kept.heard("O")
    assert bot(kept) == "One."


def test_without_a_turn_nothing_happens() -> None:
    kept = History()
    kept.heard("x")
    kept.said("y")
    assert kept.last is None


def test_the_oldest_turns_are_forgotten() -> None:
    kept = History()
    for number in range(MAX_TURNS + 5):
        kept.begin(str(number))
    assert len(kept) == MAX_TURNS
    assert next(iter(kept)).caller == "5"


@given(st.lists(st.text(alphabet="ab .", max_size=6), max_size=5), st.integers(0, 30))
def test_any_beginning_is_what_remains(sentences: list[str], length: int) -> None:
    kept = history(*sentences)
    whole = bot(kept)
    heard = whole[:length]
    kept.heard(heard)
    assert "".join(bot(kept).split()) == "".join(heard.split())
    assert whole.startswith(bot(kept))
