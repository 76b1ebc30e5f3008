"""The picture of a call: lane under lane on one axis of time."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.timeline.files import Sound
from voicebot.timeline.lanes import LANES, Canvas
from voicebot.timeline.look import style
from voicebot.timeline.scale import GUTTER_PX, MARGIN_PX, Scale
from voicebot.timeline.story import Story
from voicebot.timeline.svg import Svg

_HEAD_PX = 44.0
_AXIS_PX = 30.0
_LEGEND_PX = 24.0
_LEAD_MS = 200.0
_LEGEND = (
    ("caller", "speech of the caller"),
    ("wait", "the pause that is waited for"),
    ("brain", "the dialogue decides"),
    ("voice", "the voice makes audio"),
    ("bot", "the caller hears the bot"),
)


def draw(
    story: Story, sound: Sound | None, from_s: float | None = None, to_s: float | None = None, *, night: bool = True
) -> str:
    """Draw a call as SVG.

    Args:
        story: what happened.
        sound: the recording, None if it is gone.
        from_s, to_s: which part, in seconds since the answer; None: from the beginning, to the end.
        night: with colours for dark mode, too.
    """
    end_ms = story.length_ms + _LEAD_MS
    scale = Scale(-_LEAD_MS if from_s is None else from_s * 1000, end_ms if to_s is None else min(to_s * 1000, end_ms))
    canvas = Canvas(Svg(), scale, story, sound)
    _head(canvas)
    y = _HEAD_PX
    y = _guides(canvas, y, _lanes)
    _axis(canvas, y)
    y += _AXIS_PX
    _legend(canvas.svg, y + 12)
    return canvas.svg.document(scale.width_px, y + _LEGEND_PX, _title(story), style(night=night))


def _title(story: Story) -> str:
    return f"Call {story.call}: what was said, decided and heard, and when"


def _head(canvas: Canvas) -> None:
    story, scale = canvas.story, canvas.scale
    canvas.svg.text(MARGIN_PX, 18, f"call {story.call}", "head")
    told = [f"line {story.line}", story.started_at[:19].replace("T", " ") + " UTC"]
    told.append(f"{max(scale.from_ms, 0) / 1000:.1f} s to {min(scale.to_ms, story.length_ms) / 1000:.1f} s")
    if not story.content:
        told.append("words were not kept")
    if story.damaged:
        told.append(f"{story.damaged} lines of the log are damaged")
    canvas.svg.text(MARGIN_PX, 34, ", ".join(told), "note")


def _lanes(canvas: Canvas, top: float) -> float:
    y = top
    for name, lane in LANES:
        height = lane(canvas, y)
        if height:
            canvas.svg.text(MARGIN_PX, y + min(height / 2 + 4, 22), name, "lane")
            canvas.svg.line(MARGIN_PX, y + height, canvas.scale.width_px - MARGIN_PX, y + height, "rule-line")
            y += height
    return y


def _guides(canvas: Canvas, top: float, lanes: Callable[[Canvas, float], float]) -> float:
    """Draw the lanes, and behind them lines down through all at the moments that matter most."""
    bottom = lanes(Canvas(Svg(), canvas.scale, canvas.story, canvas.sound), top)
    for turn in canvas.story.turns:
        for moment_ms in (turn.speech_end_ms, turn.playing_ms):
            if turn.gap_ms is not None and moment_ms is not None and canvas.scale.shows(moment_ms):
                x = canvas.scale.x(moment_ms)
                canvas.svg.line(x, top, x, bottom, "faint-dash")
    for clip in canvas.story.clips:
        silent_ms = clip.sounding_ms[-1][1] if clip.complete is False and clip.sounding_ms else None
        if silent_ms is not None and canvas.scale.shows(silent_ms):
            x = canvas.scale.x(silent_ms)
            canvas.svg.line(x, top, x, bottom, "stop-dash")
    return lanes(canvas, top)


def _axis(canvas: Canvas, top: float) -> None:
    scale, step_ms = canvas.scale, canvas.scale.step_s * 1000
    canvas.svg.line(GUTTER_PX, top + 4, scale.right_px, top + 4, "soft-line")
    number = -(-scale.from_ms // step_ms)
    while number * step_ms <= scale.to_ms:
        x = scale.x(number * step_ms)
        canvas.svg.line(x, top + 4, x, top + 9, "soft-line")
        canvas.svg.text(x, top + 22, f"{number * scale.step_s + 0.0:g} s", "note", "middle")
        number += 1


def _legend(svg: Svg, y: float) -> None:
    x = GUTTER_PX
    for css, text in _LEGEND:
        svg.rect(x, y - 8, 10, 9, css)
        svg.text(x + 15, y, text, "note")
        x += 15 + len(text) * 6.2 + 22
