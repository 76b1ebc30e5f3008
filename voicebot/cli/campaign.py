"""``voicebot campaign``: call a list of numbers."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from voicebot.campaigns.desk import Desk
from voicebot.campaigns.importing import ImportReport
from voicebot.campaigns.lifecycle import CampaignState, Command
from voicebot.campaigns.plan import read_plan
from voicebot.campaigns.progress import Progress
from voicebot.cli.blacklist import opened_storage
from voicebot.cli.common import add_config_arguments, check_bots, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import CampaignError, SheetError, UnknownCampaignError

_BAD_ROWS = 1


def add_parser(subparsers: Subparsers) -> None:
    """Add ``campaign`` with its actions."""
    text = "call a list of numbers, and see what came of it"
    parser = subparsers.add_parser("campaign", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    load = actions.add_parser("import", help="add the numbers of a CSV or XLSX file, and make the campaign if need be")
    load.add_argument("name", metavar="NAME", help="the campaign")
    load.add_argument("file", type=Path, metavar="FILE", help="its first line names the columns")
    load.add_argument("--plan", type=Path, metavar="FILE", help="bot, hours, limits and retries, as YAML")
    load.add_argument("--number-column", default="", metavar="COLUMN", help="the column with the numbers")
    add_config_arguments(load)
    for command, help_text in (
        ("start", "begin to call"),
        ("pause", "begin no more calls; those that are up go on"),
        ("resume", "go on"),
        ("stop", "end it for good"),
        ("status", "how far it is, and when it will be done"),
    ):
        action = actions.add_parser(command, help=help_text)
        action.add_argument("name", metavar="NAME", help="the campaign")
        add_config_arguments(action)
    export = actions.add_parser("export", help="write what became of each number as CSV")
    export.add_argument("name", metavar="NAME", help="the campaign")
    export.add_argument("--output", type=Path, metavar="FILE", help="where to (default: standard output)")
    add_config_arguments(export)
    add_config_arguments(actions.add_parser("list", help="all campaigns: name, state, done, numbers, expected end"))


def run(args: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        CampaignError: the campaign, its plan or the file is wrong.
        ConfigError: the plan's bot is none.
        StorageError: the database cannot be used.
    """
    actions = {"import": _import, "status": _status, "export": _export, "list": _list}
    with opened_storage(args) as storage:
        return actions.get(args.action, _command)(Desk(storage, settings_from(args)), args)


def _import(desk: Desk, args: argparse.Namespace) -> int:
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise SheetError(f"{args.file}: cannot be read: {error.strerror}") from error
    if args.plan is not None:
        plan = read_plan(args.plan)
        check_bots(settings_from(args), [plan.bot], lines=True)
        desk.save_campaign(args.name, plan)
    elif desk.storage.campaigns.find(args.name) is None:
        raise UnknownCampaignError(f"there is no campaign {args.name!r}; with --plan FILE it is made")
    report = desk.import_numbers(args.name, args.file.name, content, args.number_column)
    _print_report(args.file, report)
    return _BAD_ROWS if report.bad else 0


def _print_report(file: Path, report: ImportReport) -> None:
    for row in report.bad:
        print(f"{file}:{row.line}: {row.message}")
    left_out = f", {len(report.bad)} left out" if report.bad else ""
    print(f"{report.imported} of {report.rows} rows imported{left_out}")


def _command(desk: Desk, args: argparse.Namespace) -> int:
    campaign = desk.command(args.name, Command(args.action))
    print(f"{campaign.name}: {campaign.state}")
    return 0


def _status(desk: Desk, args: argparse.Namespace) -> int:
    progress = desk.progress(args.name)
    reason = f" ({progress.reason})" if progress.reason else ""
    print(f"{progress.name}: {progress.state.value}{reason}")
    print(f"  {progress.done} of {progress.numbers} numbers done, {progress.calling} being called, ", end="")
    print(f"{progress.waiting} waiting; {progress.calls} calls so far")
    for outcome, count in sorted(progress.outcomes.items(), key=lambda item: -item[1]):
        print(f"  {count:6d}  {outcome}")
    if progress.next_at is not None:
        print(f"  {'no calls' if progress.reason else 'outside of its hours'} until {_local(progress.next_at)}")
    if progress.done_at is not None:
        print(f"  expected to be done {_local(progress.done_at)}")
    elif progress.state is CampaignState.RUNNING:
        print("  its hours leave no time to call all numbers within a year")
    return 0


def _export(desk: Desk, args: argparse.Namespace) -> int:
    lines = desk.export(args.name)
    if args.output is None:
        for line in lines:
            sys.stdout.write(line.removeprefix("\ufeff"))
        return 0
    try:
        with args.output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise CampaignError(f"{args.output}: cannot be written: {error.strerror}") from error
    return 0


def _list(desk: Desk, _args: argparse.Namespace) -> int:
    for campaign in desk.storage.campaigns.all():
        progress: Progress = desk.progress(campaign.name)
        end = _local(progress.done_at) if progress.done_at else "-"
        print("\t".join([progress.name, progress.state.value, str(progress.done), str(progress.numbers), end]))
    return 0


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %Z")
