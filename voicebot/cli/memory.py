"""``voicebot memory``: show and forget what bots remember of a caller."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from voicebot.cli.blacklist import opened_storage
from voicebot.cli.common import add_config_arguments
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError
from voicebot.storage.numbers import normalise
from voicebot.storage.store import Storage


def add_parser(subparsers: Subparsers) -> None:
    """Add ``memory`` with its actions."""
    text = "show and forget what bots remember of a caller"
    parser = subparsers.add_parser("memory", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, help_text in (
        ("show", "what bots remember of a number"),
        ("forget", "forget a number, and delete what was said in its calls from the history"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("number", metavar="NUMBER", help="however it is written")
        add_config_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        ConfigError: what was given is no number, or ``storage.url`` is wrong.
        StorageError: the database cannot be used.
    """
    number = normalise(args.number)
    if not number:
        raise ConfigError(f"{args.number!r} is no number")
    with opened_storage(args) as storage:
        return {"show": _show, "forget": _forget}[args.action](storage, number)


def _show(storage: Storage, number: str) -> int:
    for memory in storage.memories.find(number, datetime.now(timezone.utc)):
        last = memory.last_call_at.isoformat(timespec="seconds")
        values = [f"{name}={value}" for name, value in sorted(memory.values.items())]
        print("\t".join([memory.bot, str(memory.calls), last, *values]))
    return 0


def _forget(storage: Storage, number: str) -> int:
    bots, turns = storage.memories.forget(number), storage.turns.forget_caller(number)
    print(f"{number} is forgotten: {bots} of the bots knew it, {turns} turns were in the history")
    return 0
