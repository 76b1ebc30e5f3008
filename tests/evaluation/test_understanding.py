"""The example bots on callers' turns: what was reached once is not given up."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS, encoder
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.decision import Decision, Kind
from voicebot.evaluation.labels import Judge, Outcome
from voicebot.evaluation.turns import NOW, SETS, TOPICS, Turn, load_topics, load_turns
from voicebot.evaluation.understanding import ENGINE, Result, Sheet, evaluate, evaluate_peers
from voicebot.evaluation.understanding_report import CLEAN, details, report

DATA = Path(__file__).parents[1] / "data" / "understanding"
# Share of right decisions at least, and of wrong ones at most. Raise them with what is reached; never lower them.
FLOORS = {"appointment": (0.86, 0.07), "service": (0.89, 0.08)}


@cache
def engine(name: str) -> Engine:
    return Engine(load_bot(BOTS / name / "bot.yaml"), encoder(), clock=lambda: NOW)


async def sheet_of(bot: str) -> Sheet:
    judge = Judge(engine(bot).bot, load_topics(DATA / TOPICS, bot))
    turns = load_turns(DATA / f"{SETS[bot]}.jsonl")
    judge.check(turns)
    return await evaluate(engine(bot), judge, turns, CLEAN)


@pytest.mark.parametrize("bot", sorted(FLOORS))
async def test_what_callers_say_is_understood_as_well_as_before(bot: str) -> None:
    sheet = await sheet_of(bot)
    right, wrong = FLOORS[bot]
    assert sheet.share(Outcome.RIGHT) >= right
    assert sheet.share(Outcome.WRONG) <= wrong


async def test_peers_decide_on_the_same_turns_and_profit_from_the_rules_of_nodes() -> None:
    sheet = await sheet_of("service")
    judge = Judge(engine("service").bot, load_topics(DATA / TOPICS, "service"))
    others = evaluate_peers(engine("service"), encoder(), judge, sheet)
    assert [other.by for other in others] == ["nearest by cosine", "rapidfuzz ratio", "rapidfuzz WRatio"]
    for other in others:
        assert [result.turn for result in other.results] == [result.turn for result in sheet.results]
        assert other.threshold is not None
        assert 0.2 < other.share(Outcome.RIGHT) < 1
        slots = [result.outcome for result in other.results if result.turn.kind == "slot"]
        assert slots.count(Outcome.RIGHT) >= 8


def test_the_report_counts_right_wrong_and_asked_again() -> None:
    turns = [Turn(f"t{number}", "hello", "words", ("faq:x",), "faq") for number in range(4)]
    faq, nothing = Decision(Kind.FAQ, "Why?", 0.81), Decision(Kind.FALLBACK)
    outcomes = [(faq, Outcome.RIGHT), (faq, Outcome.WRONG), (nothing, Outcome.MISSED), (faq, Outcome.RIGHT)]
    results = tuple(Result(turn, *outcome) for turn, outcome in zip(turns, outcomes, strict=True))
    sheet = Sheet("shop", CLEAN, ENGINE, results, 0)
    text = report([sheet])
    assert [cell.strip() for cell in text.splitlines()[2].split("|")[1:-1]] == [
        *("shop", "known", CLEAN, "", ENGINE, "4", "50.0 %", "25.0 %", "25.0 %", "none"),
    ]
    assert "| faq  |     4 |" in text
    told = details(sheet)
    assert "wrong  t1 at hello: words" in told
    assert "got faq Why?, score 0.81" in told
    assert "missed t2" in told
    assert "t0" not in told
