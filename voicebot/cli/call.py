"""``voicebot call``: let the running service ring a number."""

from __future__ import annotations

import argparse
import re
import time

from voicebot.campaigns.desk import Desk
from voicebot.cli.blacklist import opened_storage
from voicebot.cli.common import add_config_arguments, check_bots, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError
from voicebot.storage.numbers import compact
from voicebot.storage.outgoing import CallState, OutgoingCall

_LOOK_S = 0.3
_CALLER = re.compile(r"\+?[0-9]{3,20}")
_NOT_ANSWERED = 1


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "let the running service ring a number and a bot speak"
    parser = subparsers.add_parser("call", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    parser.add_argument("number", metavar="NUMBER", help="whom to call; up to six digits are an extension")
    parser.add_argument("--bot", required=True, metavar="NAME", help="the bot that speaks, or a line of the settings")
    parser.add_argument(
        "--var",
        dest="variables",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for the bot's first turn; may be repeated",
    )
    parser.add_argument("--from", dest="caller", default="", metavar="NUMBER", help="number to call from")
    parser.add_argument("--ring-timeout", type=float, default=None, metavar="S", help="how long it may ring, seconds")
    parser.add_argument("--no-wait", action="store_true", help="print the id of the order and do not wait for the end")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Order the call, and follow it to its end; 0: it was answered.

    Raises:
        ConfigError: an option is wrong.
        InvalidNumberError: the number cannot be dialled.
        NumberBlockedError: it is on the blacklist.
        StorageError: the database cannot be used.
    """
    if args.ring_timeout is not None and not 5 <= args.ring_timeout <= 180:
        raise ConfigError("--ring-timeout: expected 5 to 180 seconds")
    settings = settings_from(args)
    check_bots(settings, [args.bot], lines=True)
    if args.caller and _CALLER.fullmatch(compact(args.caller)) is None:
        raise ConfigError("--from: expected 3 to 20 digits, perhaps with a + in front")
    with opened_storage(args) as storage:
        desk = Desk(storage, settings)
        call = desk.order_call(
            args.number,
            args.bot,
            variables_of(args.variables),
            caller_number=args.caller,
            ring_timeout_s=args.ring_timeout,
        )
        if args.no_wait:
            print(call.id)
            return 0
        print(f"{call.number} is to be called; the service does it as soon as a line is free", flush=True)
        ended = _follow(desk, call)
    status = f" (SIP {ended.sip_status})" if ended.sip_status else ""
    print(f"{ended.outcome}{status}{f': {ended.detail}' if ended.detail else ''}")
    return 0 if ended.answered_at is not None else _NOT_ANSWERED


def variables_of(assignments: list[str]) -> dict[str, str]:
    """Read "NAME=VALUE".

    Raises:
        ConfigError: one of them is not that.
    """
    pairs = [assignment.partition("=") for assignment in assignments]
    for name, sign, _ in pairs:
        if not name.strip() or not sign:
            raise ConfigError(f"--var {name}: expected NAME=VALUE")
    return {name.strip(): value for name, _, value in pairs}


def _follow(desk: Desk, call: OutgoingCall) -> OutgoingCall:
    told = CallState.WAITING
    while True:
        now = desk.call(call.id)
        desk.give_up_if_late(now)
        if now.state is CallState.ENDED:
            return now
        if now.state is not told and now.state is not CallState.CLAIMED:
            print(now.state.value, flush=True)
        told = now.state
        time.sleep(_LOOK_S)
