"""``voicebot check``: look through bots for mistakes before anybody calls them."""

from __future__ import annotations

import argparse
import json
from functools import cache, partial
from pathlib import Path

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.dialogue.botfile import FILE_NAME
from voicebot.dialogue.checking import Finding, Severity, check_bot_file
from voicebot.dialogue.checking.remembering import RememberingEncoder
from voicebot.dialogue.schema import SCHEMAS, schema_text
from voicebot.dialogue.vectors import Encoder, UseEncoder, derived_of, identity_of
from voicebot.errors import ConfigError, ModelError
from voicebot.settings import Settings
from voicebot.speech.synthesis.unspoken import unspoken

EXIT_FOUND = 1


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "look through bots for mistakes: file, line, and what to do"
    parser = subparsers.add_parser("check", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    parser.add_argument("bots", nargs="*", metavar="BOT", help="a bot's name, folder or bot.yaml (default: all bots)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings, too")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--schema",
        nargs="?",
        const="bot",
        choices=list(SCHEMAS),
        help="print the JSON Schema of bot.yaml, faq.yaml or intents.yaml, for editors",
    )
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check the bots; 1 if there are errors, or with ``--strict`` warnings.

    Raises:
        ConfigError: there is no such bot.
    """
    if args.schema:
        print(schema_text(args.schema), end="")
        return 0
    settings = settings_from(args)
    files = [_file(settings, name) for name in args.bots] or _all(settings)
    encoders = [_encoder(settings.paths.models, file) for file in files]
    findings = [
        finding
        for file, encoder in zip(files, encoders, strict=True)
        for finding in check_bot_file(file, unspoken, encoder)
    ]
    if args.json:
        print(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            _show(finding)
        print(_summary(files, findings, by_meaning=all(encoders)))
    counted = {Severity.ERROR, Severity.WARNING} if args.strict else {Severity.ERROR}
    return EXIT_FOUND if any(finding.severity in counted for finding in findings) else 0


def _file(settings: Settings, name: str) -> Path:
    for file in (settings.bots.directory / name / FILE_NAME, Path(name) / FILE_NAME, Path(name)):
        if file.is_file():
            return file
    raise ConfigError(f"there is no bot '{name}' in {settings.bots.directory}, and no such folder or file")


def _all(settings: Settings) -> list[Path]:
    files = sorted(settings.bots.directory.glob(f"*/{FILE_NAME}"))
    if not files:
        raise ConfigError(f"{settings.bots.directory}: there is no bot here (expected <name>/{FILE_NAME})")
    return files


def _encoder(models: Path, file: Path) -> RememberingEncoder | None:
    try:
        identity = identity_of(models)
    except ModelError:
        return None
    return RememberingEncoder(partial(_loaded, models), identity, derived_of(models), str(file.resolve()))


@cache
def _loaded(models: Path) -> Encoder:
    return UseEncoder(models)


def _show(finding: Finding) -> None:
    print(f"{finding.where}: {finding.severity.value}: {finding.problem} [{finding.code}]")
    if finding.fix:
        print(f"    {finding.fix}")


def _summary(files: list[Path], findings: list[Finding], *, by_meaning: bool) -> str:
    counts = {one: sum(finding.severity is one for finding in findings) for one in Severity}
    told = ", ".join(f"{count} {one.value}{'' if count == 1 else 's'}" for one, count in counts.items())
    bots = f"{len(files)} bot{'' if len(files) == 1 else 's'}"
    without = "" if by_meaning else "; examples were compared by their words only: the model is not there"
    return f"{bots}: {told}{without}"
