"""``voicebot bench``: measure what the service does on this machine."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
from dataclasses import replace
from pathlib import Path

import uvloop

from voicebot.bench.calls import ALL as CALLS_ALL
from voicebot.bench.calls import CallsPlan, measure_calls
from voicebot.bench.calls_report import report as calls_report
from voicebot.bench.figures import replace_figures
from voicebot.bench.query import Plan, measure
from voicebot.bench.query_report import report as query_report
from voicebot.bench.scenarios import MANY_CALLS
from voicebot.bench.scripts import speech_folder
from voicebot.bench.settings import bench_folder, on_free_ports
from voicebot.bench.turn import ALL, TurnPlan, measure_turns
from voicebot.bench.turn_report import report as turn_report
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.dialogue.botfile import load_bots
from voicebot.errors import ConfigError
from voicebot.runtime.logs import set_up_logging
from voicebot.settings.model import LogSettings

_QUICK_CALLS, _QUICK_HOLD_S, _QUICK_ROW = 8, 5.0, 100


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "measure turns over real SIP calls, queries of the HTTP interface, or many calls at a time, on this machine"
    parser = subparsers.add_parser("bench", help=text, description=text)
    benches = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_turn(benches)
    _add_query(benches)
    _add_calls(benches)


def run(args: argparse.Namespace) -> int:
    """Run the bench and print its figures."""
    set_up_logging(LogSettings(level="warning"), "bench")
    measure = {"turn": _turn, "query": _query, "calls": _calls}[args.what]
    text = f"{_machine()}\n\n{measure(args)}"
    print(text)
    if args.write is not None:
        _replace(args.write, args.what, text)
    return 0


def _add_turn(benches: Subparsers) -> None:
    text = (
        "how soon the bot answers, how soon it falls silent, and what it should not fall silent for, in real SIP calls"
    )
    parser = benches.add_parser("turn", help=text, description=text)
    parser.add_argument(
        "--scenario", nargs="+", choices=ALL, default=list(ALL), metavar="NAME",
        help=f"what to measure: {', '.join(ALL)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="every fourth case only")
    parser.add_argument(
        "--calls", type=int, default=MANY_CALLS, help="calls at a time for 'load' (default: %(default)s)"
    )
    parser.add_argument("--speech", type=Path, help="folder of recorded speech with a manifest.jsonl")
    parser.add_argument(
        "--peer", default="", metavar="COMMAND",
        help="command that measures another system on the same recordings (scripts/peer_pipecat.py)",
    )  # fmt: skip
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


def _add_calls(benches: Subparsers) -> None:
    text = "many calls with real audio, made by SIPp: late frames, processor time, memory, and what they leave behind"
    parser = benches.add_parser("calls", help=text, description=text)
    plan = CallsPlan(Path())
    parser.add_argument(
        "--scenario", nargs="+", choices=CALLS_ALL, default=list(CALLS_ALL), metavar="NAME",
        help=f"what to measure: {', '.join(CALLS_ALL)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--calls", type=int, default=plan.calls, help="calls at a time (default: %(default)s)")
    parser.add_argument(
        "--hold-s", type=float, default=plan.hold_s, help="seconds to measure while all are up (default: %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=plan.per_s, help="new calls a second (default: %(default)s)")
    parser.add_argument("--row", type=int, default=plan.row, help="calls in a row (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="8 calls for 5 s, 100 in a row")
    parser.add_argument("--speech", type=Path, help="folder of recorded speech with a manifest.jsonl")
    parser.add_argument(
        "--native", default="", metavar="PATH",
        help="pjsip's pjsua program to compare with (default: the one on the PATH, else a player made of pjsua2)",
    )  # fmt: skip
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", type=Path, help="Markdown file in which the figures replace the last ones")
    add_config_arguments(parser)


def _turn(args: argparse.Namespace) -> str:
    settings = on_free_ports(settings_from(args))
    plan = TurnPlan(speech_folder(args.speech), tuple(args.scenario), args.calls, args.quick, args.peer)
    return turn_report(uvloop.run(measure_turns(settings, plan, bench_folder(settings, "turn"), _tell)))


def _tell(what: str) -> None:
    print(f"{what} …", flush=True)


def _query(args: argparse.Namespace) -> str:
    settings = on_free_ports(settings_from(args))
    bots = load_bots(settings.bots.directory)
    name = args.bot or settings.bots.default
    if name not in bots:
        raise ConfigError(f"there is no bot '{name}'; the bots are: {', '.join(sorted(bots))}")
    plan = Plan(args.sessions, args.rounds, args.seconds, args.held)
    return query_report(asyncio.run(measure(settings, bots[name], plan)))


def _calls(args: argparse.Namespace) -> str:
    settings = on_free_ports(settings_from(args))
    plan = CallsPlan(
        speech_folder(args.speech),
        tuple(args.scenario),
        args.calls,
        args.hold_s,
        args.rate,
        args.row,
        args.native or shutil.which("pjsua") or "",
    )
    if args.quick:
        plan = replace(
            plan,
            quick=True,
            calls=min(plan.calls, _QUICK_CALLS),
            hold_s=min(plan.hold_s, _QUICK_HOLD_S),
            row=min(plan.row, _QUICK_ROW),
        )
    return calls_report(uvloop.run(measure_calls(settings, plan, bench_folder(settings, "calls"), _tell)))


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _replace(file: Path, what: str, text: str) -> None:
    """Put figures between the marks of their bench."""
    replace_figures(file, f"bench {what}", text)
