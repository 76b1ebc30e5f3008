"""``voicebot demo``: ring the bot over real SIP with recorded speech, and show the conversation as it happens."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from voicebot.bench.rig import Rig
from voicebot.bench.settings import bench_folder, on_free_ports
from voicebot.caller.analysis import Exchange, exchanges
from voicebot.caller.script import CallOutcome, Script, Step
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError
from voicebot.runtime.logs import set_up_logging
from voicebot.settings import Settings
from voicebot.settings.model import LogSettings

DEFAULT_DEMO = Path("config/demo/demo.yaml")


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "ring the bot over real SIP with recorded speech and print the conversation"
    parser = subparsers.add_parser("demo", help=text, description=text)
    parser.add_argument("--script", type=Path, default=DEFAULT_DEMO, help="the calls to make (default: %(default)s)")
    parser.add_argument("--only", help="name of the one call to make")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make the calls; 0 only if the bot answered every turn."""
    settings = on_free_ports(settings_from(args))
    set_up_logging(LogSettings(level="warning"), "demo")
    calls = [call for call in _load(args.script) if args.only in (None, call.name)]
    if not calls:
        raise ConfigError(f"{args.script}: there is no call '{args.only}'")
    return asyncio.run(_demo(settings, calls))


@dataclass(frozen=True, slots=True)
class DemoCall:
    """One call of the demo: a name, the number to ring, and what the caller says."""

    name: str
    number: str
    says: tuple[tuple[Path, str], ...]


def _load(file: Path) -> list[DemoCall]:
    """Read the demo script.

    Raises:
        ConfigError: the file or a clip is missing, or it is not written as expected.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        calls = [
            DemoCall(
                str(call["name"]),
                str(call["ring"]),
                tuple((file.parent / step["clip"], str(step["text"])) for step in call["caller_says"]),
            )
            for call in data["calls"]
        ]
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: is not a demo script: {error}") from error
    for clip, _ in (say for call in calls for say in call.says):
        if not clip.is_file():
            raise ConfigError(f"{file}: the clip {clip} is missing")
    return calls


@dataclass(slots=True)
class Screen:
    """Prints the conversation as it happens."""

    texts: dict[str, str]
    asked: set[int] = field(default_factory=set)

    def show(self, event: dict[str, Any]) -> None:
        """Print what an event tells."""
        if event["event"] == "mark" and event["what"] == "say":
            print(f"  caller says   {self.texts.get(event['detail'], '')}", flush=True)
        elif event["event"] == "turn":
            self._show_turn(event)

    def _show_turn(self, turn: dict[str, Any]) -> None:
        if turn["what"] == "caller":
            print(f"  understood    {turn['caller']}", flush=True)
        elif turn["what"] == "heard":
            print(f"  bot           {turn['heard']}{'' if turn['complete'] else ' …(cut off)'}", flush=True)


async def _demo(settings: Settings, calls: list[DemoCall]) -> int:
    folder = bench_folder(settings, "demo")
    screen = Screen({str(clip): text for call in calls for clip, text in call.says})
    print("starting the bot …", flush=True)
    answered = True
    async with Rig(settings, folder, screen.show) as rig:
        for call in calls:
            target = rig.target(call.number)
            print(f"\n{call.name}: ringing {target}", flush=True)
            steps = tuple(Step("say", str(clip)) for clip, _ in call.says)
            (outcome,) = await rig.ring([Script(call.name, target, (*steps, Step("listen")))])
            answered &= _conclude(outcome, await rig.record_of(call.name), len(call.says))
    print("\nthe bot answered every turn" if answered else "\nthe bot did NOT answer every turn")
    return 0 if answered else 1


def _conclude(outcome: CallOutcome, record: dict[str, Any], turns: int) -> bool:
    """Print the latencies of a call; tell whether every turn was answered."""
    measured = exchanges(outcome)
    waits = [turn["end_of_speech_ms"] for turn in record["turns"] if turn["end_of_speech_ms"]]
    for number, exchange in enumerate(measured, start=1):
        print(f"  turn {number}: {_latency(exchange, waits[0] if waits else 0)}")
    print(f"  recording: {outcome.recording} (left: caller, right: bot)", flush=True)
    return len(measured) == turns and all(exchange.answer_ms is not None for exchange in measured)


def _latency(exchange: Exchange, wait_ms: int) -> str:
    if exchange.gap_ms is None:
        return "no answer"
    return f"answered {exchange.gap_ms:.0f} ms after the caller's last sound; it waits for a pause of {wait_ms} ms"
