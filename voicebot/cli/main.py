"""The command ``voicebot``: finds the subcommand, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from voicebot.errors import ConfigError, UnknownModelError, VoicebotError

# Each is a module voicebot.cli.<name> with add_parser() and run(); see Command.
COMMANDS = (
    "serve",
    "demo",
    "chat",
    "check",
    "keys",
    "call",
    "campaign",
    "messages",
    "blacklist",
    "memory",
    "timeline",
    "bench",
    "eval",
    "models",
)  # fmt: skip

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Subparsers(Protocol):
    """What ``add_parser`` is given: the part of argparse's subparsers action that it uses."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:
        """Add a subcommand."""


class Command(Protocol):
    """A subcommand's module."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Add the subcommand and its options."""

    def run(self, args: argparse.Namespace) -> int:
        """Run the subcommand and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; None for those of the process.

    Returns:
        0 done, 1 failed, 2 wrong usage or settings, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(arguments).parse_args(arguments)
        return _load(args.command).run(args)
    except VoicebotError as error:
        for line in error.message.splitlines():
            print(f"error: {line}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, (ConfigError, UnknownModelError)) else EXIT_FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) went away. Python would complain once more at its own exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="voicebot", description="A voice bot that answers SIP calls.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # Importing every subcommand takes seconds; only help and mistakes need them all.
    wanted = [name for name in COMMANDS if name in arguments[:1]] or COMMANDS
    for name in wanted:
        _load(name).add_parser(cast(Subparsers, subparsers))
    return parser


def _load(name: str) -> Command:
    return cast(Command, importlib.import_module(f"voicebot.cli.{name}"))


if __name__ == "__main__":
    sys.exit(main())
