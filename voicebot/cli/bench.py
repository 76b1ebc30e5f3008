"""``voicebot bench turn``: measure turns and barge-ins over real SIP calls."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shlex
import subprocess
from pathlib import Path

from voicebot.bench.echo import measure_floor
from voicebot.bench.rig import Rig
from voicebot.bench.scripts import speech_folder
from voicebot.bench.settings import bench_folder, on_free_ports
from voicebot.bench.turn import Phase, measure_barge_in, measure_turns, report
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import VoicebotError
from voicebot.runtime.logs import set_up_logging
from voicebot.settings import Settings
from voicebot.settings.model import LogSettings

_BEGIN, _END = "<!-- bench turn: begin -->", "<!-- bench turn: end -->"


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "measure turns and barge-ins over real SIP calls on this machine"
    parser = subparsers.add_parser("bench", help=text, description=text)
    parser.add_argument("what", choices=["turn"], help="turn: how soon the bot answers, and how soon it falls silent")
    parser.add_argument(
        "--calls", type=int, nargs="+", default=[1, 4, 10], help="simultaneous calls, one run each (default: 1 4 10)"
    )
    parser.add_argument("--turns", type=int, default=8, help="turns in each call (default: %(default)s)")
    parser.add_argument(
        "--barge-ins", type=int, default=12, help="times the caller talks over the bot (default: %(default)s)"
    )
    parser.add_argument("--speech", type=Path, help="folder of recorded speech with a manifest.jsonl")
    parser.add_argument("--peer", help="command that measures another system and prints a JSON object as its last line")
    parser.add_argument("--write", type=Path, help="Markdown file in which the figures replace the last ones")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the bench and print its figures."""
    settings = on_free_ports(settings_from(args))
    most = max([*args.calls, 1])
    sip = settings.sip.model_copy(update={"max_calls": max(settings.sip.max_calls, most)})
    settings = settings.model_copy(update={"sip": sip})
    set_up_logging(LogSettings(level="warning"), "bench")
    phases, floor_ms = asyncio.run(_measure(settings, args))
    text = f"{_machine()}\n\n{report(phases, floor_ms, _peer(args.peer))}"
    print(text)
    if args.write is not None:
        _replace(args.write, text)
    return 0


async def _measure(settings: Settings, args: argparse.Namespace) -> tuple[list[Phase], float]:
    speech = speech_folder(args.speech)
    recordings = bench_folder(settings, "turn")
    floor_ms = await measure_floor(recordings)
    phases = []
    async with Rig(settings, recordings) as rig:
        for calls in args.calls:
            print(f"measuring {calls} call(s) of {args.turns} turns …", flush=True)
            phases.append(await measure_turns(rig, speech, calls, args.turns))
        if args.barge_ins:
            print(f"measuring {args.barge_ins} barge-ins …", flush=True)
            phases.append(await measure_barge_in(rig, speech, args.barge_ins))
    return phases, floor_ms


def _peer(command: str | None) -> list[str] | None:
    """Run the peer's measurement; it shares the machine and the run, not the code."""
    if not command:
        return None
    print("measuring the peer …", flush=True)
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
        stop_ms = found["stop_secs"] * 1000
        name = f"{found['peer']}, {found['calls']} call(s), no SIP"
        return [name, str(found["n"]), "", f"{found['p50'] * 1000 - stop_ms:.0f}", "",
                f"{found['max'] * 1000 - stop_ms:.0f}", str(found["missed"]), ""]  # fmt: skip
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise VoicebotError(f"--peer: its last line is not the expected JSON object ({error!r})") from error


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _replace(file: Path, text: str) -> None:
    old = file.read_text(encoding="utf-8")
    before, begin, rest = old.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise VoicebotError(f"{file}: the lines {_BEGIN} and {_END} are missing")
    file.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
