"""What the commands share: ``--config`` and ``--set``, the settings that come of them, and the names of bots."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from voicebot.errors import ConfigError
from voicebot.settings import Settings, load_settings

DEFAULT_CONFIG = Path("config/voicebot.yaml")
CONFIG_VARIABLE = "VOICEBOT_CONFIG"


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a command the options ``--config FILE`` and ``--set SECTION.KEY=VALUE``."""
    parser.add_argument(
        "--config",
        type=Path,
        default=None,
        metavar="FILE",
        help=f"settings file (default: ${CONFIG_VARIABLE}, or {DEFAULT_CONFIG} if it exists)",
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="change one setting, such as http.port=8081; may be repeated",
    )


def settings_from(args: argparse.Namespace) -> Settings:
    """Load the settings that the options of ``add_config_arguments`` ask for.

    Raises:
        ConfigError: a file, variable or option is wrong; the message names it.
    """
    return load_settings(_config_file(args.config), args.overrides, os.environ)


def check_bots(settings: Settings, names: Iterable[str], *, lines: bool = False) -> None:
    """Let names of bots pass.

    Args:
        settings: where bots are.
        names: what was given.
        lines: names of lines will do as well.

    Raises:
        ConfigError: one of them is none; the message has those that are.
    """
    # Takes a second, which commands without bots need not pay.
    from voicebot.dialogue.botfile import FILE_NAME

    known = {path.parent.name for path in settings.bots.directory.glob(f"*/{FILE_NAME}")}
    known |= {line.name for line in settings.lines} if lines else set()
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no bot '{name}'; the bots are: {', '.join(sorted(known)) or 'none'}")


def _config_file(asked: Path | None) -> Path | None:
    named = asked or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named is None:
        return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
    if not named.is_file():
        raise ConfigError(f"{named}: there is no such settings file")
    return named
