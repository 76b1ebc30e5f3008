"""``voicebot blacklist``: show and change the numbers that nobody may dial."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError, NumberBlockedError
from voicebot.storage.blacklist import BlacklistEvent
from voicebot.storage.numbers import normalise
from voicebot.storage.store import Storage

_BLOCKED = 1


def add_parser(subparsers: Subparsers) -> None:
    """Add ``blacklist`` with its actions."""
    text = "show and change the numbers that nobody may dial"
    parser = subparsers.add_parser("blacklist", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_config_arguments(actions.add_parser("list", help="show all numbers: number, since, source, call, reason"))
    for name, help_text in (
        ("add", "nobody may dial a number from now on"),
        ("remove", "a number may be dialled again"),
        ("check", "exit with 0 if a number may be dialled, with 1 if not"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("number", metavar="NUMBER", help="however it is written")
        if name != "check":
            action.add_argument("--reason", default="", help="kept with it")
        add_config_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        ConfigError: what was given is no number, or ``storage.url`` is wrong.
        StorageError: the database cannot be used.
    """
    actions = {"list": _list, "add": _change, "remove": _change, "check": _check}
    with opened_storage(args) as storage:
        return actions[args.action](storage, args)


@contextlib.contextmanager
def opened_storage(args: argparse.Namespace) -> Iterator[Storage]:
    """Open the storage of the settings, with all that bots have ordered so far in it."""
    storage = Storage(settings_from(args))
    try:
        storage.import_orders()
        yield storage
    finally:
        storage.close()


def _list(storage: Storage, args: argparse.Namespace) -> int:
    for entry in storage.blacklist.entries():
        since = entry.created_at.isoformat(timespec="seconds")
        print("\t".join([entry.number, since, entry.source, entry.call_id, entry.reason]))
    return 0


def _change(storage: Storage, args: argparse.Namespace) -> int:
    number = _number(args)
    known = storage.blacklist.find(number, datetime.now(timezone.utc)) is not None
    storage.blacklist.apply(BlacklistEvent(number, args.action, args.reason))
    if args.action == "add":
        print(f"{number} is on the blacklist{' already; the reason is new' if known else ' now'}")
    else:
        print(f"{number} {'may be dialled again' if known else 'was not on the blacklist'}")
    return 0


def _check(storage: Storage, args: argparse.Namespace) -> int:
    number = _number(args)
    try:
        storage.refuse_blocked(number)
    except NumberBlockedError as error:
        print(f"{number}: {error.message}")
        return _BLOCKED
    print(f"{number} may be dialled")
    return 0


def _number(args: argparse.Namespace) -> str:
    number = normalise(args.number)
    if not number:
        raise ConfigError(f"{args.number!r} is no number")
    return number
