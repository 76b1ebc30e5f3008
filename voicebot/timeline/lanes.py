"""The lanes of the picture. Each draws itself from a height downwards and tells how much of it it took."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicebot.timeline.files import Samples, Sound
from voicebot.timeline.scale import GUTTER_PX, Rows, Scale
from voicebot.timeline.story import Clip, Story, Turn
from voicebot.timeline.svg import Svg, shortened, text_width

_WAVE_PX = 74.0
_SOFT = 0.1  # what never gets louder than this is not drawn larger: silence is to look like silence
_BAR_PX = 13.0
_ROW_PX = 17.0
_PAD_PX = 7.0
_WIDEST_TEXT_PX = 760.0
_NOTE_PX = 11.0
# The others only guard against what never happens in a good call, and are drawn if it does.
_TIMERS = frozenset({"silence", "digits"})


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a lane draws with, and from."""

    svg: Svg
    scale: Scale
    story: Story
    sound: Sound | None

    def bar(self, start_ms: float, end_ms: float, y: float, css: str, tip: str = "") -> None:
        """Draw a stretch of time, as much of it as is shown."""
        if self.scale.shows(start_ms, end_ms):
            left, right = self.scale.x(start_ms), self.scale.x(end_ms)
            self.svg.rect(left, y, right - left, _BAR_PX, css, tip)

    def tick(self, at_ms: float, y: float, css: str) -> None:
        """Draw a moment."""
        if self.scale.shows(at_ms):
            x = self.scale.x(at_ms)
            self.svg.line(x, y - 2, x, y + _BAR_PX + 2, css)


# --- sound


def caller_wave(canvas: Canvas, y: float) -> float:
    """What the caller sent."""
    return _wave(canvas, y, canvas.sound.caller, "caller") if canvas.sound else 0.0


def bot_wave(canvas: Canvas, y: float) -> float:
    """What the bot sent."""
    return _wave(canvas, y, canvas.sound.bot, "bot") if canvas.sound else 0.0


def _wave(canvas: Canvas, y: float, channel: Samples, css: str) -> float:
    assert canvas.sound is not None, "a wave is drawn of a sound"
    scale, per_ms = canvas.scale, canvas.sound.rate_hz / 1000
    columns = int(scale.right_px - GUTTER_PX)
    edges_ms = scale.from_ms + np.arange(columns + 1) / scale.px_per_ms + canvas.story.recording_ms
    edges = np.clip((edges_ms * per_ms).astype(int), 0, channel.size)
    loudest = max(float(np.abs(channel).max(initial=0.0)), _SOFT)
    middle, half = y + _WAVE_PX / 2, _WAVE_PX / 2 * 0.92
    reach = [
        float(np.abs(channel[left:right]).max(initial=0.0)) / loudest * half
        for left, right in itertools.pairwise(edges)
    ]
    upper = [(GUTTER_PX + x, middle - value) for x, value in enumerate(reach)]
    lower = [(GUTTER_PX + x, middle + max(value, 0.4)) for x, value in reversed(list(enumerate(reach)))]
    canvas.svg.polygon([*upper, *lower], css)
    return _WAVE_PX


# --- the caller


def speech(canvas: Canvas, y: float) -> float:
    """Utterances: speech, and the pause after it that ends them."""
    top = y + _PAD_PX
    for item in canvas.story.utterances:
        last_ms = item.end_ms if item.end_ms is not None else canvas.story.length_ms
        end_ms = item.speech_end_ms if item.speech_end_ms is not None else last_ms
        css, tip = ("faint-pale", "too short to be speech") if item.dropped else ("caller", "speech")
        canvas.bar(item.start_ms, end_ms, top, css, f"{tip}: {end_ms - item.start_ms:.0f} ms")
        if end_ms < last_ms:
            canvas.bar(end_ms, last_ms, top, "wait", f"pause that is waited for: {last_ms - end_ms:.0f} ms")
        for pause_ms in item.pauses_ms:
            canvas.tick(pause_ms, top, "ink-line")
    return _BAR_PX + 2 * _PAD_PX


def understood(canvas: Canvas, y: float) -> float:
    """What the recogniser made of it: in grey while the caller still spoke."""
    texts = [
        (item.at_ms, item.text or "(nothing)", "" if item.final else "grey", "")
        for item in canvas.story.understood
        if item.final or item.text
    ]
    return _texts(canvas, y, texts)


# --- the bot's head


def decisions(canvas: Canvas, y: float) -> float:
    """Queries, stops, goings-on, and whatever else was decided."""
    css = {"ask": "brain", "stop": "stop", "go": "go", "failure": "stop", "plain": "grey"}
    return _texts(canvas, y, [(mark.at_ms, mark.text, css[mark.kind], "") for mark in canvas.story.marks])


def answers(canvas: Canvas, y: float) -> float:
    """The brain at work, and the voice."""
    top = y + _PAD_PX
    for turn in canvas.story.turns:
        end_ms = turn.done_ms if turn.done_ms is not None else canvas.story.length_ms
        first_ms = turn.first_chunk_ms if turn.first_chunk_ms is not None else end_ms
        canvas.bar(turn.asked_ms, first_ms, top, "brain", f"query {turn.turn_id}: {first_ms - turn.asked_ms:.0f} ms")
        canvas.bar(first_ms, end_ms, top, "brain-pale", f"rest of answer {turn.turn_id}")
    second = top + _BAR_PX + 4
    for clip in canvas.story.clips:
        ready_ms = clip.ready_ms
        if ready_ms is not None:
            canvas.bar(clip.asked_ms, ready_ms, second, "voice", f"first audio after {ready_ms - clip.asked_ms:.0f} ms")
            canvas.bar(ready_ms, clip.start_ms or ready_ms, second, "voice-pale", "waits for its turn")
    return 2 * _BAR_PX + 4 + 2 * _PAD_PX


# --- the bot's mouth


def playout(canvas: Canvas, y: float) -> float:
    """The sentences as the caller heard them."""
    top = y + _PAD_PX
    for clip in canvas.story.clips:
        if clip.start_ms is not None:
            for start_ms, end_ms in clip.sounding_ms:
                canvas.bar(start_ms, canvas.story.length_ms if end_ms is None else end_ms, top, "bot", clip.text)
            canvas.tick(clip.start_ms, top, "paper-line")
            if clip.complete is False:
                canvas.tick(clip.sounding_ms[-1][1] or canvas.story.length_ms, top, "stop-line")
    height = _spoken(canvas, top + _BAR_PX)
    return _BAR_PX + _PAD_PX + height


def _spoken(canvas: Canvas, y: float) -> float:
    """Write what was said: as heard, and struck through what was not."""
    rows = Rows()
    for clip in canvas.story.clips:
        if clip.start_ms is None or not clip.text or not canvas.scale.shows(clip.start_ms, clip.end_ms):
            continue
        heard, rest = _split(clip)
        text = shortened(heard + rest, _WIDEST_TEXT_PX)
        x, row = _place(canvas, rows, clip.start_ms, text)
        parts = [(text[: len(heard)], ""), (text[len(heard) :], "unheard")]
        canvas.svg.texts(x, y + 16 + row * _ROW_PX, [part for part in parts if part[0]], tip=clip.text)
    return rows.count * _ROW_PX + _PAD_PX


def _split(clip: Clip) -> tuple[str, str]:
    """Return what was heard of a clip and what was not."""
    if clip.complete is not False:
        return clip.text, ""
    heard = clip.heard if clip.text.startswith(clip.heard) else ""
    return heard, clip.text[len(heard) :]


# --- time


def waits(canvas: Canvas, y: float) -> float:
    """How long the caller waited for each answer, and what for."""
    turns = [turn for turn in canvas.story.turns if turn.gap_ms is not None]
    shown = [turn for turn in turns if canvas.scale.shows(turn.speech_end_ms or 0.0, turn.playing_ms)]
    if not shown:
        return 0.0
    rows = Rows()
    for turn in shown:
        stages = wait_stages(turn)
        at_ms = turn.speech_end_ms or 0.0
        for name, length_ms, css in stages:
            canvas.bar(at_ms, at_ms + length_ms, y + _PAD_PX, css, f"{name}: {length_ms:.0f} ms")
            at_ms += length_ms
        told = " + ".join(f"{name} {length_ms:.0f}" for name, length_ms, _ in stages if round(length_ms))
        text = f"{turn.gap_ms or 0.0:.0f} ms = {told}"
        x, row = _place(canvas, rows, turn.speech_end_ms or 0.0, text, _NOTE_PX)
        canvas.svg.text(x, y + _PAD_PX + _BAR_PX + 13 + row * 14, text, "note")
    return _BAR_PX + 2 * _PAD_PX + rows.count * 14 + 2


def wait_stages(turn: Turn) -> list[tuple[str, float, str]]:
    """Return what the caller waited for: names, lengths in ms that make up the whole gap, and colours.

    A stage that was done before the one before it, on speculation, has no length.
    """
    marks = [
        ("pause", turn.end_of_turn_ms, "wait"),
        ("transcript", turn.asked_ms, "caller-pale"),
        ("answer", turn.first_chunk_ms, "brain"),
        ("voice", turn.first_audio_ms, "voice"),
        ("out", turn.playing_ms, "bot-pale"),
    ]
    stages, before_ms, end_ms = [], turn.speech_end_ms or 0.0, turn.playing_ms or 0.0
    for name, at_ms, css in marks:
        reached_ms = min(max(before_ms, at_ms if at_ms is not None else before_ms), end_ms)
        stages.append((name, reached_ms - before_ms, css))
        before_ms = reached_ms
    return stages


def timers(canvas: Canvas, y: float) -> float:
    """The timers that led to something, and those that wait for the caller."""
    rows, top = Rows(), y + _PAD_PX
    for timer in canvas.story.timers:
        end_ms = timer.end_ms if timer.end_ms is not None else canvas.story.length_ms
        if not (timer.name in _TIMERS or timer.fired) or not canvas.scale.shows(timer.start_ms, end_ms):
            continue
        left, right = canvas.scale.x(timer.start_ms), canvas.scale.x(end_ms)
        text = f"{timer.name} {timer.due_ms / 1000 - timer.start_ms / 1000:.1f} s"
        row = rows.place(left, max(right - left, text_width(text, _NOTE_PX)))
        line_y = top + row * _ROW_PX * 1.4
        canvas.svg.line(left, line_y, right, line_y, "stop-line" if timer.fired else "faint-line")
        canvas.svg.dot(right, line_y, 3, "stop" if timer.fired else "faint")
        canvas.svg.text(left, line_y + 13, text + (", went off" if timer.fired else ""), "note")
    return rows.count * _ROW_PX * 1.4 + 2 * _PAD_PX if rows.count else 0.0


# --- texts


def _texts(canvas: Canvas, y: float, texts: list[tuple[float, str, str, str]]) -> float:
    """Write texts at their moments, each with a line up to the lane's edge."""
    rows = Rows()
    for at_ms, full, css, tip in texts:
        if not canvas.scale.shows(at_ms):
            continue
        text = shortened(full, _WIDEST_TEXT_PX)
        x, row = _place(canvas, rows, at_ms, text)
        base = y + 16 + row * _ROW_PX
        canvas.svg.line(canvas.scale.x(at_ms), y, canvas.scale.x(at_ms), base - 4, "rule-line")
        canvas.svg.text(x, base, text, css, tip=tip or (full if text != full else ""))
    return rows.count * _ROW_PX + _PAD_PX if rows.count else 0.0


def _place(canvas: Canvas, rows: Rows, at_ms: float, text: str, font_px: float = 13.0) -> tuple[float, int]:
    """Return where a text begins, left enough to end within the picture, and its row."""
    width = text_width(text, font_px)
    x = max(GUTTER_PX, min(canvas.scale.x(at_ms) + 3, canvas.scale.width_px - 6 - width))
    return x, rows.place(x, width)


LANES: tuple[tuple[str, Callable[[Canvas, float], float]], ...] = (
    ("caller", caller_wave),
    ("speech", speech),
    ("understood", understood),
    ("decisions", decisions),
    ("answer, voice", answers),
    ("bot", bot_wave),
    ("heard", playout),
    ("waited", waits),
    ("timers", timers),
)
