"""Runs labelled turns through the engine's own decision, and through simpler ways of matching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue.decision import Decision
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.vectors import Encoder
from voicebot.evaluation.labels import Judge, Outcome, time_read
from voicebot.evaluation.peers import decide_all, peers
from voicebot.evaluation.turns import Turn
from voicebot.evaluation.turnsets import KNOWN

ENGINE = "this engine"


@dataclass(frozen=True, slots=True)
class Result:
    """A turn, what it was taken for, and whether that is right."""

    turn: Turn
    decision: Decision
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Sheet:
    """The results of a set of turns of a bot.

    Attributes:
        bot: its name.
        condition: how the turns were heard.
        by: who decided.
        results: in the order of the turns.
        without_answer: turns that the bot is not meant to understand.
        threshold: a peer's, chosen for these turns; None for the engine.
        error_rate: of the recogniser, 0..1; None for the very words.
        turn_set: name of the set of turns.
    """

    bot: str
    condition: str
    by: str
    results: tuple[Result, ...]
    without_answer: int
    threshold: float | None = None
    error_rate: float | None = None
    turn_set: str = KNOWN.name

    def share(self, outcome: Outcome) -> float:
        """Return the share of turns with an outcome, 0..1."""
        return self.count(outcome) / len(self.results) if self.results else 0.0

    def count(self, outcome: Outcome) -> int:
        """Return the number of turns with an outcome."""
        return sum(result.outcome is outcome for result in self.results)

    def by_kind(self) -> dict[str, Counter[Outcome]]:
        """Return the outcomes of each kind of turn, the most frequent kind first."""
        kinds: dict[str, Counter[Outcome]] = {}
        for result in self.results:
            kinds.setdefault(result.turn.kind, Counter())[result.outcome] += 1
        return dict(sorted(kinds.items(), key=lambda pair: -pair[1].total()))

    def times(self) -> tuple[int, int]:
        """Return how many days and times were found as they are meant, and how many there are."""
        read = [time_read(result.turn, result.decision) for result in self.results]
        return read.count(True), len(read) - read.count(None)


async def evaluate(engine: Engine, judge: Judge, turns: Sequence[Turn], condition: str) -> Sheet:
    """Have the engine decide on each turn, in a fresh conversation that stands at the turn's node."""
    decisions = [await engine.decide_at(turn.node, turn.said, turn.variables) for turn in turns]
    return _sheet(engine, judge, turns, condition, ENGINE, decisions)


def evaluate_peers(engine: Engine, encoder: Encoder, judge: Judge, own: Sheet) -> list[Sheet]:
    """Have simpler ways of matching decide on the turns of the engine's sheet."""
    sheets = []
    turns = [result.turn for result in own.results]
    decided = [result.decision for result in own.results]
    for name, nearest in peers(encoder).items():
        decisions, threshold = decide_all(engine.bot, judge, turns, nearest, decided)
        sheets.append(_sheet(engine, judge, turns, own.condition, name, decisions, threshold))
    return sheets


def _sheet(
    engine: Engine,
    judge: Judge,
    turns: Sequence[Turn],
    condition: str,
    by: str,
    decisions: Sequence[Decision],
    threshold: float | None = None,
) -> Sheet:
    results = tuple(
        Result(turn, decision, judge.outcome(turn, decision)) for turn, decision in zip(turns, decisions, strict=True)
    )
    without_answer = sum(not judge.has_answer(turn) for turn in turns)
    return Sheet(engine.bot.name, condition, by, results, without_answer, threshold)
