"""``voicebot models``: list, fetch and verify models."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.modelstore import ModelStore, console_reporter

_MIB = 1024 * 1024


def add_parser(subparsers: Subparsers) -> None:
    """Add ``models`` with its three actions."""
    parser = subparsers.add_parser(
        "models", help="list, fetch and verify models", description="List, fetch and verify models."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_config_arguments(actions.add_parser("list", help="show every model and whether it is here"))
    pull = actions.add_parser("pull", help="fetch models; without ids, those the settings need")
    verify = actions.add_parser("verify", help="hash the model files; without ids, of all models that are here")
    for action in (pull, verify):
        action.add_argument("ids", nargs="*", metavar="ID", help="model id, see: voicebot models list")
        action.add_argument("--all", action="store_true", help="all models of the manifest")
        add_config_arguments(action)
    pull.add_argument(
        "--from",
        action="append",
        default=[],
        dest="folders",
        type=Path,
        metavar="DIR",
        help="look here first, for DIR/<model id>/<file>; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    store = ModelStore(settings_from(args))
    actions = {"list": _list, "pull": _pull, "verify": _verify}
    return actions[args.action](store, args)


def _list(store: ModelStore, args: argparse.Namespace) -> int:
    rows = store.status()
    default = {model_id for role in store.wanted() for model_id in role}
    if not sys.stdout.isatty():
        for row in rows:
            model = row.model
            cells = [model.id, model.kind, "+".join(model.languages), str(row.size), model.licence, row.state]
            print("\t".join(cells))
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "kind", "language", "MiB", "licence", "state"):
        table.add_column(heading, justify="right" if heading == "MiB" else "left")
    for row in rows:
        model = row.model
        name = f"{model.id} *" if model.id in default else model.id
        size = f"{row.size / _MIB:.0f}"
        table.add_row(name, model.kind, " ".join(model.languages), size, model.licence, row.state)
    console = Console()
    console.print(table)
    console.print("* fetched by: voicebot models pull (the first choice of a role that can be had)")
    for row in rows:
        if row.model.licence_note:
            console.print(f"{row.model.id}: {row.model.licence_note}", markup=False, highlight=False)
    return 0


def _pull(store: ModelStore, args: argparse.Namespace) -> int:
    for folder in args.folders:
        if not folder.is_dir():
            print(f"error: --from {folder}: is not a directory", file=sys.stderr)
            return 2
    reporter = console_reporter()
    ids = _chosen(store, args)
    if ids:
        store.pull(ids, reporter, args.folders)
    else:
        store.ensure_default(reporter, args.folders)
        from voicebot.dialogue.learning import learn_languages  # loads numpy and more: only where models were wanted

        learn_languages(store.root)
    print(f"models are ready in {store.root}")
    return 0


def _verify(store: ModelStore, args: argparse.Namespace) -> int:
    ids = _chosen(store, args) or [row.model.id for row in store.status() if row.state != "missing"]
    ids = ids or [role[0] for role in store.wanted()]
    problems = store.verify(ids, console_reporter())
    for problem in problems:
        print(f"error: {problem.path} {problem.reason}", file=sys.stderr)
    if problems:
        return 1
    print(f"verified: {', '.join(ids)}")
    return 0


def _chosen(store: ModelStore, args: argparse.Namespace) -> list[str]:
    if args.all:
        return [model.id for model in store.manifest.models]
    return list(dict.fromkeys(args.ids))
