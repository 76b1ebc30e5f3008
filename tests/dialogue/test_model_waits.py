"""How long the model's answer is waited for, on a clock of its own."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.dialogue.bot import LONGEST_WAIT_S
from voicebot.dialogue.modelwaits import FILLER_AGAIN_S, FIRST_WORDS_S, Waits
from voicebot.settings.languagemodel import LanguageModelSettings


class Clock:
    now_s = 100.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    return clock


def waits(total_ms: int = 60000, filler_ms: int = 1500, fillers: tuple[str, ...] = ("a", "b")) -> Waits:
    return Waits(LanguageModelSettings(total_timeout_ms=total_ms, filler_after_ms=filler_ms), fillers)


def pass_on(clock: Clock, plan: Waits) -> float:
    """Let the wait pass; returns how long it was."""
    wait_s = plan.next_s()
    clock.now_s += wait_s
    return wait_s


def test_fillers_come_one_after_the_other_and_then_it_ends(clock: Clock) -> None:
    plan = waits()
    assert (pass_on(clock, plan), plan.filler) == (1.5, "a")
    assert plan.take_filler() == "a"
    plan.heard()
    assert (pass_on(clock, plan), plan.filler) == (FILLER_AGAIN_S, "b")
    assert plan.take_filler() == "b"
    plan.heard()
    assert (pass_on(clock, plan), plan.filler) == (LONGEST_WAIT_S, None)


@pytest.mark.parametrize(("filler_ms", "fillers"), [(0, ("a",)), (1500, ()), (5000, ("a",))])
def test_without_a_filler_the_first_words_are_due_sooner(clock: Clock, filler_ms: int, fillers: tuple[str]) -> None:
    plan = waits(filler_ms=filler_ms, fillers=fillers)
    assert (plan.next_s(), plan.filler) == (FIRST_WORDS_S, None)


def test_no_filler_after_the_first_sentence(clock: Clock) -> None:
    plan = waits()
    plan.no_more_fillers()
    plan.heard()
    assert (plan.next_s(), plan.filler) == (LONGEST_WAIT_S, None)


def test_the_whole_answer_has_a_limit(clock: Clock) -> None:
    plan = waits(total_ms=10000)
    plan.no_more_fillers()
    clock.now_s += 8
    plan.heard()
    assert plan.next_s() == 2.0
    clock.now_s += 3
    assert plan.next_s() == 0.0
