"""``voicebot eval``: measure how well the bots understand what callers say."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from voicebot.bench.figures import replace_figures
from voicebot.bench.scripts import speech_folder
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.dialogue import Bot, Engine, UseEncoder, load_bots
from voicebot.dialogue.hotwords import hot_words, read_hot_words
from voicebot.errors import ConfigError
from voicebot.evaluation.hearing import error_rate, hear, write_heard
from voicebot.evaluation.labels import Judge
from voicebot.evaluation.turns import (
    DIRECTORY,
    NOW,
    SETS,
    TOPICS,
    Turn,
    heard_turns,
    load_heard,
    load_topics,
    load_turns,
)
from voicebot.evaluation.understanding import ENGINE, Sheet, evaluate, evaluate_peers
from voicebot.evaluation.understanding_report import CLEAN, NOISY, TELEPHONE, details, report
from voicebot.runtime.hotwords import list_file
from voicebot.runtime.logs import set_up_logging
from voicebot.settings import Settings
from voicebot.settings.model import LogSettings
from voicebot.settings.section import Language


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "measure how well the bots understand what callers say"
    parser = subparsers.add_parser("eval", help=text, description=text)
    evaluations = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    text = "labelled turns of callers, decided by the example bots: right, wrong, and asked again"
    understanding = evaluations.add_parser("understanding", help=text, description=text)
    understanding.add_argument("--bot", choices=sorted(SETS), help="one bot only (default: all that have turns)")
    understanding.add_argument("--asr", action="store_true", help="also as they are heard over a telephone line")
    understanding.add_argument(
        "--fresh", action="store_true", help="with --asr: speak and transcribe the turns anew; takes many minutes"
    )
    understanding.add_argument("--details", action="store_true", help="list the turns that were not understood rightly")
    understanding.add_argument("--peers", action="store_true", help="also what simpler ways of matching make of them")
    understanding.add_argument(
        "--turns", type=Path, default=DIRECTORY, help="folder of the labelled turns (default: %(default)s)"
    )
    understanding.add_argument("--speech", type=Path, help="folder of clips for the noise of --fresh")
    understanding.add_argument("--write", type=Path, help="Markdown file in which the figures replace the last ones")
    add_config_arguments(understanding)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print the figures."""
    set_up_logging(LogSettings(level="warning"), "eval")
    settings = settings_from(args)
    bots = load_bots(settings.bots.directory)
    names = [args.bot] if args.bot else list(SETS)
    missing = [name for name in names if name not in bots]
    if missing:
        raise ConfigError(f"there is no bot '{missing[0]}' in {settings.bots.directory}")
    if args.asr and args.fresh:
        for name in names:
            _hear_anew(bots[name], args.turns, settings, speech_folder(args.speech))
    encoder = UseEncoder(settings.paths.models)
    sheets: list[Sheet] = []
    for name in names:
        sheets += _sheets(bots[name], encoder, args)
    figures = report(sheets)
    print(figures)
    if args.details:
        for sheet in sheets:
            if sheet.by == ENGINE:
                print(f"\n{details(sheet)}")
    if args.write is not None:
        replace_figures(args.write, "eval understanding", figures)
    return 0


def _sheets(bot: Bot, encoder: UseEncoder, args: argparse.Namespace) -> list[Sheet]:
    engine = Engine(bot, encoder, clock=lambda: NOW)
    judge = Judge(bot, load_topics(args.turns / TOPICS, bot.name))
    sheets: list[Sheet] = []
    for condition, turns, misheard in _conditions(bot, args.turns, args.asr):
        judge.check(turns)
        own = asyncio.run(evaluate(engine, judge, turns, condition))
        others = evaluate_peers(engine, encoder, judge, own) if args.peers else []
        sheets += [replace(sheet, error_rate=misheard) for sheet in (own, *others)]
    return sheets


def _conditions(bot: Bot, folder: Path, asr: bool) -> Iterator[tuple[str, Sequence[Turn], float | None]]:
    """Yield a bot's turns by the way they are heard, with the recogniser's error rate."""
    turns = load_turns(folder / f"{SETS[bot.name]}.jsonl")
    yield CLEAN, turns, None
    if asr:
        file = folder / f"asr_{bot.language}.jsonl"
        heard = load_heard(file)
        for condition, noisy in ((TELEPHONE, False), (NOISY, True)):
            these = [entry for entry in heard if bool(entry.noise) == noisy]
            yield condition, heard_turns(turns, these, file), error_rate(these, _language(bot))


def _language(bot: Bot) -> Language:
    return "zh" if bot.language == "zh" else "en"


def _hear_anew(bot: Bot, folder: Path, settings: Settings, speech: Path) -> None:
    turns = load_turns(folder / f"{SETS[bot.name]}.jsonl")

    def tell(done: int) -> None:
        if not done % 20 or done == len(turns):
            print(f"{bot.name}: {done} of {len(turns)} turns heard", flush=True)

    heard = asyncio.run(hear(turns, _language(bot), settings, speech, tell, _hint(bot, settings)))
    write_heard(folder / f"asr_{bot.language}.jsonl", heard)


def _hint(bot: Bot, settings: Settings) -> str:
    """Return what a line of the bot tells the recogniser to expect."""
    if settings.speech.recogniser.hot_words == "off":
        return ""
    return "\n".join(hot_words(bot, listed=read_hot_words(list_file(settings, bot.name))))
