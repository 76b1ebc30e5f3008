from __future__ import annotations

import pytest

from voicebot.conversation.endpointing.endpointer import Endpointer, EndpointingConfig, Grasp
from voicebot.conversation.endpointing.habits import PauseHabits
from voicebot.protocol.expectation import Expectation, Expected

CONFIG = EndpointingConfig(complete_ms=240, understood_ms=320, unclear_ms=600, growing_ms=1000)


def endpointer(kind: Expected = Expected.OPEN, pauses_ms: tuple[int, ...] = ()) -> Endpointer:
    made = Endpointer(CONFIG, "en")
    made.expectation = Expectation(kind)
    for pause_ms in pauses_ms:
        made.habits.note(pause_ms)
    return made


@pytest.mark.parametrize(
    ("kind", "text", "grasp", "wait_ms"),
    [
        (Expected.YES_NO, "yes", None, 240),
        (Expected.YES_NO, "yes", Grasp.NOTHING, 240),
        (Expected.OPEN, "my phone is broken", None, 600),
        (Expected.OPEN, "my phone is broken", Grasp.WHOLE, 240),
        (Expected.OPEN, "my phone is broken", Grasp.SOME, 320),
        (Expected.OPEN, "my phone is broken", Grasp.NOTHING, 600),
        (Expected.OPEN, "where are you?", None, 320),
        (Expected.OPEN, "where are you?", Grasp.NOTHING, 320),
        (Expected.OPEN, "I would like to", None, None),
        (Expected.OPEN, "I would like to", Grasp.WHOLE, None),
        (Expected.DIGITS, "one two three four", None, 1000),
        (Expected.DIGITS, "one two three four", Grasp.WHOLE, 1000),
    ],
)
def test_the_wait_for_some_words(kind: Expected, text: str, grasp: Grasp | None, wait_ms: int | None) -> None:
    assert endpointer(kind).wait_ms(text, grasp) == wait_ms


@pytest.mark.parametrize(
    ("kind", "text", "grasp", "finished_probability", "wait_ms"),
    [
        (Expected.OPEN, "my phone is broken", None, 0.5, 320),
        (Expected.OPEN, "my phone is broken", None, 0.49, 1000),
        (Expected.OPEN, "my phone is broken", Grasp.SOME, 0.1, 1000),
        (Expected.OPEN, "my phone is broken", Grasp.NOTHING, 0.9, 320),
        (Expected.OPEN, "my phone is broken", Grasp.WHOLE, 0.1, 240),
        (Expected.OPEN, "where are you?", None, 0.1, 1000),
        (Expected.YES_NO, "yes", None, 0.1, 240),
        (Expected.OPEN, "I would like to", None, 0.9, None),
        (Expected.DIGITS, "one two three four", None, 0.9, 1000),
    ],
)
def test_the_wait_with_the_opinion_of_the_audio_model(
    kind: Expected, text: str, grasp: Grasp | None, finished_probability: float, wait_ms: int | None
) -> None:
    assert endpointer(kind).wait_ms(text, grasp, finished_probability) == wait_ms


def test_the_audio_model_does_not_outvote_the_habits_of_a_caller() -> None:
    assert endpointer(pauses_ms=(700, 650, 720)).wait_ms("my phone is broken", None, 0.9) == 828


def test_a_caller_who_pauses_for_long_is_waited_for() -> None:
    patient = endpointer(pauses_ms=(700, 650, 720))
    assert patient.wait_ms("where are you?") == 828
    assert patient.wait_ms("my phone is broken") == 828
    assert patient.wait_ms("my phone is broken", Grasp.WHOLE) == 240
    patient.expectation = Expectation(Expected.YES_NO)
    assert patient.wait_ms("yes") == 240


def test_short_pauses_change_nothing() -> None:
    quick = endpointer(pauses_ms=(120, 140, 100, 160, 110))
    assert quick.wait_ms("where are you?") == 320
    assert quick.wait_ms("my phone is broken") == 600


def test_habits_are_known_after_some_pauses_and_follow_the_caller() -> None:
    habits = PauseHabits()
    for pause_ms in (900, 900):
        habits.note(pause_ms)
    assert habits.least_wait_ms == 0
    habits.note(900)
    assert habits.least_wait_ms == 1035
    for _ in range(20):
        habits.note(150)
    assert habits.least_wait_ms == 172


@pytest.mark.parametrize(("complete", "grasp"), [(True, Grasp.WHOLE), (None, Grasp.SOME), (False, Grasp.NOTHING)])
def test_what_the_brain_tells(complete: bool | None, grasp: Grasp) -> None:
    assert Grasp.of(complete) is grasp
