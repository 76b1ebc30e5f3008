"""Another system on the same recordings, run by a command of its own with a Python of its own."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicebot.bench.mixing import Rendered
from voicebot.bench.scenarios import Outcome
from voicebot.bench.trials import Trial, judge, sound_of
from voicebot.errors import VoicebotError
from voicebot.modelstore.store import ModelStore
from voicebot.settings.model import Settings

SCENARIOS = ("answers", "pauses", "numbers", "barge-in", "semantic")
_REPLY = "All right, please go on."
_LONG_REPLY = (
    "I will now go through the steps with you. There are quite a few of them, so just listen. We will send you a text "
    "message with all of it later. First of all, please have your identity card ready. Take it to the nearest shop, "
    "along with the bills of the last three months. You will find a machine next to the door that gives you a number. "
    "When your number comes up on the screen, go to the desk that is shown beside it. Hand your papers to one of my "
    "colleagues, who will compare them with our records. That takes about five minutes on most days. After that my "
    "colleague will print a form with your name and your address. Once you have read it, you sign it on the last page."
)


@dataclass(slots=True)
class PeerFigures:
    """What another system did.

    Attributes:
        name: its name, version and how it was set up.
        outcomes: by scenario.
    """

    name: str
    outcomes: list[Outcome] = field(default_factory=list)


async def measure_peer(
    command: str, settings: Settings, cases: Mapping[str, Sequence[Rendered]], folder: Path
) -> PeerFigures:
    """Run the command with the path of a plan behind it; the last line it prints is a JSON object.

    The plan has ``cases`` (``id``, ``file``, ``language``, ``expect``, ``after_ms``), ``replies`` and the folders of
    our recogniser and English voice. The result has ``peer`` and ``calls``, each with ``began_ms`` by case, and
    ``sounds_ms`` and ``turn_ends_ms`` on the same clock.

    Raises:
        VoicebotError: the command cannot be run or failed, or its last line is something else.
    """
    plan = folder / "peer.json"
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text(json.dumps(_plan(settings, cases), ensure_ascii=False), encoding="utf-8")
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(command), str(plan), stdout=asyncio.subprocess.PIPE)
    except OSError as error:
        raise VoicebotError(f"--peer: it cannot be run: {error}") from error
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    try:
        return figures_of(json.loads(output.decode().strip().splitlines()[-1]), cases)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise VoicebotError(f"--peer: its last line is not the expected JSON object ({error!r})") from error


def figures_of(found: Mapping[str, Any], cases: Mapping[str, Sequence[Rendered]]) -> PeerFigures:
    """Judge what a peer did by the same rules as our own calls.

    Raises:
        KeyError, TypeError, ValueError: the result is not as expected.
    """
    items = {_name(scenario, item): (scenario, item) for scenario, own in cases.items() for item in own}
    outcomes = {scenario: Outcome(scenario, 1) for scenario in cases}
    for call in found["calls"]:
        for scenario, trial in _trials(call, items):
            outcomes[scenario].trials.append(trial)
    for scenario, outcome in outcomes.items():
        outcome.unreached = len(cases[scenario]) - len(outcome.trials)
    return PeerFigures(str(found["peer"]), list(outcomes.values()))


def _trials(call: Mapping[str, Any], items: Mapping[str, tuple[str, Rendered]]) -> list[tuple[str, Trial]]:
    began = sorted(call["began_ms"].items(), key=lambda pair: float(pair[1]))
    last_ms = max([float(end) for _, end in call["sounds_ms"]] + [float(at) for _, at in began], default=0.0) + 10_000
    bot = sound_of(call["sounds_ms"], last_ms)
    ends_ms = [float(at) for at in call["turn_ends_ms"]]
    until_ms = [float(at) for _, at in began[1:]] + [last_ms]
    found = []
    for (name, at_ms), next_ms in zip(began, until_ms, strict=True):
        scenario, item = items[name]
        found.append((scenario, judge(item, str(call["call"]), float(at_ms), next_ms, bot, ends_ms)))
    return found


def _plan(settings: Settings, cases: Mapping[str, Sequence[Rendered]]) -> dict[str, Any]:
    store = ModelStore(settings)
    return {
        "whisper": str(store.path(settings.speech.recogniser.model).resolve()),
        "piper": str(store.path("piper-en-joe").resolve()),
        "replies": {"answer": _REPLY, "long": _LONG_REPLY},
        "cases": [
            {
                "id": _name(scenario, item),
                "file": str(item.file.resolve()),
                "language": item.case.language,
                "expect": item.case.expect,
                "after_ms": item.case.after_ms,
            }
            for scenario, own in cases.items()
            for item in own
        ],
    }


def _name(scenario: str, item: Rendered) -> str:
    return f"{scenario}/{item.case.id}"
