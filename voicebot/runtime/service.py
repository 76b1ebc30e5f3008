"""The whole service: HTTP server with the brain, speech worker, edge and line workers; started and stopped as one."""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from voicebot.campaigns.desk import Desk
from voicebot.campaigns.driver import Driver
from voicebot.dialogue.versions import EngineVersions
from voicebot.events.event import ENDED
from voicebot.events.lost import LostCalls
from voicebot.events.stream import EventStream
from voicebot.events.webhook import EventWebhook
from voicebot.messages.delivery import Delivery
from voicebot.runtime.bots import OurBots
from voicebot.runtime.child import Child
from voicebot.runtime.heap import keep_what_is_loaded
from voicebot.runtime.hotwords import hot_words_of_lines
from voicebot.runtime.keeper import Keeper
from voicebot.runtime.livecalls import WorkerCalls
from voicebot.runtime.outgoing import OutgoingLines
from voicebot.runtime.prerendering import Prerendering
from voicebot.runtime.recordings import Folders, RecordingKeeper
from voicebot.runtime.reload import Reloader
from voicebot.runtime.supervisor import EventHandler, LineSlot, Supervisor, Wiring
from voicebot.runtime.together import together
from voicebot.server.app import create_app, host
from voicebot.server.events import add_events
from voicebot.server.hosted import HostedBot
from voicebot.server.running import HttpServer, start_server
from voicebot.server.supervision import add_supervision
from voicebot.settings.model import Settings
from voicebot.speech.worker.client import SpeechClient
from voicebot.speech.worker.process import SpeechOrder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reachable:
    """Where a started service can be reached."""

    sip_host: str
    sip_port: int
    http_url: str


class Service:
    """Everything ``voicebot serve`` runs.

    Args:
        settings: the settings of the service.
        bots: our own bots; closed with the service.
        on_event: told what the line workers report, for the demo and the bench; None if nobody listens.
    """

    def __init__(self, settings: Settings, bots: OurBots, on_event: EventHandler | None = None) -> None:
        self._settings = settings
        self._bots = bots
        self._on_event = on_event
        self._ended: Counter[str] = Counter()
        # A short path: the address of a Unix socket has room for about 100 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="voicebot-"))
        self._socket = self._folder / "speech.sock"
        self._speech = SpeechClient(self._socket)
        self._speech_keeper = self._keep_speech_worker()
        self._http: HttpServer | None = None
        self._supervisor: Supervisor | None = None
        self._delivery: Delivery | None = None
        folders = Folders(settings.paths.recordings, settings.paths.calls)
        self._recordings = RecordingKeeper(settings.recording, folders)
        self._events = EventStream(first=time.time_ns() // 1_000_000)
        self._webhooks = [EventWebhook(each, settings.paths.events) for each in settings.events.webhooks]
        self._lost = LostCalls(settings.events.webhooks, settings.paths.events, self._call_was_lost)
        self._outgoing: OutgoingLines | None = None
        self._live: WorkerCalls | None = None
        self._driver: Driver | None = None
        self._prerendering = Prerendering(settings, self._speech)
        self._app: web.Application | None = None
        self._reloader: Reloader | None = None

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
        self._recordings.start()
        await self._lost.settle()
        for webhook in self._webhooks:
            webhook.start()
        await self._bots.start()
        bots = [HostedBot.of(versions) for versions in self._bots]
        internal_key = secrets.token_urlsafe(24)  # lives as long as the service, and in memory only
        desk = Desk(self._delivery.storage, self._settings)
        self._app = create_app(self._settings, bots, self._speech, self._health, internal_key, desk, self._wake_driver)
        add_events(self._app, self._events)
        self._live = WorkerCalls(self._line_workers, self._folder, self._settings.sip.audio_rate_hz)
        add_supervision(self._app, self._live)
        self._http = await start_server(self._app, http.host, http.port)
        wiring = Wiring(
            self._socket,
            self._http.url,
            internal_key,
            tell_turns=self._on_event is not None,
            hot_words=hot_words_of_lines(self._settings, self._bots),
        )
        self._supervisor = Supervisor(self._settings, wiring, self._on_worker_event)
        await self._supervisor.open_edge()
        await together(self._speech_keeper.start(), self._supervisor.start_workers())
        keep_what_is_loaded()
        self._supervisor.accept_calls()
        self._make_calls(self._supervisor, self._delivery)
        self._prerendering.start({versions.bot.name: versions.bot for versions in self._bots})
        self._watch_bots()
        host, port = self._supervisor.edge.public_address
        return Reachable(host, port, self._settings.http.public_url or self._http.url)

    async def stop(self) -> None:
        """Hang up all calls and stop every process."""
        if self._reloader is not None:
            await self._reloader.stop()
        await self._prerendering.stop()
        if self._driver is not None:
            await self._driver.close()
        if self._supervisor is not None:
            await self._supervisor.stop()
        if self._driver is not None:
            await self._driver.stop()
        if self._delivery is not None:
            await self._delivery.stop()
        await self._recordings.stop()
        await self._lost.stop()
        for webhook in self._webhooks:
            await webhook.stop()
        self._events.close()
        if self._http is not None:
            await self._http.close()
        await self._bots.close()
        await self._speech.close()
        await self._speech_keeper.stop()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    async def prerendered(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Wait until every fixed sentence of the bots is in the prompt cache.

        Args:
            progress: told how many of how many are done.
        """
        await self._prerendering.first(progress)

    def reload(self) -> None:
        """Load all bots anew, without disturbing calls; what is wrong with one is told in the log."""
        if self._reloader is None:
            logger.warning("the bots are not loaded anew: bots.reload is off, or the service is still starting")
        else:
            self._reloader.ask()

    def _make_calls(self, supervisor: Supervisor, delivery: Delivery) -> None:
        self._outgoing = OutgoingLines(supervisor, self._settings, self._hosted)
        self._driver = Driver(delivery.storage, self._outgoing, self._settings.dialling)
        self._driver.start()

    def _hosted(self) -> list[HostedBot]:
        return [HostedBot.of(versions) for versions in self._bots]

    def _line_workers(self) -> list[LineSlot]:
        return self._supervisor.workers if self._supervisor is not None else []

    def _wake_driver(self) -> None:
        if self._driver is not None:
            self._driver.wake()

    def _watch_bots(self) -> None:
        mode = self._settings.bots.reload
        if mode != "off":
            self._reloader = Reloader(self._bots, self._host, automatic=mode == "auto")
            self._reloader.start()

    def _host(self, versions: EngineVersions) -> None:
        """A bot has a new version."""
        assert self._app is not None, "bots change after the start"
        host(self._app, HostedBot.of(versions))
        self._prerendering.start({versions.bot.name: versions.bot})
        self.supervisor.expect(hot_words_of_lines(self._settings, self._bots))

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
        if event["event"] == "call_ended":
            self._bots.end_session(event["session_id"])
        if event["event"] == "call_event":
            if event["type"] == ENDED:
                self._ended[event["data"]["hangupCause"]] += 1
            self._events.publish({name: event[name] for name in ("id", "type", "at", "callId", "data")})
            for webhook in self._webhooks:
                webhook.wake()
        if event["event"] == "worker_lost":
            self._lost.look()
        if event["event"] == "stored" and self._delivery is not None:
            self._delivery.wake()
        if self._outgoing is not None:
            self._outgoing.event(event)
        if self._live is not None:
            self._live.event(event)
        if self._on_event is not None:
            self._on_event(event)

    def _call_was_lost(self, event: dict[str, Any]) -> None:
        self._on_worker_event({"event": "call_event", **event})

    def _health(self) -> dict[str, object]:
        if self._supervisor is None or self._delivery is None:
            return {"status": "starting"}
        return {
            "calls": self._supervisor.calls,
            "line_workers": len(self._supervisor.workers),
            "restarts": self._speech_keeper.restarts + sum(slot.keeper.restarts for slot in self._supervisor.workers),
            "calls_ended": dict(self._ended),
            **self._supervisor.edge.stats.summary,
            **self._delivery.facts,
            **(self._driver.facts if self._driver is not None else {}),
            **self._bots.facts,
        }
