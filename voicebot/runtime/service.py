"""The whole service: HTTP server with the brain, speech worker, edge and line workers; started and stopped as one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.dialogue.engine import Engine
from voicebot.dialogue.prompts import fixed_prompts
from voicebot.errors import SpeechError
from voicebot.messages.delivery import Delivery
from voicebot.runtime.child import Child
from voicebot.runtime.heap import keep_what_is_loaded
from voicebot.runtime.keeper import Keeper
from voicebot.runtime.supervisor import EventHandler, Supervisor, Wiring
from voicebot.server.app import create_app
from voicebot.server.hosted import HostedBot
from voicebot.server.running import HttpServer, start_server
from voicebot.settings.model import Settings
from voicebot.speech.types import SpeechRequest
from voicebot.speech.worker.client import SpeechClient
from voicebot.speech.worker.process import SpeechOrder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reachable:
    """Where a started service can be reached."""

    sip_host: str
    sip_port: int
    http_url: str


async def _together(*starts: Coroutine[Any, Any, None]) -> None:
    """Run the starts side by side; when one fails, the others are given up before the error goes on."""
    tasks = [asyncio.create_task(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Service:
    """Everything ``voicebot serve`` runs.

    Args:
        settings: the settings of the service.
        engines: our own bots.
        on_event: told what the line workers report, for the demo and the bench; None if nobody listens.
    """

    def __init__(self, settings: Settings, engines: Iterable[Engine], on_event: EventHandler | None = None) -> None:
        self._settings = settings
        self._engines = list(engines)
        self._on_event = on_event
        # A short path: the address of a Unix socket has room for about 100 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="voicebot-"))
        self._socket = self._folder / "speech.sock"
        self._speech = SpeechClient(self._socket)
        self._speech_keeper = self._keep_speech_worker()
        self._http: HttpServer | None = None
        self._supervisor: Supervisor | None = None
        self._delivery: Delivery | None = None
        self._prerendering: asyncio.Task[None] | None = None
        self._on_prerendered: Callable[[int, int], None] | None = None

    @property
    def supervisor(self) -> Supervisor:
        """The line side, once started."""
        assert self._supervisor is not None, "the service was started"
        return self._supervisor

    @property
    def speech_keeper(self) -> Keeper:
        """The speech worker's place."""
        return self._speech_keeper

    async def start(self) -> Reachable:
        """Start everything; whatever was started is stopped again if something fails.

        Raises:
            PortInUseError: another program has the HTTP or SIP port.
            VoicebotError: a process did not get ready.
        """
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> Reachable:
        http = self._settings.http
        self._delivery = Delivery.of(self._settings)
        self._delivery.start()
        await _together(*(engine.start() for engine in self._engines))
        bots = [HostedBot.of(engine) for engine in self._engines]
        internal_key = secrets.token_urlsafe(24)  # lives as long as the service, and in memory only
        app = create_app(self._settings, bots, self._speech, self._health, internal_key)
        self._http = await start_server(app, http.host, http.port)
        wiring = Wiring(self._socket, self._http.url, internal_key, tell_turns=self._on_event is not None)
        self._supervisor = Supervisor(self._settings, wiring, self._on_worker_event)
        await self._supervisor.open_edge()
        await _together(self._speech_keeper.start(), self._supervisor.start_workers())
        keep_what_is_loaded()
        self._supervisor.accept_calls()
        self._prerendering = asyncio.create_task(self._prerender(), name="prerender")
        host, port = self._supervisor.edge.public_address
        return Reachable(host, port, self._settings.http.public_url or self._http.url)

    async def stop(self) -> None:
        """Hang up all calls and stop every process."""
        if self._prerendering is not None:
            self._prerendering.cancel()
            await asyncio.gather(self._prerendering, return_exceptions=True)
        if self._supervisor is not None:
            await self._supervisor.stop()
        if self._delivery is not None:
            await self._delivery.stop()
        if self._http is not None:
            await self._http.close()
        await asyncio.gather(*(engine.close() for engine in self._engines))
        await self._speech.close()
        await self._speech_keeper.stop()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    async def prerendered(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Wait until every fixed sentence of the bots is in the prompt cache.

        Args:
            progress: told how many of how many are done.
        """
        self._on_prerendered = progress
        if self._prerendering is not None:
            await asyncio.shield(self._prerendering)

    def _keep_speech_worker(self) -> Keeper:
        order = SpeechOrder(self._socket, self._settings).as_json()
        return Keeper(
            "speech worker",
            lambda on_event, on_exit: Child("speech worker", "voicebot.speech.worker", [], on_event, on_exit),
            lambda child: child.send(order),
            on_ready=lambda _event: None,
            on_event=lambda _event: None,
            on_lost=lambda: None,
            ready_s=120.0,
        )

    def _on_worker_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "stored" and self._delivery is not None:
            self._delivery.wake()
        if self._on_event is not None:
            self._on_event(event)

    def _health(self) -> dict[str, object]:
        if self._supervisor is None or self._delivery is None:
            return {"status": "starting"}
        return {
            "calls": self._supervisor.calls,
            "line_workers": len(self._supervisor.workers),
            "restarts": self._speech_keeper.restarts + sum(slot.keeper.restarts for slot in self._supervisor.workers),
            **self._delivery.facts,
        }

    async def _prerender(self) -> None:
        """Render what the bots are going to say anyway, so that callers never wait for it."""
        sentences = self._fixed_sentences()
        rendered = 0
        for done, (text, voice) in enumerate(sentences):
            if self._on_prerendered is not None:
                self._on_prerendered(done, len(sentences))
            rendered += await self._prerender_text(text, voice)
        logger.info("%d of %d fixed sentences of the bots are rendered", rendered, len(sentences))

    def _fixed_sentences(self) -> list[tuple[str, str]]:
        """Return the sentences with their voices: round robin over the lines, each line's first ones first."""
        engines = {engine.bot.name: engine for engine in self._engines}
        columns = [
            [(text, line.voice or line.language) for text in fixed_prompts(engines[line.bot].bot)]
            for line in self._settings.lines
            if not line.brain_url
        ]
        rows = itertools.zip_longest(*columns)
        return list(dict.fromkeys(item for row in rows for item in row if item is not None))

    async def _prerender_text(self, text: str, voice: str) -> bool:
        try:
            await self._speech.prerender(SpeechRequest(text, voice, self._settings.sip.audio_rate_hz))
        except SpeechError as error:
            logger.warning("a fixed sentence could not be rendered ahead of time: %s", error.message)
            return False
        return True
