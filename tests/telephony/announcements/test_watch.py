from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from telephony.announcements.outcome import Category
from telephony.announcements.watch import AnswerWatch
from tests.telephony.announcements.sounds import Audio, frames, on_the_line, pause, rhythm, tone
from voicebot.caller.audio import load_clip
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.leg import AudioSource, CallInfo, HangupCause, LegListener, TransferRequest, TransferResult
from voicebot.errors import RecognitionError
from voicebot.speech.types import Transcript, TranscriptionRequest

SENTENCE = Path(__file__).parents[2] / "data" / "en" / "librivox_0930.wav"
MAILBOX = "Please leave a message after the tone."


class Line:
    """A leg and its conversation: notes what it is told."""

    def __init__(self, rate_hz: int = 8000) -> None:
        self.rate_hz = rate_hz
        self.info = CallInfo("call-1", "bot", "13800000000")
        self.notes: list[str] = []
        self.heard_bytes = 0
        self.turned_out: list[Category] = []
        self.listener: LegListener | None = None

    def start(self, listener: LegListener, source: AudioSource) -> None:
        self.listener = listener

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        self.notes.append(f"hang up {cause.value}")

    def heard(self, category: Category) -> None:
        assert "hang up bot" not in self.notes, "it is told before the call is ended by it"
        self.turned_out.append(category)

    def send_dtmf(self, digits: str) -> None:
        self.notes.append(f"send {digits}")

    def transfer(self, request: TransferRequest) -> None:
        self.notes.append(f"transfer {request.target}")

    def read(self, samples: int) -> bytes:
        return bytes(2 * samples)

    def on_answered(self) -> None:
        self.notes.append("answered")

    def on_audio(self, pcm: bytes) -> None:
        self.heard_bytes += len(pcm)

    def on_dtmf(self, digit: str) -> None:
        self.notes.append(f"digit {digit}")

    def on_hold(self, held: bool) -> None:
        self.notes.append(f"held {held}")

    def on_transfer_done(self, result: TransferResult) -> None:
        self.notes.append(result.outcome.value)

    def on_hung_up(self, cause: HangupCause) -> None:
        self.notes.append(f"over {cause.value}")


class Ear:
    """A recogniser that hears what it is told to hear."""

    def __init__(self, words: Callable[[], str]) -> None:
        self._words = words

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        return Transcript(self._words(), request.language, len(request.pcm) // 16)

    def promote(self, request: TranscriptionRequest) -> None:
        raise AssertionError("nobody waits for these")


Told = list[tuple[Category, Answerer | None]]


def watch(line: Line, words: Callable[[], str], *, awaits_beep: bool = False) -> tuple[AnswerWatch, Told]:
    told: Told = []
    watched = AnswerWatch(
        line, Ear(words), ("en", "zh"), {Category.BUSY}, awaits_beep, lambda *found: told.append(found)
    )
    watched.start(line, line)
    return watched, told


async def play(watched: AnswerWatch, audio: Audio) -> None:
    for frame in frames(on_the_line(audio)):
        watched.on_audio(frame)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def speech() -> Audio:
    audio: Audio = np.frombuffer(load_clip(SENTENCE, 8000), "<i2") / 32768
    return audio


async def test_a_busy_tone_ends_the_ringing_and_nothing_of_it_reaches_the_conversation() -> None:
    line = Line()
    watched, told = watch(line, lambda: "")
    await play(watched, rhythm([450], [350, 350], 4000))
    assert told == [(Category.BUSY, None)]
    assert line.turned_out == [Category.BUSY]
    assert line.notes == ["hang up bot"]
    assert line.heard_bytes == 0


async def test_at_16_khz_as_well() -> None:
    line = Line(16000)
    watched, told = watch(line, lambda: "")
    for frame in frames(on_the_line(rhythm([450], [350, 350], 4000))):
        watched.on_audio(np.repeat(np.frombuffer(frame, "<i2"), 2).tobytes())
    assert told == [(Category.BUSY, None)]


async def test_the_conversation_hears_from_the_answer_on() -> None:
    line = Line()
    watched, told = watch(line, lambda: "hello")
    watched.on_answered()
    await play(watched, np.concatenate((pause(300), speech()[:7000], pause(2500))))
    assert line.notes == ["answered"]
    assert line.heard_bytes > 3 * 16000
    assert told == [(Category.HUMAN, Answerer.HUMAN)]


@pytest.mark.parametrize("awaits_beep", [False, True])
async def test_a_mailbox_that_a_message_is_left_on_is_told_when_it_has_beeped(awaits_beep: bool) -> None:
    line = Line()
    watched, told = watch(line, lambda: MAILBOX, awaits_beep=awaits_beep)
    watched.on_answered()
    await play(watched, np.concatenate((pause(300), speech(), pause(1500))))
    found = (Category.VOICEMAIL, Answerer.VOICEMAIL)
    assert (found in told) is not awaits_beep
    await play(watched, np.concatenate((tone([1000], 400), pause(400))))
    assert told[-1] == found


async def test_a_mailbox_that_never_beeps_gets_its_message_all_the_same() -> None:
    watched, told = watch(Line(), lambda: MAILBOX, awaits_beep=True)
    watched.on_answered()
    await play(watched, np.concatenate((pause(300), speech(), pause(13_000))))
    assert told[-1] == (Category.VOICEMAIL, Answerer.VOICEMAIL)


async def test_a_recogniser_that_fails_makes_a_machine_of_nobody() -> None:
    def fail() -> str:
        raise RecognitionError("out of order")

    watched, told = watch(Line(), fail)
    watched.on_answered()
    await play(watched, np.concatenate((pause(300), speech(), speech(), pause(1500))))
    assert {answerer for _, answerer in told} <= {Answerer.HUMAN, Answerer.UNKNOWN}


async def test_the_rest_goes_through() -> None:
    line = Line()
    watched, _ = watch(line, lambda: "")
    watched.on_answered()
    watched.on_dtmf("5")
    watched.on_hold(True)
    watched.send_dtmf("12")
    watched.transfer(TransferRequest("sip:1@host"))
    watched.hang_up()
    watched.on_hung_up(HangupCause.BOT)
    assert line.notes == [
        "answered",
        "digit 5",
        "held True",
        "send 12",
        "transfer sip:1@host",
        "hang up bot",
        "over bot",
    ]


async def test_no_transcription_outlives_the_call() -> None:
    class Deaf(Ear):
        async def transcribe(self, request: TranscriptionRequest) -> Transcript:
            await asyncio.Event().wait()
            raise AssertionError

    line, state = Line(), list[Literal["told"]]()
    watched = AnswerWatch(line, Deaf(lambda: ""), ("en",), (), False, lambda *_: state.append("told"))
    watched.start(line, line)
    await play(watched, speech())
    assert [task for task in asyncio.all_tasks() if task.get_name() == "who-call-1"]
    watched.on_hung_up(HangupCause.FAILED)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "who-call-1"]
