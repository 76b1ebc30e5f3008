"""The picture of a call."""

from __future__ import annotations

import importlib.util
import re
import shutil
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.calls import lines, write_recording
from voicebot.errors import TimelineError
from voicebot.timeline import png
from voicebot.timeline.drawing import draw
from voicebot.timeline.files import Sound, load_sound
from voicebot.timeline.lanes import wait_stages
from voicebot.timeline.reading import read_story
from voicebot.timeline.scale import GUTTER_PX, Rows, Scale
from voicebot.timeline.story import Mark, Story, Turn
from voicebot.timeline.svg import shortened, text_width

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """The texts that are to be seen, not those under the pointer."""
    found = ET.fromstring(picture).iter(f"{SVG}text")
    return ["".join([text.text or "", *(span.text or "" for span in text.iter(f"{SVG}tspan"))]) for text in found]


def sound_of(folder: Path) -> Sound:
    sound = load_sound(write_recording(folder))
    assert sound is not None
    return sound


def test_everything_has_its_lane(tmp_path: Path) -> None:
    shown = texts(draw(read_story(lines()), sound_of(tmp_path)))
    lanes = ("caller", "speech", "understood", "decisions", "answer, voice", "bot", "heard", "waited", "timers")
    assert [text for text in shown if text in lanes] == list(lanes)
    assert {"是", "是的", "stops speaking", "asks (2): 是的", "asks (3): nobody speaks"} <= set(shown)
    assert "780 ms = pause 600 + transcript 100 + answer 30 + voice 30 + out 20" in shown
    assert "silence 3.0 s, went off" in shown


def test_what_was_not_heard_is_struck_through() -> None:
    picture = draw(read_story(lines()), None)
    assert re.search('<tspan class="unheard">是王女士吗？</tspan>', picture)
    assert ">您好，请问<" in picture


def test_a_wave_lies_where_the_sound_is(tmp_path: Path) -> None:
    story, scale = read_story(lines()), Scale(-200, 8200)
    root = ET.fromstring(draw(story, sound_of(tmp_path)))
    caller = next(shape for shape in root.iter(f"{SVG}polygon") if shape.get("class") == "caller")
    points = [tuple(map(float, pair.split(","))) for pair in (caller.get("points") or "").split()]
    middle = points[0][1]
    loud = [x for x, y in points if middle - y > 10]
    assert min(loud) == pytest.approx(scale.x(1000), abs=2)
    assert max(loud) == pytest.approx(scale.x(1500), abs=2)


def test_a_part_shows_only_what_is_in_it() -> None:
    shown = texts(draw(read_story(lines()), None, 6.0, 8.0))
    assert "asks (3): nobody speaks" in shown
    assert not any("是的" in text for text in shown)


def test_a_long_call_makes_a_wide_picture_that_can_be_read() -> None:
    assert Scale(0, 10_000).width_px == 1000
    assert Scale(0, 600_000).width_px > 20_000


def test_it_is_drawn_for_dark_mode_too() -> None:
    story = read_story(lines())
    assert "prefers-color-scheme:dark" in draw(story, None)
    assert "prefers-color-scheme" not in draw(story, None, night=False)


@given(st.text())
def test_any_text_makes_a_picture_that_can_be_read(text: str) -> None:
    story = Story(text, text, text, length_ms=1000.0)
    story.marks.append(Mark(10.0, text))
    story.turns.append(Turn(1, text, 20.0))
    ET.fromstring(draw(story, None))


def test_an_empty_call_can_be_drawn() -> None:
    assert "call x" in texts(draw(Story("x", "", ""), None))


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(1, 200))))
def test_texts_never_lie_on_each_other(placed: list[tuple[float, float]]) -> None:
    rows = Rows()
    taken: list[tuple[int, float]] = []
    for x, width in sorted(placed):
        row = rows.place(x, width)
        assert all(other != row or end <= x for other, end in taken)
        taken.append((row, x + width))


@given(st.lists(st.none() | st.floats(0, 5000), min_size=4, max_size=4), st.floats(0, 5000))
def test_the_stages_of_a_wait_make_up_the_whole(moments: list[float | None], end_ms: float) -> None:
    end_of_turn, chunk, audio, asked = moments
    turn = Turn(1, "x", asked or 0.0, False, 0.0, end_of_turn, None, chunk, None, audio, end_ms)
    stages = wait_stages(turn)
    assert all(length_ms >= 0 for _, length_ms, _ in stages)
    assert sum(length_ms for _, length_ms, _ in stages) == pytest.approx(end_ms)


def test_a_wide_text_is_cut() -> None:
    assert shortened("您好", 100) == "您好"
    cut = shortened("您好" * 40, 200)
    assert cut.endswith("…")
    assert text_width(cut) <= 200
    assert text_width("您好") > 1.5 * text_width("ab")


def test_moments_outside_lie_at_the_edge() -> None:
    scale = Scale(1000, 2000)
    assert scale.x(0) == GUTTER_PX
    assert scale.x(5000) == scale.right_px


def test_png_is_made_by_what_is_installed_or_says_what_to_install(tmp_path: Path) -> None:
    picture = draw(read_story(lines()), sound_of(tmp_path), night=False)
    if importlib.util.find_spec("resvg_py") is None and shutil.which("rsvg-convert") is None:
        with pytest.raises(TimelineError, match="librsvg2-bin"):
            png.to_png(picture)
        return
    made = png.to_png(picture)
    assert made.startswith(b"\x89PNG")
    assert struct.unpack(">I", made[16:20]) == (2000,)


def test_without_any_program_for_png_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(TimelineError, match="install resvg-py"):
        png.to_png(draw(read_story(lines()), None))
