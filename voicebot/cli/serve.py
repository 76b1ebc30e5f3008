"""``voicebot serve``: start the service and run until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import uvloop

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.runtime.bots import OurBots
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.service import Reachable, Service
from voicebot.server.keys import KeyFile
from voicebot.settings import Settings


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "start the service: SIP line, HTTP interface, bots"
    parser = subparsers.add_parser("serve", help=text, description=text)
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the service until Ctrl-C or SIGTERM.

    Raises:
        VoicebotError: a setting, a bot or a model is wrong, or a port is taken.
    """
    settings = settings_from(args)
    set_up_logging(settings.log, "main")
    uvloop.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    service = Service(settings, OurBots(settings))
    # In a terminal this signal says that the window was closed.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop.set if sys.stdin.isatty() else service.reload)
    first_start = not settings.paths.prompts.is_dir()
    starting = asyncio.create_task(service.start(), name="start")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    _introduce(settings, await starting)
    if first_start:
        print("First start: the bots' sentences are being spoken into the cache, which takes some minutes. You can")
        print("ring now; until the log says that all are rendered, an answer may take longer.\n", flush=True)
    await stop.wait()
    print("stopping: calls are hung up", flush=True)
    await service.stop()


def _introduce(settings: Settings, reachable: Reachable) -> None:
    address = f"{reachable.sip_host}:{reachable.sip_port}"
    print("\nThe bot is ready.")
    for line in settings.lines:
        users = [user for user in line.called if user != "*"] or [line.name]
        brain = f"bot '{line.bot}'" if not line.brain_url else "another dialogue engine"
        print(f"  ring   sip:{users[0]}@{address}   {brain}, {line.language}")
    for account in settings.sip.accounts:
        print(f"  or its extension {account.username} at {account.registrar}")
    print(f"  HTTP   POST {reachable.http_url}/stream/query")
    print(f"  key    {_where_keys_are(settings)}")
    print("Stop with Ctrl-C.\n", flush=True)


def _where_keys_are(settings: Settings) -> str:
    kept = len(KeyFile.of(settings).read())
    if settings.http.api_key:
        return "the one from your settings" + (f", and {kept} more: voicebot keys list" if kept else "")
    return f"{kept} there: voicebot keys list" if kept else "none yet; make one: .venv/bin/voicebot keys add"
