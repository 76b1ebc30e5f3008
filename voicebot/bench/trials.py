"""What became of each case of a call, by the caller's recording and the bot's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.bench.mixing import Rendered
from voicebot.caller.analysis import AUDIBLE_DBFS, WINDOW_MS, levels, read_recording
from voicebot.caller.script import CallOutcome, Mark

STOPPED_MS = 400
"""A silence this long is a stop; the pauses between the bot's own sentences are shorter."""
_HEED_MS = 2000  # what a bot does this long after the caller's last sound is still because of it
_ANSWERED_MS = 4000  # a bot that speaks later than this has not answered but asked whether anybody is there
_TOLERANCE_MS = 60  # how exact the labels are
_CLOCKS_MS = 150  # how far the bot's clock, its jitter buffer's delay included, may be from the caller's
_BEFORE_MS = 400
_SAME_TURN_MS = 1000
_ANSWER_PAUSE_MS = 150

Sound = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trial:
    """One case in one call; times in ms.

    Attributes:
        rendered: what the caller let be heard.
        call: the call's name, which is that of its recording.
        speech_start_ms, speech_end_ms: first and last sound of the caller, from the start of the recording.
        valid: the bot was doing what the case needs when the caller began: silent to be answered, speaking to be
            interrupted.
        stop_ms: from the caller's first sound to the bot's silence; None if it spoke on.
        gap_ms: from the caller's last sound to the bot's next one; None if it stayed silent.
        spoke_over: the bot spoke while the caller did.
        ended_early: the bot took the caller's turn for ended while it went on, by its own record.
        end_of_speech_ms: the ``identifyDuration`` that was in force, by its own record; None if that is not known.
    """

    rendered: Rendered
    call: str
    speech_start_ms: float
    speech_end_ms: float
    valid: bool
    stop_ms: float | None = None
    gap_ms: float | None = None
    spoke_over: bool = False
    ended_early: bool = False
    end_of_speech_ms: float | None = None

    @property
    def kind(self) -> str:
        """Group in which its figures are told."""
        return self.rendered.case.kind

    @property
    def cut_off(self) -> bool:
        """The bot did not wait for the end."""
        return self.spoke_over or self.ended_early

    @property
    def unanswered(self) -> bool:
        """The bot waited, and went on waiting."""
        return not self.cut_off and (self.gap_ms is None or self.gap_ms > _ANSWERED_MS)

    @property
    def timed_gap_ms(self) -> float | None:
        """The gap, if it was an answer and its beginning is exact."""
        exact = self.rendered.clear_end and not self.cut_off and not self.unanswered
        return self.gap_ms if exact else None

    @property
    def timed_stop_ms(self) -> float | None:
        """The time to the bot's silence, if its beginning is exact and the bot was not just then in a pause."""
        return self.stop_ms if self.rendered.clear_start and self.stop_ms else None


def trials_of(outcome: CallOutcome, record: Mapping[str, Any], rendered: Mapping[str, Rendered]) -> list[Trial]:
    """Judge every case of a call.

    Args:
        outcome: what the caller noted.
        record: the bot's own record of the call.
        rendered: the cases by the files that were played.
    """
    samples, rate_hz = read_recording(Path(outcome.recording))
    bot: Sound = levels(samples[:, 1], rate_hz) > AUDIBLE_DBFS
    says = [mark for mark in outcome.marks if mark.what == "say"]
    ends_ms = [_ms(mark, rate_hz) for mark in says[1:]] + [len(samples) * 1000 / rate_hz]
    answered = next((mark for mark in outcome.marks if mark.what == "answered"), None)
    shift_ms = _ms(answered, rate_hz) if answered else 0.0
    turn_ends_ms = [
        float(turn["utterance_end_ms"]) + shift_ms
        for turn in record["turns"]
        if turn.get("utterance_end_ms") is not None
    ]
    begun = [(rendered.get(mark.detail), _ms(mark, rate_hz)) for mark in says]
    trials = [
        judge(item, outcome.name, clip_ms, end_ms, bot, turn_ends_ms)
        for (item, clip_ms), end_ms in zip(begun, ends_ms, strict=True)
        if item is not None
    ]
    return [replace(trial, end_of_speech_ms=_in_force_ms(trial, record, shift_ms)) for trial in trials]


def _in_force_ms(trial: Trial, record: Mapping[str, Any], shift_ms: float) -> float | None:
    """Return the identifyDuration of the bot's turn that belongs to what the caller said; None if there is none."""
    spoken = [turn for turn in record["turns"] if turn.get("speech_end_ms") is not None]
    distances = [(abs(turn["speech_end_ms"] + shift_ms - trial.speech_end_ms), turn) for turn in spoken]
    nearest = min(distances, key=lambda pair: pair[0], default=None)
    return None if nearest is None or nearest[0] > _SAME_TURN_MS else float(nearest[1]["end_of_speech_ms"])


def sound_of(intervals_ms: Iterable[Sequence[float]], length_ms: float) -> Sound:
    """Return when something was heard, as one value for each window, from a list of beginnings and ends."""
    sound = np.zeros(_at(length_ms) + 1, np.bool_)
    for start_ms, end_ms in intervals_ms:
        sound[_at(start_ms) : max(_at(end_ms), _at(start_ms) + 1)] = True
    return sound


def _ms(mark: Mark, rate_hz: int) -> float:
    return mark.sample * 1000 / rate_hz


def judge(
    item: Rendered, call: str, clip_ms: float, next_ms: float, bot: Sound, turn_ends_ms: Sequence[float]
) -> Trial:
    """Judge one case; all times in ms on one clock.

    Args:
        item: the case.
        call: names the call.
        clip_ms: when its recording began to play.
        next_ms: when the next one did.
        bot: when the bot was to be heard.
        turn_ends_ms: when the bot took turns of the caller for ended.
    """
    start_ms, end_ms = clip_ms + item.start_ms, clip_ms + item.end_ms
    before = bot[_at(start_ms - _BEFORE_MS) : _at(start_ms)]
    if item.case.expect != "answer":
        until_ms = min(next_ms, end_ms + _HEED_MS)
        stop_ms = fell_silent_ms(bot, start_ms, until_ms)
        if stop_ms is None and any(start_ms < at_ms < until_ms for at_ms in turn_ends_ms):
            stop_ms = _soon_answered_ms(bot, start_ms, until_ms)
        search_ms = max(end_ms, stop_ms) if stop_ms is not None else end_ms
        return Trial(
            item, call, start_ms, end_ms, valid=bool(before.any()),
            stop_ms=None if stop_ms is None else stop_ms - start_ms,
            gap_ms=None if stop_ms is None else _next_sound_ms(bot, search_ms, next_ms, end_ms),
        )  # fmt: skip
    spoke_over = bool(bot[_at(start_ms) : _at(end_ms - _TOLERANCE_MS)].any())
    return Trial(
        item, call, start_ms, end_ms, valid=not before.any(),
        gap_ms=_next_sound_ms(bot, end_ms - _TOLERANCE_MS, next_ms, end_ms),
        spoke_over=spoke_over,
        ended_early=any(start_ms < at_ms < end_ms - _CLOCKS_MS for at_ms in turn_ends_ms),
    )  # fmt: skip


def fell_silent_ms(bot: Sound, start_ms: float, until_ms: float) -> float | None:
    """Return when the bot's last sound ended before a silence of ``STOPPED_MS`` that began by ``until_ms``."""
    quiet = STOPPED_MS // WINDOW_MS
    last = _at(start_ms)
    limit = _at(until_ms)
    for window in range(last, len(bot)):
        if bot[window]:
            last = window + 1
            if last > limit:
                return None
        elif window - last + 1 >= quiet:
            return last * WINDOW_MS
    return None


def _soon_answered_ms(bot: Sound, start_ms: float, until_ms: float) -> float | None:
    """Return the beginning of the longest silence: the bot took the turn, but its answer came too soon for a stop."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], bot[_at(start_ms) : _at(until_ms)], [1]]).astype(np.int8)))
    silences = edges.reshape(-1, 2)
    lengths = silences[:, 1] - silences[:, 0]
    if not lengths.size or lengths.max() * WINDOW_MS < _ANSWER_PAUSE_MS:
        return None
    return float((_at(start_ms) + silences[lengths.argmax(), 0]) * WINDOW_MS)


def _next_sound_ms(bot: Sound, from_ms: float, until_ms: float, since_ms: float) -> float | None:
    sounds = np.flatnonzero(bot[_at(from_ms) : _at(until_ms)])
    return None if not sounds.size else (_at(from_ms) + int(sounds[0])) * WINDOW_MS - since_ms


def _at(time_ms: float) -> int:
    return max(0, int(time_ms / WINDOW_MS))
