"""``voicebot bench``: measure what the service does on this machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shlex
import subprocess
from pathlib import Path

import uvloop

from voicebot.bench.echo import measure_floor
from voicebot.bench.figures import replace_figures
from voicebot.bench.query import Plan, measure
from voicebot.bench.query_report import report as query_report
from voicebot.bench.rig import Rig
from voicebot.bench.scripts import speech_folder
from voicebot.bench.settings import bench_folder, on_free_ports
from voicebot.bench.turn import Phase, measure_barge_in, measure_turns, report
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.dialogue.botfile import load_bots
from voicebot.errors import ConfigError, VoicebotError
from voicebot.runtime.logs import set_up_logging
from voicebot.settings import Settings
from voicebot.settings.model import LogSettings


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "measure turns over real SIP calls, or queries of the HTTP interface, on this machine"
    parser = subparsers.add_parser("bench", help=text, description=text)
    benches = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_turn(benches)
    _add_query(benches)


def run(args: argparse.Namespace) -> int:
    """Run the bench and print its figures."""
    set_up_logging(LogSettings(level="warning"), "bench")
    figures = _turn(args) if args.what == "turn" else _query(args)
    text = f"{_machine()}\n\n{figures}"
    print(text)
    if args.write is not None:
        _replace(args.write, args.what, text)
    return 0


def _add_turn(benches: Subparsers) -> None:
    text = "how soon the bot answers, and how soon it falls silent, in real SIP calls"
    parser = benches.add_parser("turn", help=text, description=text)
    parser.add_argument(
        "--calls", type=int, nargs="+", default=[1, 4, 10], help="simultaneous calls, one run each (default: 1 4 10)"
    )
    parser.add_argument("--turns", type=int, default=8, help="turns in each call (default: %(default)s)")
    parser.add_argument(
        "--barge-ins", type=int, default=12, help="times the caller talks over the bot (default: %(default)s)"
    )
    parser.add_argument("--speech", type=Path, help="folder of recorded speech with a manifest.jsonl")
    parser.add_argument("--peer", help="command that measures another system and prints a JSON object as its last line")
    _add_common(parser)


def _add_query(benches: Subparsers) -> None:
    text = "how many queries a second /stream/query carries, how soon its first chunk comes, what a session weighs"
    parser = benches.add_parser("query", help=text, description=text)
    plan = Plan()
    parser.add_argument("--bot", help="the bot whose FAQ is asked (default: the one of bots.default)")
    parser.add_argument(
        "--sessions", type=int, default=plan.sessions, help="sessions that ask side by side (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=plan.rounds, help="how often each load is put on (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=plan.seconds, help="seconds of each load in a round (default: %(default)s)"
    )
    parser.add_argument(
        "--held", type=int, default=plan.held, help="sessions held to measure memory (default: %(default)s)"
    )
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", type=Path, help="Markdown file in which the figures replace the last ones")
    add_config_arguments(parser)


def _turn(args: argparse.Namespace) -> str:
    settings = on_free_ports(settings_from(args))
    most = max([*args.calls, 1])
    sip = settings.sip.model_copy(update={"max_calls": max(settings.sip.max_calls, most)})
    phases, floor_ms = uvloop.run(_measure_calls(settings.model_copy(update={"sip": sip}), args))
    return report(phases, floor_ms, _peer(args.peer))


async def _measure_calls(settings: Settings, args: argparse.Namespace) -> tuple[list[Phase], float]:
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


def _query(args: argparse.Namespace) -> str:
    settings = on_free_ports(settings_from(args))
    bots = load_bots(settings.bots.directory)
    name = args.bot or settings.bots.default
    if name not in bots:
        raise ConfigError(f"there is no bot '{name}'; the bots are: {', '.join(sorted(bots))}")
    plan = Plan(args.sessions, args.rounds, args.seconds, args.held)
    return query_report(asyncio.run(measure(settings, bots[name], plan)))


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


def _replace(file: Path, what: str, text: str) -> None:
    """Put figures between the marks of their bench."""
    replace_figures(file, f"bench {what}", text)
