from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from telephony.announcements.classifier import Classifier
from telephony.announcements.events import Beep, Event, TranscriptWanted, Verdict
from telephony.announcements.outcome import Category
from tests.telephony.announcements.sounds import Audio, frames, on_the_line, pause, rhythm, tone
from voicebot.caller.audio import load_clip

CLIPS = Path(__file__).parents[2] / "data"
SENTENCE = CLIPS / "en" / "librivox_0930.wav"
HELLO = CLIPS / "en" / "LJ002-0020.wav"
_HELLO_SAMPLES = 7000
OFF, MAILBOX = "对不起，您拨打的用户已关机", "您好，我现在不方便，请在提示音后留言"


def clip(path: Path) -> Audio:
    audio: Audio = np.frombuffer(load_clip(path, 8000), "<i2") / 32768
    return audio


def hear(
    audio: Audio, *, answered: bool, words: Callable[[], str | None] = lambda: "", noise_dbfs: float = -60.0
) -> list[Event]:
    """Pass audio through a classifier; transcripts come half a second after they were asked for."""
    classifier = Classifier()
    if answered:
        classifier.answered()
    told: list[Event] = []
    coming: list[tuple[int, int]] = []
    for number, frame in enumerate(frames(on_the_line(audio, noise_dbfs))):
        events = classifier.feed(frame)
        while coming and coming[0][0] <= number:
            events += classifier.transcribed(coming.pop(0)[1], words())
        coming += [(number + 25, event.request_id) for event in events if isinstance(event, TranscriptWanted)]
        told += events
    return told


def verdicts(events: list[Event]) -> list[Verdict]:
    return [event for event in events if isinstance(event, Verdict)]


class TestBeforeTheAnswer:
    def test_ring_back_is_waited_out(self) -> None:
        told = verdicts(hear(rhythm([450], [1000, 4000], 16_000), answered=False))
        assert [(verdict.category, verdict.final) for verdict in told] == [(Category.RINGING, False)]

    def test_busy_ends_it(self) -> None:
        audio = np.concatenate((rhythm([450], [1000, 4000], 10_000), rhythm([450], [350, 350], 4000)))
        last = verdicts(hear(audio, answered=False))[-1]
        assert (last.category, last.final, last.by) == (Category.BUSY, True, "tone")

    def test_an_announcement_after_ring_back(self) -> None:
        audio = np.concatenate((rhythm([450], [1000, 4000], 10_000), clip(SENTENCE), pause(1500)))
        last = verdicts(hear(audio, answered=False, words=lambda: OFF))[-1]
        assert (last.category, last.final, last.by) == (Category.POWERED_OFF, True, "words")

    def test_speech_that_is_no_announcement_is_a_colour_ring(self) -> None:
        audio = np.concatenate((clip(SENTENCE), pause(500), clip(SENTENCE), pause(1500)))
        told = verdicts(hear(audio, answered=False, words=lambda: "让世界充满爱"))
        assert [(verdict.category, verdict.final) for verdict in told] == [(Category.COLOUR_RING, False)]

    def test_words_that_frame_announcements_are_asked_for_once_more_with_context(self) -> None:
        audio = np.concatenate((clip(SENTENCE), pause(2500)))
        heard = iter(["您拨打的用户红烧肉", OFF, OFF, OFF, OFF])
        told = hear(audio, answered=False, words=lambda: next(heard))
        asked = [event for event in told if isinstance(event, TranscriptWanted)]
        assert [bool(one.context) for one in asked[:2]] == [False, True]
        assert asked[0].pcm == asked[1].pcm
        assert verdicts(told)[-1].category is Category.POWERED_OFF

    def test_words_that_cannot_be_had_decide_nothing(self) -> None:
        audio = np.concatenate((clip(SENTENCE), pause(500), clip(SENTENCE), pause(1500)))
        told = verdicts(hear(audio, answered=False, words=lambda: None))
        assert not [verdict for verdict in told if verdict.by == "words"]


class TestAfterTheAnswer:
    def test_who_says_a_word_and_waits_is_a_person(self) -> None:
        audio = np.concatenate((pause(400), clip(HELLO)[:_HELLO_SAMPLES], pause(3000)))
        first = verdicts(hear(audio, answered=True))[0]
        assert first.category is Category.HUMAN
        assert first.at_ms <= 2500

    def test_whoever_speaks_on_is_undecided_in_time_and_never_a_machine_by_length(self) -> None:
        audio = np.concatenate((pause(300), clip(SENTENCE), clip(SENTENCE), clip(SENTENCE), pause(2000)))
        told = verdicts(hear(audio, answered=True, words=lambda: "我在外面呢你有什么事情就说吧"))
        assert (told[0].category, told[0].at_ms) == (Category.UNDECIDED, 2400)
        assert {verdict.category for verdict in told} <= {Category.UNDECIDED, Category.HUMAN}

    def test_silence_is_final_only_after_a_while(self) -> None:
        told = verdicts(hear(pause(22_000), answered=True))
        assert [(verdict.at_ms, verdict.final) for verdict in told] == [(2400, False), (20_000, True)]
        assert {verdict.category for verdict in told} == {Category.SILENCE}

    def test_who_speaks_late_is_a_person_after_all(self) -> None:
        audio = np.concatenate((pause(3500), clip(HELLO)[:_HELLO_SAMPLES], pause(2000)))
        told = verdicts(hear(audio, answered=True))
        assert [verdict.category for verdict in told] == [Category.SILENCE, Category.HUMAN]

    def test_a_mailbox_by_its_words_and_its_beep(self) -> None:
        speech = np.concatenate((pause(300), clip(SENTENCE), clip(SENTENCE)))
        audio = np.concatenate((speech, pause(400), tone([1000], 400), pause(3000)))
        told = hear(audio, answered=True, words=lambda: MAILBOX)
        assert verdicts(told)[-1].category is Category.VOICEMAIL
        beeps = [event for event in told if isinstance(event, Beep)]
        assert len(beeps) == 1
        assert abs(beeps[0].frequency_hz - 1000) < 10

    def test_a_beep_alone_makes_a_mailbox_of_a_long_greeting(self) -> None:
        greeting = np.concatenate([clip(SENTENCE)] * 3)
        audio = np.concatenate((pause(300), greeting, pause(300), tone([800], 500), pause(2000)))
        last = verdicts(hear(audio, answered=True))[-1]
        assert (last.category, last.by) == (Category.VOICEMAIL, "beep")

    def test_a_beep_beside_a_person_makes_none(self) -> None:
        audio = np.concatenate((pause(300), clip(HELLO)[:_HELLO_SAMPLES], pause(400), tone([800], 500), pause(3000)))
        told = hear(audio, answered=True)
        assert not [event for event in told if isinstance(event, Beep)]
        assert {verdict.category for verdict in verdicts(told)} == {Category.HUMAN}

    @pytest.mark.parametrize("words", ["他手机关机了", "我正忙着呢，线路不好，等会儿再说"])
    def test_a_person_who_speaks_of_phones(self, words: str) -> None:
        audio = np.concatenate((pause(300), clip(SENTENCE), pause(2500)))
        told = verdicts(hear(audio, answered=True, words=lambda: words))
        assert {verdict.category for verdict in told} <= {Category.UNDECIDED, Category.HUMAN}

    def test_busy_tones_of_a_gateway_that_answers(self) -> None:
        last = verdicts(hear(rhythm([450], [350, 350], 5000), answered=True))[-1]
        assert last.category is Category.BUSY
