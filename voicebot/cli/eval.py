"""``voicebot eval``: measure how well the bots understand what callers say."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
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
from voicebot.evaluation.turnsets import ALL, CHOICES, TurnSet, chosen, may_be_listed
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
    understanding.add_argument(
        "--turns",
        choices=CHOICES,
        default=ALL,
        help="one set of turns only (default: %(default)s, in rows of their own)",
    )
    understanding.add_argument("--asr", action="store_true", help="also as they are heard over a telephone line")
    understanding.add_argument(
        "--fresh", action="store_true", help="with --asr: speak and transcribe the turns anew; takes many minutes"
    )
    understanding.add_argument(
        "--details",
        action="store_true",
        help="list the turns that were not understood rightly; held-out ones with '--turns held-out' only",
    )
    understanding.add_argument("--peers", action="store_true", help="also what simpler ways of matching make of them")
    understanding.add_argument(
        "--folder", type=Path, default=DIRECTORY, help="folder of the labelled turns (default: %(default)s)"
    )
    understanding.add_argument("--speech", type=Path, help="folder of clips for the noise of --fresh")
    understanding.add_argument("--write", type=Path, help="Markdown file in which the figures replace the last ones")
    add_config_arguments(understanding)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print the figures."""
    set_up_logging(LogSettings(level="warning"), "eval")
    settings = settings_from(args)
    bots = _bots(args.bot, settings)
    sets = chosen(args.turns)
    if args.asr and args.fresh:
        for bot, turn_set in product(bots, sets):
            _hear_anew(bot, turn_set, args.folder, settings, speech_folder(args.speech))
    encoder = UseEncoder(settings.paths.models)
    sheets = [sheet for pair in product(bots, sets) for sheet in _sheets(*pair, encoder, args)]
    figures = report(sheets, _left_out(bots, sets, args.folder) if args.asr else [])
    print(figures)
    if args.details:
        for sheet in sheets:
            if sheet.by == ENGINE and may_be_listed(sheet.turn_set, args.turns):
                print(f"\n{details(sheet)}")
    if args.write is not None:
        replace_figures(args.write, "eval understanding", figures)
    return 0


def _bots(only: str | None, settings: Settings) -> list[Bot]:
    bots = load_bots(settings.bots.directory)
    names = [only] if only else list(SETS)
    missing = [name for name in names if name not in bots]
    if missing:
        raise ConfigError(f"there is no bot '{missing[0]}' in {settings.bots.directory}")
    return [bots[name] for name in names]


def _sheets(bot: Bot, turn_set: TurnSet, encoder: UseEncoder, args: argparse.Namespace) -> list[Sheet]:
    engine = Engine(bot, encoder, clock=lambda: NOW)
    judge = Judge(bot, load_topics(args.folder / TOPICS, bot.name))
    sheets: list[Sheet] = []
    for condition, turns, misheard in _conditions(bot, turn_set, args.folder, args.asr):
        judge.check(turns)
        own = asyncio.run(evaluate(engine, judge, turns, condition))
        others = evaluate_peers(engine, encoder, judge, own) if args.peers else []
        sheets += [replace(sheet, error_rate=misheard, turn_set=turn_set.name) for sheet in (own, *others)]
    return sheets


def _conditions(
    bot: Bot, turn_set: TurnSet, folder: Path, asr: bool
) -> Iterator[tuple[str, Sequence[Turn], float | None]]:
    """Yield a bot's turns by the way they are heard, with the recogniser's error rate."""
    turns = load_turns(turn_set.turns_file(folder, bot.name))
    yield CLEAN, turns, None
    file = turn_set.transcripts_file(folder, bot.language)
    if asr and file.is_file():
        heard = load_heard(file)
        for condition, noisy in ((TELEPHONE, False), (NOISY, True)):
            these = [entry for entry in heard if bool(entry.noise) == noisy]
            yield condition, heard_turns(turns, these, file), error_rate(these, _language(bot))


def _left_out(bots: Sequence[Bot], sets: Sequence[TurnSet], folder: Path) -> list[str]:
    """Return a sentence for each set that nobody has heard over the telephone yet."""
    return [
        f"{bot.name}, {turn_set.name} turns: not heard over the telephone yet, there is no {file.name}; "
        f"make it with --bot {bot.name} --turns {turn_set.name} --asr --fresh."
        for bot, turn_set in product(bots, sets)
        if not (file := turn_set.transcripts_file(folder, bot.language)).is_file()
    ]


def _language(bot: Bot) -> Language:
    return "zh" if bot.language == "zh" else "en"


def _hear_anew(bot: Bot, turn_set: TurnSet, folder: Path, settings: Settings, speech: Path) -> None:
    turns = load_turns(turn_set.turns_file(folder, bot.name))

    def tell(done: int) -> None:
        if not done % 20 or done == len(turns):
            print(f"{bot.name}, {turn_set.name}: {done} of {len(turns)} turns heard", flush=True)

    heard = asyncio.run(hear(turns, _language(bot), settings, speech, tell, _hint(bot, settings)))
    write_heard(turn_set.transcripts_file(folder, bot.language), heard)


def _hint(bot: Bot, settings: Settings) -> str:
    """Return what a line of the bot tells the recogniser to expect."""
    if settings.speech.recogniser.hot_words == "off":
        return ""
    return "\n".join(hot_words(bot, listed=read_hot_words(list_file(settings, bot.name))))
