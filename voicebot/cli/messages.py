"""``voicebot messages``: show the text messages that bots ordered, and let some be sent again."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from voicebot.cli.blacklist import opened_storage
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError
from voicebot.storage.outbox import MessageState
from voicebot.storage.store import Storage


def add_parser(subparsers: Subparsers) -> None:
    """Add ``messages`` with its actions."""
    text = "show the text messages that bots ordered, and send some again"
    parser = subparsers.add_parser("messages", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser(
        "list",
        help="the latest ones: id, state, ordered, attempts, last error, number, signature, template, call",
    )
    show.add_argument("--state", choices=[state.value for state in MessageState], help="only these")
    show.add_argument("--limit", type=int, default=1000, metavar="N", help="at most so many (default: 1000)")
    again = actions.add_parser("retry", help="send messages that were given up, or kept, from now on")
    again.add_argument("ids", nargs="*", metavar="ID", help="id of a message, see: voicebot messages list")
    again.add_argument("--all", action="store_true", help="all that were given up")
    for action in (show, again):
        add_config_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        ConfigError: no message was named, nobody sends, or ``storage.url`` is wrong.
        StorageError: the database cannot be used.
    """
    with opened_storage(args) as storage:
        return _list(storage, args) if args.action == "list" else _retry(storage, args)


def _list(storage: Storage, args: argparse.Namespace) -> int:
    state = MessageState(args.state) if args.state else None
    for message in storage.outbox.messages(state, args.limit):
        ordered = message.created_at.isoformat(timespec="seconds")
        cells = [message.id, message.state.value, ordered, str(message.attempts), message.last_error or "-"]
        cells += [message.mobile, message.signature_id, message.template_id, message.call_id]
        print("\t".join(cells))
    return 0


def _retry(storage: Storage, args: argparse.Namespace) -> int:
    if bool(args.ids) == args.all:
        raise ConfigError("name the messages to send again, or say --all")
    if settings_from(args).short_messages.sender == "none":
        raise ConfigError("short_messages.sender: it is none, so nobody would send them")
    count = storage.outbox.send_again(datetime.now(timezone.utc), None if args.all else args.ids)
    print(f"{count} messages will be sent by the service" if count != 1 else "1 message will be sent by the service")
    return 0 if count or args.all else 1
