"""The held-out turns: well-formed, and none of them among the turns that everybody may read.

No message shows a wording, only ids: whoever writes bots or the matcher must not come to know these turns.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS
from voicebot.dialogue import load_bot
from voicebot.evaluation.labels import Judge
from voicebot.evaluation.turns import TOPICS, Turn, load_heard, load_topics, load_turns
from voicebot.evaluation.turnsets import HELD_OUT, KNOWN, TurnSet

DATA = Path(__file__).parents[1] / "data" / "understanding"
LEAST = {"appointment": ("hz", 300), "service": ("he", 150)}


def turns_of(bot: str, turn_set: TurnSet = HELD_OUT) -> list[Turn]:
    return load_turns(turn_set.turns_file(DATA, bot))


def plain(turn: Turn) -> str:
    return re.sub(r"\W", "", turn.said.lower())


@pytest.mark.parametrize("bot", sorted(LEAST))
def test_there_are_enough_of_them_with_ids_of_their_own(bot: str) -> None:
    prefix, least = LEAST[bot]
    ids = [turn.id for turn in turns_of(bot)]
    assert len(ids) >= least
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(rf"{prefix}-[0-9]{{3}}", one)] == []


@pytest.mark.parametrize("bot", sorted(LEAST))
def test_their_labels_mean_something_to_the_bot(bot: str) -> None:
    turns = turns_of(bot)
    assert [turn.id for turn in turns if not turn.expect] == []
    Judge(load_bot(BOTS / bot / "bot.yaml"), load_topics(DATA / TOPICS, bot)).check(turns)


def test_no_wording_is_there_twice_or_among_the_known_turns() -> None:
    known = {plain(turn) for bot in LEAST for turn in turns_of(bot, KNOWN)}
    twice = []
    for bot in LEAST:
        for turn in turns_of(bot):
            words = plain(turn)
            if words in known:
                twice.append(turn.id)
            known.add(words)
    assert twice == []


def test_callers_ask_what_is_none_of_the_bots_business_now_and_then() -> None:
    for bot in LEAST:
        turns = turns_of(bot)
        fallback = sum("fallback" in turn.expect for turn in turns)
        assert 0.05 <= fallback / len(turns) <= 0.2
        assert len({turn.node for turn in turns}) >= 6


def test_mandarin_has_full_width_punctuation() -> None:
    assert [turn.id for turn in turns_of("appointment") if re.search("[,?!:;]", turn.said)] == []


@pytest.mark.parametrize(("bot", "language"), [("appointment", "zh"), ("service", "en")])
@pytest.mark.parametrize("noisy", [False, True])
def test_each_was_heard_over_the_telephone_as_it_reads_now(bot: str, language: str, noisy: bool) -> None:
    heard = load_heard(HELD_OUT.transcripts_file(DATA, language))
    now = {(turn.id, turn.said) for turn in turns_of(bot)}
    then = {(entry.id, entry.said) for entry in heard if bool(entry.noise) == noisy}
    assert sorted(name for name, _ in now ^ then) == []
