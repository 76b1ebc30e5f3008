"""``voicebot blacklist``: show and change the numbers that nobody may dial."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from voicebot.campaigns.desk import Desk
from voicebot.campaigns.dialled import dialled_number
from voicebot.campaigns.donotcall import Author, DoNotCall
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError, NumberBlockedError
from voicebot.storage.numbers import normalise
from voicebot.storage.store import Storage

_BLOCKED = 1


def add_parser(subparsers: Subparsers) -> None:
    """Add ``blacklist`` with its actions."""
    text = "show and change the numbers that nobody may dial"
    parser = subparsers.add_parser("blacklist", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_config_arguments(
        actions.add_parser("list", help="show all numbers: number, since, source, call, reason, scope, until")
    )
    for name, help_text in (
        ("add", "nobody may dial a number from now on"),
        ("remove", "a number may be dialled again"),
        ("check", "exit with 0 if a number may be dialled, with 1 if not"),
        ("history", "who added and removed a number, which calls to it were refused, and why"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("number", metavar="NUMBER", help="however it is written")
        if name in ("add", "remove"):
            action.add_argument("--reason", default="", help="kept with it")
        if name != "history":
            action.add_argument("--campaign", default="", metavar="NAME", help="for this campaign alone")
        if name == "add":
            _add_end(action)
        add_config_arguments(action)
    load = actions.add_parser("import", help="add the numbers of a CSV or XLSX file")
    load.add_argument("file", type=Path, metavar="FILE", help="its first line names the columns")
    load.add_argument("--number-column", default="", metavar="COLUMN", help="the column with the numbers")
    load.add_argument("--reason", default="", help="kept with each")
    load.add_argument("--campaign", default="", metavar="NAME", help="for this campaign alone")
    _add_end(load)
    add_config_arguments(load)


def _add_end(action: argparse.ArgumentParser) -> None:
    action.add_argument("--until", type=_day, default=None, metavar="YYYY-MM-DD", help="it ends with this day, UTC")


def _day(text: str) -> datetime:
    """Read the last day of an entry; return the moment after it."""
    try:
        end = datetime.combine(date.fromisoformat(text), time(), timezone.utc) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no day; expected something like 2027-12-31") from None
    if end <= datetime.now(timezone.utc):
        raise argparse.ArgumentTypeError(f"{text} is over")
    return end


def run(args: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        ConfigError: what was given is no number, or ``storage.url`` is wrong.
        InvalidNumberError: nobody can dial that number.
        UnknownCampaignError: there is no such campaign.
        StorageError: the database cannot be used.
    """
    actions = {
        "list": _list,
        "add": _change,
        "remove": _change,
        "check": _check,
        "history": _history,
        "import": _import,
    }
    with opened_storage(args) as storage:
        if args.action in ("add", "check", "import") and args.campaign:
            # A name with a slip in it would protect nobody.
            Desk(storage, settings_from(args)).campaign(args.campaign)
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
        until = entry.expires_at.isoformat(timespec="seconds") if entry.expires_at else ""
        print("\t".join([entry.number, since, entry.source, entry.call_id, entry.reason, entry.scope, until]))
    return 0


def _change(storage: Storage, args: argparse.Namespace) -> int:
    number, campaign, desk = _number(args), args.campaign, _desk(storage, args)
    if args.action == "add":
        new = desk.add(number, campaign, args.reason, args.until, Author("manual", _actor()))
        print(f"{number} is on the blacklist{' now' if new else ' already; the reason is new'}")
    else:
        removed = desk.remove(number, campaign, args.reason, Author("manual", _actor()))
        print(f"{number} {'may be dialled again' if removed else 'was not on the blacklist'}")
    return 0


def _check(storage: Storage, args: argparse.Namespace) -> int:
    number = _number(args)
    try:
        dialled_number(number, settings_from(args).dialling.country_code)
        storage.refuse_blocked(number, args.campaign)
    except NumberBlockedError as error:
        print(f"{number}: {error.message}")
        return _BLOCKED
    print(f"{number} may be dialled")
    return 0


def _history(storage: Storage, args: argparse.Namespace) -> int:
    for event in storage.blacklist.history(_number(args)):
        at = event.at.isoformat(timespec="seconds")
        until = event.expires_at.isoformat(timespec="seconds") if event.expires_at else ""
        cells = [at, event.action, event.scope, event.source, event.actor, event.call_id, event.reason, until]
        print("\t".join(cells))
    return 0


def _import(storage: Storage, args: argparse.Namespace) -> int:
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{args.file}: cannot be read: {error.strerror}") from error
    origin = (args.campaign, args.reason, args.until, Author("import", _actor()))
    report = _desk(storage, args).load(args.file.name, content, args.number_column, *origin)
    for row in report.bad:
        print(f"{args.file}:{row.line}: {row.message}")
    print(f"{report.imported} of {report.rows} numbers are on the blacklist now")
    return _BLOCKED if report.bad else 0


def _desk(storage: Storage, args: argparse.Namespace) -> DoNotCall:
    return DoNotCall(storage, settings_from(args).dialling)


def _actor() -> str:
    """Return who runs the command, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        return f"uid {os.getuid()}"


def _number(args: argparse.Namespace) -> str:
    number = normalise(args.number)
    if not number:
        raise ConfigError(f"{args.number!r} is no number")
    return number
