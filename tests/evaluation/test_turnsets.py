from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.evaluation.turnsets import CHOICES, HELD_OUT, KNOWN, TurnSet, chosen, may_be_listed


@pytest.mark.parametrize(
    ("choice", "sets"), [("all", (KNOWN, HELD_OUT)), ("known", (KNOWN,)), ("held-out", (HELD_OUT,))]
)
def test_a_choice_means_one_set_or_all(choice: str, sets: tuple[TurnSet, ...]) -> None:
    assert choice in CHOICES
    assert chosen(choice) == sets


def test_held_out_turns_are_listed_only_if_nothing_else_is_asked_for() -> None:
    assert [may_be_listed("held-out", choice) for choice in ("all", "known", "held-out")] == [False, False, True]
    assert all(may_be_listed("known", choice) for choice in ("all", "known"))


def test_each_set_has_files_of_its_own() -> None:
    assert KNOWN.turns_file(Path("x"), "service") == Path("x/service_en.jsonl")
    assert KNOWN.transcripts_file(Path("x"), "zh") == Path("x/asr_zh.jsonl")
    assert HELD_OUT.turns_file(Path("x"), "service") == Path("x/heldout_en.jsonl")
    assert HELD_OUT.transcripts_file(Path("x"), "zh") == Path("x/asr_heldout_zh.jsonl")
