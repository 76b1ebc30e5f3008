"""``voicebot keys``: make, list and remove the keys of the HTTP interface."""

from __future__ import annotations

import argparse
import sys

from voicebot.cli.common import add_config_arguments, check_bots, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError
from voicebot.server.keys import ALL_BOTS, CONTENT, RIGHTS, KeyFile
from voicebot.settings import Settings


def add_parser(subparsers: Subparsers) -> None:
    """Add ``keys`` with its three actions."""
    text = "make, list and remove the keys of the HTTP interface"
    parser = subparsers.add_parser("keys", help=text, description=f"{text.capitalize()}. A running service notices.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key and print it, this once: only its hash is kept")
    add.add_argument(
        "--bot",
        dest="bots",
        action="append",
        default=[],
        metavar="NAME",
        help="a bot that the key opens; may be repeated (default: all bots)",
    )
    add.add_argument("--supervise", action="store_true", help="the key may listen to its bots' calls and step in")
    add.add_argument("--content", action="store_true", help="with --supervise: it may read what was said in them, too")
    add.add_argument("--note", default="", metavar="TEXT", help="whose key it is, for the list")
    add.add_argument("--quiet", action="store_true", help="print the key and nothing else")
    remove = actions.add_parser("remove", help="take a key away")
    remove.add_argument("id", metavar="ID", help="the key's id, see: voicebot keys list")
    for action in (add, actions.add_parser("list", help="show the keys, without the keys themselves"), remove):
        add_config_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    settings = settings_from(args)
    file = KeyFile.of(settings)
    if args.action == "add":
        return _add(settings, file, args)
    return _list(file) if args.action == "list" else _remove(file, args.id)


def _add(settings: Settings, file: KeyFile, args: argparse.Namespace) -> int:
    check_bots(settings, args.bots)
    rights = [right for right in RIGHTS if getattr(args, right)]
    if rights == [CONTENT]:
        raise ConfigError("--content says what a key with --supervise may see; give both")
    key = file.add(tuple(dict.fromkeys(args.bots)) or (ALL_BOTS,), args.note, rights)
    print(key)
    if not args.quiet:
        print("Keep it now: only its hash is kept here.", file=sys.stderr)
    return 0


def _list(file: KeyFile) -> int:
    for entry in file.read():
        bots = "all bots" if ALL_BOTS in entry.bots else ",".join(entry.bots)
        may = [",".join(entry.rights)] if entry.rights else []
        print("\t".join((entry.id, bots, entry.created, entry.note, *may)))
    return 0


def _remove(file: KeyFile, key_id: str) -> int:
    if not file.remove(key_id):
        raise ConfigError(f"there is no key '{key_id}'; see: voicebot keys list")
    return 0
