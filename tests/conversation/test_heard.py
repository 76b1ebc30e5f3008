"""What a caller heard of a text: whole words, by the voice's own times or by estimate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversation.scripted import ScriptedCall, one
from voicebot.conversation.actions import Ask, RecordHeard, Speak
from voicebot.conversation.events import CallAnswered, ClipFailed, ClipStarted, ClipTimed
from voicebot.conversation.heard import estimated_word_ends, heard_text
from voicebot.conversation.mouth import Mouth
from voicebot.conversation.playout import Playout
from voicebot.conversation.voice import LineVoice
from voicebot.errors import SpeechWorkerLostError
from voicebot.protocol.query import HEARD_VARIABLE
from voicebot.speech.types import SpeechRequest, WordEnds


@pytest.mark.parametrize(
    ("text", "heard_ms", "total_ms", "expected"),
    [
        ("您好请问", 0, 1000, ""),
        ("您好请问", 500, 1000, "您好"),
        ("您好请问", 1000, 1000, "您好请问"),
        ("您好，请问", 600, 1000, "您好，"),
        ("Good morning to you", 500, 1000, "Good"),
        ("Good morning to you", 1000, 1000, "Good morning to you"),
        ("Good morning to you", 100, 1000, ""),
        ("一二三四五六七八九十", 1000, None, "一二三四五"),
        ("Your iPhone15 is ready.", 1000, 2000, "Your"),
        ("费用是35.5元", 600, 1600, "费用是"),
    ],
)
def test_without_times_the_cut_is_in_proportion_to_what_is_spoken(
    text: str, heard_ms: int, total_ms: int | None, expected: str
) -> None:
    assert heard_text(text, heard_ms, total_ms) == expected


ENDS: WordEnds = ((2, 400), (5, 700), (7, 1100))  # 您好 请问 是王


@pytest.mark.parametrize(
    ("heard_ms", "expected"),
    [
        (0, ""),
        (370, ""),
        (380, "您好，"),
        (400, "您好，"),
        (690, "您好，请问"),
        (1500, "您好，请问是王"),
        (2000, "您好，请问是王女士吗？"),
    ],
)
def test_with_times_a_word_was_heard_when_it_is_over(heard_ms: int, expected: str) -> None:
    assert heard_text("您好，请问是王女士吗？", heard_ms, 2000, ENDS) == expected


@given(st.text(), st.integers(0, 5000), st.none() | st.integers(1, 5000))
def test_what_was_heard_is_a_beginning_of_the_text(text: str, heard_ms: int, total_ms: int | None) -> None:
    assert text.startswith(heard_text(text, heard_ms, total_ms))


@given(st.text("ab1 .,您好！’-"), st.integers(0, 5000), st.none() | st.integers(1, 5000))
def test_no_latin_word_is_cut(text: str, heard_ms: int, total_ms: int | None) -> None:
    heard = heard_text(text, heard_ms, total_ms)
    around = heard[-1:], text[len(heard) : len(heard) + 1]
    assert not all(sign.isascii() and sign.isalnum() for sign in around if sign) or "" in around


@given(st.text(), st.integers(0, 5000), st.integers(0, 5000), st.none() | st.integers(1, 5000))
def test_more_time_never_means_less_heard(text: str, one_ms: int, other_ms: int, total_ms: int | None) -> None:
    shorter, longer = (heard_text(text, heard_ms, total_ms) for heard_ms in sorted((one_ms, other_ms)))
    assert longer.startswith(shorter)


def test_estimated_words_end_with_the_clip() -> None:
    assert estimated_word_ends("one two", 700)[-1] == (7, 700)
    assert estimated_word_ends("", 700) == ()
    assert estimated_word_ends("。", 700) == ()


# --- in a call


def test_the_record_and_the_next_query_have_the_words_that_were_over() -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    speak = one(call.answer("您好，请问是王女士吗？"), Speak)
    call.feed(ClipTimed(speak.clip_id, ENDS))
    call.feed(ClipStarted(speak.clip_id))
    call.now_ms += 720
    call.speak()
    actions = call.understood("您是哪里")
    actions += call.stop_clip(speak.clip_id, 720, 2000)
    assert one(call.actions, RecordHeard).text == "您好，请问"
    assert one(actions, Ask).query.variables.get(HEARD_VARIABLE, "您好，请问") == "您好，请问"


class Speaker:
    """Speaks any text as 100 ms of a tone."""

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        yield b"\x10\x10" * 800


class TimingAligner:
    """Knows the words of every text but one."""

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        if request.text == "nobody knows":
            raise SpeechWorkerLostError("gone")
        return ((len(request.text), 100),)


async def timed(voice: LineVoice, text: str, audio_url: str = "") -> list[ClipTimed]:
    """What a mouth tells of the words of a clip."""
    told: list[ClipTimed] = []
    failed: list[ClipFailed] = []
    mouth = Mouth(voice, Playout(8000, lambda _: None), failed.append, lambda _: None, told.append)
    mouth.say(7, text, audio_url)
    for _ in range(20):
        await asyncio.sleep(0)
    await mouth.close()
    assert failed == []
    return told


async def test_a_mouth_tells_when_the_words_of_a_clip_are_over() -> None:
    voice = LineVoice(Speaker(), "en", 8000, aligner=TimingAligner())
    assert await timed(voice, "hello") == [ClipTimed(7, ((5, 100),))]


async def test_where_nobody_knows_nothing_is_told() -> None:
    assert await timed(LineVoice(Speaker(), "en", 8000), "hello") == []
    assert await timed(LineVoice(Speaker(), "en", 8000, aligner=TimingAligner()), "nobody knows") == []
