#!/usr/bin/env python3
"""Make the calls of docs/turn-taking.md over SIP, and draw them: docs/pictures/turn-*.svg.

    .venv/bin/python scripts/turn_pictures.py                  # all of them
    .venv/bin/python scripts/turn_pictures.py --only silence   # one, in both languages

The bot is the service with its example bots, the caller a scripted one with the recordings of the demo and with a
voice of ours. Recordings and logs stay in <data>/bench/pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import wave
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from voicebot.bench.rig import Rig
from voicebot.bench.settings import bench_folder, on_free_ports
from voicebot.caller.script import Script, Step
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.modelstore.store import ModelStore
from voicebot.runtime.logs import set_up_logging
from voicebot.settings.model import LogSettings, Settings
from voicebot.speech.synthesis.service import SynthesisService
from voicebot.speech.types import SpeechRequest
from voicebot.timeline.drawing import draw
from voicebot.timeline.files import find_log, load_sound, load_story

PICTURES = Path("docs/pictures")
DEMO = Path("config/demo")
LINES = {"zh": "appointment", "en": "service"}
VOICES = {"zh": "kokoro-zh/zm_yunxi", "en": "en"}
AT_A_TIME = 2  # so that each has a machine to itself, nearly


@dataclass(frozen=True, slots=True)
class Scene:
    """One call and the part of it that is drawn.

    Attributes:
        name: of the picture.
        language: which bot is rung.
        steps: what the caller does; a clip that is no path is spoken by a voice.
        from_s, to_s: the part that is drawn, None: to the end.
        echo_db: level of the bot's own voice that comes back to it.
    """

    name: str
    language: str
    steps: tuple[Step, ...]
    from_s: float | None = None
    to_s: float | None = None
    echo_db: float | None = None

    @property
    def file(self) -> Path:
        """The picture."""
        return PICTURES / f"turn-{self.name}-{self.language}.svg"


def _demo(language: str, name: str) -> str:
    return str(DEMO / language / f"{name}.wav")


SCENES = (
    Scene(
        "call",
        "zh",
        (
            Step("say", _demo("zh", "shi_de")),
            Step("say", _demo("zh", "jia_ge")),
            Step("say", _demo("zh", "tong_yi")),
            Step("say", _demo("zh", "zai_jian")),
            Step("wait", after_ms=12_000),
        ),
    ),
    Scene(
        "call",
        "en",
        (
            Step("say", _demo("en", "whats_the_weather_like")),
            Step("say", _demo("en", "billing_department")),
            Step("say", "Goodbye."),
            Step("wait", after_ms=8_000),
        ),
    ),
    Scene("end", "zh", (Step("say", _demo("zh", "shi_de")), Step("wait", after_ms=2500)), 4.0, 9.0),
    Scene("end", "en", (Step("say", _demo("en", "billing_department")), Step("wait", after_ms=2500)), 3.0, 8.0),
    Scene(
        "barge-in",
        "zh",
        (
            Step("say", _demo("zh", "shi_de")),
            Step("interrupt", "等一下，我想问问价格。", after_ms=1200),
            Step("listen"),
        ),
        6.0,
        17.0,
    ),
    Scene(
        "barge-in",
        "en",
        (Step("interrupt", "Wait, I have a question about my bill.", after_ms=500), Step("listen")),
        0.0,
        10.0,
    ),
    Scene(
        "backchannel", "zh", (Step("interrupt", "好的，好的。", after_ms=800), Step("wait", after_ms=4000)), 0.0, 5.5
    ),
    Scene(
        "backchannel", "en", (Step("interrupt", "Okay, right.", after_ms=300), Step("wait", after_ms=3500)), 0.0, 5.0
    ),
    Scene("greeting", "zh", (Step("wait", after_ms=300), Step("speak", "喂？"), Step("wait", after_ms=5000)), 0.0, 5.5),
    Scene(
        "greeting", "en", (Step("wait", after_ms=300), Step("speak", "Hello?"), Step("wait", after_ms=4000)), 0.0, 5.0
    ),
    Scene("silence", "zh", (Step("wait", after_ms=50_000),)),
    Scene("silence", "en", (Step("wait", after_ms=60_000),)),
    Scene("echo", "zh", (Step("say", _demo("zh", "shi_de")), Step("wait", after_ms=6000)), 0.0, 12.0, echo_db=-18.0),
    Scene(
        "echo",
        "en",
        (Step("say", _demo("en", "billing_department")), Step("wait", after_ms=5000)),
        0.0,
        11.0,
        echo_db=-18.0,
    ),
)


def main() -> int:
    """Make the calls and draw them."""
    parser = argparse.ArgumentParser(description="Make the pictures of docs/turn-taking.md from real calls.")
    parser.add_argument("--only", action="append", metavar="NAME", help="name of a scene; may be repeated")
    add_config_arguments(parser)
    args = parser.parse_args()
    set_up_logging(LogSettings(level="warning"), "pictures")
    scenes = [scene for scene in SCENES if args.only is None or scene.name in args.only]
    asyncio.run(_make(on_free_ports(settings_from(args)), scenes))
    return 0


async def _make(settings: Settings, scenes: list[Scene]) -> None:
    folder = bench_folder(settings, "pictures")
    recording = settings.recording.model_copy(update={"enabled": True, "transcripts": True, "timeline": True})
    settings = settings.model_copy(update={"recording": recording})
    await _speak(settings, scenes, folder)
    async with Rig(settings, folder) as rig:
        for start in range(0, len(scenes), AT_A_TIME):
            batch = scenes[start : start + AT_A_TIME]
            await rig.ring([_script(scene, rig, folder) for scene in batch])
            for scene in batch:
                record = await rig.record_of(_name(scene))
                _draw(settings, scene, record["info"]["call_id"])


async def _speak(settings: Settings, scenes: list[Scene], folder: Path) -> None:
    """Have spoken what no recording has."""
    rate_hz = settings.sip.audio_rate_hz
    texts = _unrecorded(scenes, folder)
    service = await SynthesisService.load(ModelStore(settings), settings)
    try:
        for text, language in texts:
            request = SpeechRequest(text, VOICES[language], rate_hz)
            async with aclosing(service.synthesise(request)) as pieces:
                pcm = b"".join([piece async for piece in pieces])
            with wave.open(str(_spoken(text, folder)), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate_hz)
                file.writeframes(pcm)
    finally:
        await service.close()


def _unrecorded(scenes: list[Scene], folder: Path) -> list[tuple[str, str]]:
    """Return what a voice has to say, with its language; makes the folder for it."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [(step, scene.language) for scene in scenes for step in scene.steps]
    return [(step.clip, language) for step, language in steps if step.clip and not Path(step.clip).is_file()]


def _spoken(text: str, folder: Path) -> Path:
    return folder / f"spoken-{''.join(character for character in text if character.isalnum())}.wav"


def _script(scene: Scene, rig: Rig, folder: Path) -> Script:
    steps = tuple(
        Step(
            step.do,
            step.clip if Path(step.clip).is_file() else str(_spoken(step.clip, folder)),
            step.keys,
            step.after_ms,
        )
        if step.clip
        else step
        for step in scene.steps
    )
    echo = {} if scene.echo_db is None else {"echo_db": scene.echo_db, "echo_delay_ms": 120}
    return Script(_name(scene), rig.target(LINES[scene.language]), steps, **echo)  # type: ignore[arg-type]


def _name(scene: Scene) -> str:
    return f"{scene.name}-{scene.language}"


def _draw(settings: Settings, scene: Scene, call_id: str) -> None:
    log = find_log(call_id, settings.paths.recordings)
    story = load_story(log)
    picture = draw(story, load_sound(log.parent / story.recording), scene.from_s, scene.to_s)
    scene.file.write_text(picture, encoding="utf-8")
    print(f"{scene.file} of call {call_id}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
