#!/usr/bin/env python3
"""Draw a recorded call as a picture: who speaks when, and how long the caller waits for each answer.

    scripts/plot_call.py var/bench/demo/mandarin.wav call.svg
    scripts/plot_call.py call.wav call.svg --said 是的 价格 同意 再见

Reads the stereo recordings of the service, the demo and the bench (the caller left, the bot right) and writes an SVG.
Needs numpy: .venv/bin/python scripts/plot_call.py …
"""

from __future__ import annotations

import argparse
import itertools
import sys
import wave
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt

# By level alone, which needs nothing but numpy; voicebot/caller/analysis.py, which the bench uses, is more exact.
WINDOW_MS = 5
AUDIBLE_DBFS = -50.0
WORDS_BELOW_PEAK_DB = 30.0
JOIN_MS = 600  # pauses within a sentence, and between the sentences of one answer
WIDTH, LANE, LEFT, TOP, FOOT = 1000, 110, 70, 34, 46
CALLER, BOT, GREY = "#1f6feb", "#c2410c", "#6b7280"
LARGEST = 0.92  # of a lane's half height

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in seconds."""

    start_s: float
    end_s: float


def main() -> int:
    """Draw one recording."""
    parser = argparse.ArgumentParser(description="Draw a recorded call as an SVG picture.")
    parser.add_argument("recording", type=Path, help="stereo WAV, 16 bit: the caller left, the bot right")
    parser.add_argument("picture", type=Path, help="the SVG file to write")
    parser.add_argument("--said", nargs="*", default=[], metavar="TEXT", help="what the caller said, in order")
    options = parser.parse_args()
    try:
        rate_hz, caller, bot = read(options.recording)
    except (OSError, EOFError, ValueError, wave.Error) as error:
        print(f"{options.recording}: {error}", file=sys.stderr)
        return 1
    options.picture.write_text(draw(rate_hz, caller, bot, options.said), encoding="utf-8")
    return 0


def read(path: Path) -> tuple[int, Samples, Samples]:
    """Return the sample rate in Hz and both channels, -1 to 1.

    Raises:
        ValueError: it is not a stereo recording of 16 bit.
    """
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (2, 2):
            raise ValueError("expected a stereo WAV file of 16 bit")
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(np.float64) / 32768
        return file.getframerate(), pcm[:, 0], pcm[:, 1]


def spans(channel: Samples, rate_hz: int, below_peak_db: float = 200.0) -> list[Span]:
    """Return when a channel speaks; pauses shorter than JOIN_MS belong to what is being said.

    Args:
        channel: the samples.
        rate_hz: of the samples.
        below_peak_db: what is softer than the loudest moment of a stretch by more than this does not count.
    """
    window = rate_hz * WINDOW_MS // 1000
    blocks = channel[: channel.size // window * window].reshape(-1, window)
    levels = 20 * np.log10(np.maximum(np.sqrt(np.mean(blocks**2, axis=1)), 1e-6))
    loud = np.flatnonzero(levels > AUDIBLE_DBFS)
    found = []
    for stretch in np.split(loud, np.flatnonzero(np.diff(loud) > JOIN_MS // WINDOW_MS) + 1):
        words = stretch[levels[stretch] > levels[stretch].max(initial=-200.0) - below_peak_db]
        if words.size:
            found.append(Span(float(words[0]) * WINDOW_MS / 1000, float(words[-1] + 1) * WINDOW_MS / 1000))
    return found


def draw(rate_hz: int, caller: Samples, bot: Samples, said: list[str]) -> str:
    """Return the picture."""
    length_s = max(caller.size / rate_hz, 0.1)
    scale = (WIDTH - LEFT - 10) / length_s
    height = TOP + 2 * LANE + FOOT
    # A caller's breath and room are audible, too.
    speech = spans(caller, rate_hz, WORDS_BELOW_PEAK_DB), spans(bot, rate_hz)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        "<title>A recorded call: the caller above, the bot below</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for lane, (name, colour, channel) in enumerate((("caller", CALLER, caller), ("bot", BOT, bot))):
        middle = TOP + LANE * lane + LANE / 2
        parts += [
            _rectangle(span, TOP + LANE * lane + 4, LANE - 8, scale, colour, opacity=0.10) for span in speech[lane]
        ]
        parts.append(f'<text x="8" y="{middle + 5:.0f}" fill="{colour}" font-weight="600">{name}</text>')
        parts.append(_envelope(channel, middle, colour))
    parts += _words(speech[0], said, scale)
    parts += _waits(speech[0], speech[1], scale)
    parts += _axis(length_s, scale, TOP + 2 * LANE)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rectangle(span: Span, top: float, height: float, scale: float, colour: str, opacity: float) -> str:
    left, width = LEFT + span.start_s * scale, max(1.0, (span.end_s - span.start_s) * scale)
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}" fill-opacity="{opacity}" rx="4"/>'
    )


def _envelope(channel: Samples, middle: float, colour: str) -> str:
    """Return the outline of a channel: its loudest sample up and down, one pair for each pixel."""
    columns = WIDTH - LEFT - 10
    edges = np.linspace(0, channel.size, columns + 1).astype(int)
    peak = np.array([np.abs(channel[a:b]).max(initial=0.0) for a, b in itertools.pairwise(edges)])
    loudest = peak.max(initial=0.0) or 1.0
    reach = peak / loudest * LANE / 2 * LARGEST
    upper = [f"{LEFT + x},{middle - value:.1f}" for x, value in enumerate(reach)]
    lower = [f"{LEFT + x},{middle + value:.1f}" for x, value in reversed(list(enumerate(reach)))]
    return f'<polygon points="{" ".join(upper + lower)}" fill="{colour}" stroke="{colour}" stroke-width="0.5"/>'


def _words(caller: list[Span], said: list[str], scale: float) -> list[str]:
    return [
        f'<text x="{LEFT + (span.start_s + span.end_s) / 2 * scale:.1f}" y="{TOP - 8}" fill="{CALLER}" '
        f'text-anchor="middle">{escape(text)}</text>'
        for span, text in zip(caller, said, strict=False)
    ]


def _waits(caller: list[Span], bot: list[Span], scale: float) -> list[str]:
    """Mark the time from each end of the caller's speech to the bot's next words."""
    parts = []
    for span in caller:
        answer = next((item for item in bot if item.start_s > span.end_s), None)
        if answer is None:
            continue
        left, right, y = LEFT + span.end_s * scale, LEFT + answer.start_s * scale, TOP + LANE
        parts.append(f'<path d="M{left:.1f} {y - 6}V{y + 6}M{right:.1f} {y - 6}V{y + 6}M{left:.1f} {y}H{right:.1f}" '
                     f'stroke="{GREY}" fill="none"/>')  # fmt: skip
        parts.append(f'<text x="{right + 5:.1f}" y="{y + 4}" fill="{GREY}" font-size="11">'
                     f"{answer.start_s - span.end_s:.2f} s</text>")  # fmt: skip
    return parts


def _axis(length_s: float, scale: float, top: float) -> list[str]:
    step_s = next(step for step in (1, 2, 5, 10, 30, 60, 300, 3600) if length_s / step <= 16)
    parts = [f'<path d="M{LEFT} {top + 8}H{WIDTH - 10}" stroke="{GREY}"/>']
    for second in range(0, int(length_s) + 1, step_s):
        x = LEFT + second * scale
        parts.append(f'<path d="M{x:.1f} {top + 8}v5" stroke="{GREY}"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{top + 28}" fill="{GREY}" font-size="11" text-anchor="middle">{second} s</text>'
        )
    return parts


if __name__ == "__main__":
    raise SystemExit(main())
