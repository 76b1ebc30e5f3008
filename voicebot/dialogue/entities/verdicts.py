"""How the clauses of an answer are weighed against each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

_PLAINLY = 0.8
STATEMENT = 0.7
"""Confidence of a yes or no at the end of a statement: 三点不行."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one clause says: "yes" or "no", by its place in the folded text.

    ``bare_no``: a no without a word more, such as also puts right what was said before it.
    """

    start: int
    end: int
    value: str
    confidence: float
    clause_start: int
    bare_no: bool = False


def clauses(text: str, cut: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return where the clauses of a text are."""
    places, start = [], 0
    for match in cut.finditer(text):
        places.append((start, match.start()))
        start = match.end()
    places.append((start, len(text)))
    return [(start, end) for start, end in places if start < end]


def without_corrections(
    verdicts: list[Verdict], places: list[tuple[int, int]], is_filler: Callable[[int, int], bool]
) -> list[Verdict]:
    """Return the verdicts without a bare no between two statements: 周四吧，不，周五 answers nothing.

    Args:
        verdicts: what the clauses say, in order.
        places: where all clauses are.
        is_filler: tells whether a clause has no words of its own.
    """
    answered = {verdict.clause_start for verdict in verdicts}
    kept = []
    for verdict in verdicts:
        at = next(number for number, (start, _) in enumerate(places) if start == verdict.clause_start)
        states = [start not in answered and not is_filler(start, end) for start, end in places]
        if verdict.bare_no and at and states[at - 1] and any(states[at + 1 :]):
            continue
        kept.append(verdict)
    return kept


def weigh(verdicts: list[Verdict]) -> Verdict | None:
    """Return what the clauses say together.

    Clauses that agree count as the surest of them. A no after a yes is what is meant where it answers as plainly: the
    yes only took note (好的，不用了; "okay, no thanks"). Otherwise the first answer stands, and nobody can be sure:
    可以，但是三点不行; 不用了，好的.
    """
    if not verdicts:
        return None
    first, last = verdicts[0], verdicts[-1]
    if all(verdict.value == first.value for verdict in verdicts):
        return max(verdicts, key=lambda verdict: verdict.confidence)
    if first.value == "yes" and last.value == "no" and last.confidence > STATEMENT:
        plainly = first.confidence >= _PLAINLY  # 嗯 alone agrees to nothing
        return replace(last, confidence=min(last.confidence, 0.75 if plainly else 0.9))
    return replace(first, confidence=min(first.confidence, 0.6))
