"""A real server beside the test, for clients that know no asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from voicebot.campaigns.desk import Desk
from voicebot.runtime.livecalls import WorkerCalls
from voicebot.server import HostedBot, create_app, start_server
from voicebot.server.supervision import add_supervision
from voicebot.settings import Settings
from voicebot.speech.types import Synthesiser
from voicebot.storage.store import Storage


@contextmanager
def server_in_thread(
    config: Settings, bots: Iterable[HostedBot], synthesiser: Synthesiser | None = None
) -> Iterator[str]:
    """Run a server on a free port, in a thread with a loop of its own, and yield its address."""
    url: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        storage = Storage(config)
        app = create_app(config, bots, synthesiser, desk=Desk(storage, config))
        add_supervision(app, WorkerCalls(lambda: [], config.paths.data, config.sip.audio_rate_hz))
        server = await start_server(app, "127.0.0.1", 0)
        try:
            url.set_result(server.url)
            await stop.wait()
        finally:
            await server.close()
            storage.close()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            if url.done():
                raise
            url.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield url.result()
    finally:
        if not url.exception():
            loop.call_soon_threadsafe(stop.set)
        thread.join()
